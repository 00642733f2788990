#include "tools/ccpctl/explain_request.h"

#include <gtest/gtest.h>

#include "common/config/load.h"

namespace ccp::ctl {
namespace {

config::Catalog Catalog() {
  constexpr std::string_view kYaml = R"(
models:
  fast:
    api_base: https://api.deepseek.com/v1
    api_key_name: DEEPSEEK_API_KEY
    max_input_tokens: 1k
  deep:
    api_base: https://api.deepseek.com/v1
    api_key_name: DEEPSEEK_API_KEY
  claude:
    api_base: https://api.anthropic.com
    api_key_name: ANTHROPIC_API_KEY
    direct: true
    max_tokens: 50
routing:
  default: [fast, deep]
  think: deep
  subagent: claude
)";
  const auto loaded = config::Load(kYaml, "models.yaml");
  EXPECT_TRUE(loaded.catalog) << config::Format(loaded.diagnostics, kYaml);
  return loaded.catalog.value_or(config::Catalog{});
}

std::string Request(std::string_view model, std::string_view more) {
  return std::string("{\"model\":\"") + std::string(model) + "\",\"max_tokens\":100," + std::string(more) +
         "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
}

struct Case {
  const char* name;
  const char* model;
  const char* more;
  std::vector<std::string> headers;
  const char* chosen;
  const char* route;
};

class ExplainRequestTest : public testing::TestWithParam<Case> {};
TEST_P(ExplainRequestTest, ChoosesAsTheEdgeWould) {
  const auto& row = GetParam();
  const auto explanation = ExplainRequest(Catalog(), Request(row.model, row.more), row.headers, nullptr);
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_EQ(explanation->chosen, row.chosen);
  EXPECT_EQ(explanation->route, row.route);
  EXPECT_EQ(explanation->error, "");
  EXPECT_FALSE(explanation->trace.empty());
  EXPECT_GT(explanation->input_tokens, 0);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Requests, ExplainRequestTest, testing::ValuesIn(std::vector<Case>{
    {"Default", "claude-opus-5-5", "", {}, "fast", "default"},
    {"Exact", "claude", "", {}, "claude", "exact"},
    {"Think", "claude-opus-5-5", "\"thinking\":{\"type\":\"adaptive\"},", {}, "deep", "think"},
    {"Subagent", "claude-opus-5-5", "", {"X-Claude-Code-Agent-Id: 0123"}, "claude", "subagent"},
}), [](const auto& row) { return std::string(row.param.name); });
// clang-format on

TEST(ExplainRequest, ShowsTheTraceAndTheLosses) {
  const auto explanation = ExplainRequest(Catalog(), Request("opus", "\"top_k\":5,"), {}, nullptr);
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  const std::string text = ExplanationText(*explanation);
  EXPECT_NE(text.find("asked for     opus\n"), std::string::npos) << text;
  EXPECT_NE(text.find("candidates    fast > deep\n"), std::string::npos) << text;
  EXPECT_NE(text.find("model         fast\n"), std::string::npos) << text;
  EXPECT_FALSE(explanation->losses.empty()) << text;  // DeepSeek knows no top_k.
}

TEST(ExplainRequest, ShowsWhatDirectModeChanges) {
  const auto explanation = ExplainRequest(Catalog(), Request("claude", ""), {}, nullptr);
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_EQ(explanation->losses, std::vector<std::string>{"max_tokens_capped"});
}

TEST(ExplainRequest, RefusesWhatTheEdgeWouldRefuse) {
  const auto explanation = ExplainRequest(Catalog(), "{\"model\":\"fast\"}", {}, nullptr);
  EXPECT_EQ(explanation.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(explanation.status().message().find("the edge would answer 400"), absl::string_view::npos);
}

TEST(ExplainRequest, WantsHeadersAsNameAndValue) {
  EXPECT_FALSE(ExplainRequest(Catalog(), Request("fast", ""), {"nonsense"}, nullptr).ok());
}

}  // namespace
}  // namespace ccp::ctl
