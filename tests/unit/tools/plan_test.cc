#include "tools/ccpctl/plan.h"

#include <gtest/gtest.h>

namespace ccp::ctl {
namespace {

using Kind = config::Change::Kind;

TEST(RenderPlan, SaysWhatChangesInTheWordsOfTheFile) {
  const std::vector<config::Change> changes = {
      {Kind::kChange,
       "models.sonnet",
       "",
       {{"max_tokens", "8k", "16k"}, {"temperature", "", "0.7"}, {"price", "free", ""}}},
      {Kind::kAdd, "models.deepseek-v4", "deepseek, 128k in", {}},
      {Kind::kRemove, "routing.background", "was groq-kimi", {}}};
  EXPECT_EQ(RenderPlan(changes, {41, "127.0.0.1:7443", 12}, Paint::kPlain),
            "Revision 41 -> 42 on 127.0.0.1:7443 (12 edges)\n"
            "  ~ models.sonnet\n"
            "      ~ max_tokens: 8k -> 16k\n"
            "      + temperature: 0.7\n"
            "      - price: free\n"
            "  + models.deepseek-v4  deepseek, 128k in\n"
            "  - routing.background  was groq-kimi\n"
            "Plan: 1 to add, 1 to change, 1 to remove.\n");
}

TEST(RenderPlan, ColoursOnlyTheSigns) {
  const std::string plan = RenderPlan({{Kind::kAdd, "models.a", "", {}}}, {0, "s", 1}, Paint::kAnsi);
  EXPECT_NE(plan.find("\x1b[32m+\x1b[0m models.a\n"), std::string::npos) << plan;
  EXPECT_NE(plan.find("(1 edge)"), std::string::npos) << plan;
}

}  // namespace
}  // namespace ccp::ctl
