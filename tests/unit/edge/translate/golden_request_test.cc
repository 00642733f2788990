// Whole requests of real clients, and what the upstream gets. tests/golden/request holds one pair a file, reviewed by eye:
//   {"model": what models.yaml says of it, "request": in, "upstream": out, "losses": codes}
// CCP_UPDATE_GOLDEN=1 in the environment writes what comes out anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/unit/edge/translate/request_harness.h"

namespace ccp::translate {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::vector<std::filesystem::path> GoldenFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CCP_GOLDEN_REQUESTS)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class GoldenRequestTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenRequestTest, ArrivesAsReviewed) {
  const std::string text = ReadFile(GetParam());
  json::Document golden;  // Not nlohmann: the request must keep its digits.
  ASSERT_TRUE(golden.Parse(text).ok());
  const json::Value model_value = golden.root()["model"];
  config::Model model = TestModel(model_value["dialect"].str(), model_value["upstream_name"].str());
  model.max_tokens = model_value["max_tokens"].integer();

  const Translated got = Translate(golden.root()["request"].raw(), model);
  const OrderedJson body = OrderedJson::parse(got.body, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(body.is_discarded()) << got.body;
  if (std::getenv("CCP_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam()) << "{\"model\":" << model_value.raw() << ",\n\"request\":" << golden.root()["request"].raw()
                              << ",\n\"upstream\":" << body.dump(1) << ",\n\"losses\":\"" << got.losses << "\"}\n";
    return;
  }
  EXPECT_EQ(body.dump(1), OrderedJson::parse(golden.root()["upstream"].raw()).dump(1));
  EXPECT_EQ(got.losses, golden.root()["losses"].str());
}

TEST(GoldenRequests, EveryDialectHasOne) {
  std::set<std::string_view> missing;
  for (const Dialect& dialect : Dialects()) missing.insert(dialect.name);
  for (const auto& path : GoldenFiles()) {
    const auto model = OrderedJson::parse(ReadFile(path))["model"];
    missing.erase(DialectForModel(*FindDialect(model["dialect"].get<std::string>()), model["upstream_name"].get<std::string>()).name);
  }
  EXPECT_EQ(missing, std::set<std::string_view>());
}

INSTANTIATE_TEST_SUITE_P(Pairs, GoldenRequestTest, testing::ValuesIn(GoldenFiles()),
                         [](const auto& row) { return row.param.stem().string(); });

}  // namespace
}  // namespace ccp::translate
