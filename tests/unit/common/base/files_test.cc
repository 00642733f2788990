#include "common/base/files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/temp_dir.h"

namespace ccp {
namespace {

namespace fs = std::filesystem;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(WriteWholeFile, ReplacesWhatIsThereAndLeavesNothingElse) {
  const TempDir dir;
  for (const char* text : {"127.0.0.1:7443\n", "1\n"}) {
    EXPECT_TRUE(WriteWholeFile(dir / "port", text).ok());
    EXPECT_EQ(ContentOf(dir / "port"), text);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

TEST(WriteWholeFile, SaysWhatCannotBeWrittenAndWhy) {
  const TempDir dir;
  const absl::Status status = WriteWholeFile(dir / "missing/port", "1\n");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("missing/port: No such file"), absl::string_view::npos) << status;
}

TEST(MakePrivateFolder, IsForItsOwnerAlone) {
  const TempDir dir;
  EXPECT_TRUE(MakePrivateFolder(dir / "a/b").ok());
  EXPECT_EQ(fs::status(dir / "a/b").permissions(), fs::perms::owner_all);
}

TEST(MakePrivateFolder, TakesNobodysFolderAway) {
  const TempDir dir;
  const auto shared = fs::perms::all | fs::perms::sticky_bit;  // As /tmp.
  fs::permissions(dir.path(), shared);
  EXPECT_TRUE(MakePrivateFolder(dir.path()).ok());
  EXPECT_EQ(fs::status(dir.path()).permissions(), shared);
}

TEST(MakePrivateFolder, SaysWhatIsInTheWay) {
  const TempDir dir;
  std::ofstream(dir / "file") << "x";
  const absl::Status status = MakePrivateFolder(dir / "file");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("file"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace ccp
