#include "common/route/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/unit/common/route/catalog.h"

namespace ccp::route {
namespace {

using config::Catalog;
using config::Rule;
using config::Slot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string CompileError(Catalog catalog) {
  const auto policy = Policy::Compile(std::move(catalog));
  EXPECT_FALSE(policy.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(policy.status()));
  return std::string(Message(policy.status()));
}

Catalog WithRule(Rule rule) {
  Catalog catalog = test::Models();
  if (rule.to.empty()) rule.to = test::InOrder({"spare"});
  rule.name = "r";
  catalog.routing.rules = {std::move(rule)};
  return catalog;
}

TEST(PolicyCompile, RefusesAPatternThatDoesNotCompileAndSaysWhere) {
  Rule model;
  model.when.model = "op(us";
  EXPECT_THAT(CompileError(WithRule(model)), StartsWith("routing.rules.r.when.model: pattern \"op(us\": missing )"));
  Rule tool;
  tool.when.tool = "[";
  EXPECT_THAT(CompileError(WithRule(tool)), StartsWith("routing.rules.r.when.tool: "));
  Rule user;
  user.when.user = "*";
  EXPECT_THAT(CompileError(WithRule(user)), StartsWith("routing.rules.r.when.user: "));
  Rule header;
  header.when.header = {{"x-team", "(?<bad"}};
  EXPECT_THAT(CompileError(WithRule(header)), StartsWith("routing.rules.r.when.header.x-team: "));
  Catalog drop = test::Models();
  drop.models[0].drop_tools = {"Note(book"};
  EXPECT_THAT(CompileError(drop), StartsWith("models.small.drop_tools: "));
}

TEST(PolicyCompile, RefusesAPatternThatWouldNeedMuchMemory) {
  Rule rule;
  rule.when.model = "((x{100}){100}){100}";
  EXPECT_THAT(CompileError(WithRule(rule)), StartsWith("routing.rules.r.when.model: "));
}

TEST(PolicyCompile, RefusesARouteToAnUnknownModel) {
  Catalog slot = test::Models();
  slot.routing.slots = {{Slot::kThink, test::InOrder({"standard", "thinkr"})}};
  EXPECT_EQ(CompileError(slot), "routing.think: no model is named \"thinkr\"; did you mean \"thinker\"?");
  Rule rule;
  rule.to = test::InOrder({"zzzzzzzz"});
  EXPECT_EQ(CompileError(WithRule(rule)), "routing.rules.r.to: no model is named \"zzzzzzzz\"");
}

TEST(PolicyCompile, RefusesARuleToNowhere) {
  Catalog catalog = test::Models();
  catalog.routing.rules = {Rule{"lost", {}, {}}};
  EXPECT_EQ(CompileError(catalog), "routing.rules.lost.to: names no model");
}

TEST(PolicyCompile, AcceptsAnEmptyCatalog) {
  const auto policy = Policy::Compile(Catalog());
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ((*policy)->Find("anything"), nullptr);
  EXPECT_EQ((*policy)->Find(""), nullptr);
}

TEST(Policy, KnowsWhichHeadersRulesAskFor) {
  Catalog catalog = test::Models();
  Rule one{"one", {}, test::InOrder({"spare"})};
  one.when.header = {{"X-Team", "a"}, {"x-cost", "b"}};
  Rule two{"two", {}, test::InOrder({"spare"})};
  two.when.header = {{"x-team", "c"}};
  catalog.routing.rules = {one, two};
  EXPECT_THAT((*Policy::Compile(catalog))->header_names(), ElementsAre("x-cost", "x-team"));
}

TEST(Policy, LooksAtSizeWhereALimitARuleOrAThresholdDoes) {
  Catalog plain;
  plain.models = {test::MakeModel("spare")};
  plain.routing.slots = {{Slot::kDefault, test::InOrder({"spare"})}};
  EXPECT_FALSE((*Policy::Compile(plain))->looks_at_size());
  Catalog limit = plain;
  limit.models.push_back(test::MakeModel("small", 100));
  EXPECT_TRUE((*Policy::Compile(limit))->looks_at_size());
  Catalog rule = plain;
  rule.routing.rules = {Rule{"thoughts", {}, test::InOrder({"spare"})}};
  rule.routing.rules[0].when.thinking = true;
  EXPECT_FALSE((*Policy::Compile(rule))->looks_at_size());
  rule.routing.rules[0].when.tokens_operator = "=";
  EXPECT_TRUE((*Policy::Compile(rule))->looks_at_size());
  Catalog threshold = plain;
  threshold.routing.long_context_threshold = 2'000;
  EXPECT_TRUE((*Policy::Compile(threshold))->looks_at_size());
}

TEST(Policy, FindsTheFirstOfTwoModelsWithOneName) {
  Catalog catalog;
  catalog.models = {test::MakeModel("twin", 1), test::MakeModel("twin", 2)};
  const auto policy = *Policy::Compile(catalog);
  EXPECT_EQ(policy->Find("twin"), &policy->catalog().models[0]);
}

TEST(Policy, IgnoresOnlyASuffixInBrackets) {
  const auto policy = *Policy::Compile(test::Models());
  ASSERT_NE(policy->Find("small"), nullptr);
  EXPECT_EQ(policy->Find("small[1m]"), policy->Find("small"));
  EXPECT_EQ(policy->Find("std[1m]"), policy->Find("standard"));
  EXPECT_EQ(policy->Find("small]"), nullptr);
  EXPECT_EQ(policy->Find("[1m]"), nullptr);
  EXPECT_EQ(policy->Find("small[1m]x"), nullptr);
}

TEST(Policy, DropsToolsWhoseWholeNameMatches) {
  Catalog catalog = test::Models();
  catalog.models[0].drop_tools = {"NotebookEdit", "mcp__.*"};
  const auto policy = *Policy::Compile(catalog);
  const config::Model& small = policy->catalog().models[0];
  EXPECT_TRUE(policy->ToolIsDropped(small, "NotebookEdit"));
  EXPECT_TRUE(policy->ToolIsDropped(small, "mcp__jira"));
  EXPECT_FALSE(policy->ToolIsDropped(small, "NotebookEdit2"));
  EXPECT_FALSE(policy->ToolIsDropped(small, "Bash"));
  EXPECT_FALSE(policy->ToolIsDropped(policy->catalog().models[1], "NotebookEdit"));
}

}  // namespace
}  // namespace ccp::route
