// The files under deploy/examples load, and lead somewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/config/load.h"

namespace ccp::config {
namespace {

std::vector<std::filesystem::path> ExampleFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CCP_EXAMPLES_DIR)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  return files;
}

TEST(Examples, LoadWithoutAnyFinding) {
  const auto files = ExampleFiles();
  ASSERT_GE(files.size(), 5U);
  for (const auto& file : files) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    const LoadResult result = Load(text.str(), file.filename().string());
    EXPECT_TRUE(result.catalog.has_value());
    EXPECT_TRUE(result.diagnostics.empty()) << Format(result.diagnostics, text.str());
    if (result.catalog) {
      EXPECT_EQ(result.catalog->routing.slots.count(Slot::kDefault), 1U) << file;
    }
  }
}

}  // namespace
}  // namespace ccp::config
