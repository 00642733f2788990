// Whole requests of real clients, and what the upstream gets. tests/golden/request holds one pair a file, reviewed by eye:
//   {"model": what models.yaml says of it, "request": in, "upstream": out, "losses": codes}
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
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
  EXPECT_EQ(body.dump(1), OrderedJson::parse(golden.root()["upstream"].raw()).dump(1));
  EXPECT_EQ(got.losses, golden.root()["losses"].str());
}

INSTANTIATE_TEST_SUITE_P(Pairs, GoldenRequestTest, testing::ValuesIn(GoldenFiles()),
                         [](const auto& row) { return row.param.stem().string(); });

}  // namespace
}  // namespace ccp::translate
