#include "common/route/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>

#include "tests/unit/common/route/catalog.h"

namespace ccp::route {
namespace {

using config::Catalog;
using config::Rule;
using config::Slot;
using test::AllSlots;
using test::InOrder;
using test::MakeModel;
using test::Models;
using test::Weighted;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const Policy> Compiled(Catalog catalog) {
  auto policy = Policy::Compile(std::move(catalog));
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *policy : nullptr;
}

std::vector<std::string> Names(const std::vector<const config::Model*>& models) {
  std::vector<std::string> names;
  for (const config::Model* model : models) names.push_back(model->name);
  return names;
}

// A decision refers to models of its policy, so the two are kept together.
struct Decided : Decision {
  std::shared_ptr<const Policy> policy;
};

Decided DecideBy(Catalog catalog, const Facts& facts, std::uint64_t draw = 0, Trace trace = Trace::kNone) {
  std::shared_ptr<const Policy> policy = Compiled(std::move(catalog));
  return {Decide(facts, *policy, draw, trace), policy};
}

Facts Asking(std::string model, std::int64_t tokens = 10) {
  Facts facts;
  facts.model = std::move(model);
  facts.input_tokens = tokens;
  return facts;
}

// ---- The order ------------------------------------------------------------------------------------------------------

// Every later condition holds as well, so a row fails if its check stands in the wrong place.
Facts Everything(std::string model) {
  Facts facts = Asking(std::move(model), 3'000);
  facts.thinking = facts.web_search = facts.image = facts.subagent = true;
  facts.tools = {"mcp__search"};
  return facts;
}

struct OrderRow {
  const char* name;
  Facts facts;
  const char* route;
  const char* model;
};

OrderRow Row(const char* name, const char* route, const char* model, Facts facts) {
  return {name, std::move(facts), route, model};
}

std::vector<OrderRow> OrderRows() {
  const auto with = [](Facts facts, auto change) {
    change(facts);
    return facts;
  };
  const Facts no_rule = with(Everything("claude-haiku"), [](Facts& f) { f.tools.clear(); });
  const Facts no_thinking = with(no_rule, [](Facts& f) { f.thinking = false; });
  const Facts no_haiku = with(no_thinking, [](Facts& f) { f.model = "claude-sonnet"; });
  const Facts no_search = with(no_haiku, [](Facts& f) { f.web_search = false; });
  const Facts no_image = with(no_search, [](Facts& f) { f.image = false; });
  const Facts no_subagent = with(no_image, [](Facts& f) { f.subagent = false; });
  return {
      Row("exact_name_before_all", "exact", "middle", with(Everything("middle"), [](Facts& f) { f.input_tokens = 900; })),
      Row("alias_before_all", "exact", "standard", Everything("std")),
      Row("alias_with_haiku_is_exact", "exact", "standard", Everything("my-haiku")),
      Row("provider_and_model", "exact", "large", Everything("acme,large")),
      Row("provider_and_alias", "exact", "standard", Everything("acme,std")),
      Row("provider_and_upstream_name", "exact", "large", Everything("acme,large-upstream")),
      Row("bracket_suffix_is_ignored", "exact", "large", Everything("large[1m]")),
      Row("names_are_case_sensitive", "default", "standard", Asking("LARGE")),
      Row("another_provider_is_not_that_model", "default", "standard", Asking("other,large")),
      Row("rule_before_slots", "rule:mcp", "spare", Everything("claude-haiku")),
      Row("think_before_background", "think", "thinker", no_rule),
      Row("background_before_web_search", "background", "cheap", no_thinking),
      Row("background_in_any_case", "background", "cheap", Asking("Claude-3-5-HAIKU-20241022")),
      Row("web_search_before_image", "web_search", "searcher", no_haiku),
      Row("image_before_subagent", "image", "seer", no_search),
      Row("subagent_before_long_context", "subagent", "delegate", no_image),
      Row("long_context_over_threshold", "long_context", "roomy", no_subagent),
      Row("one_over_the_threshold", "long_context", "roomy", Asking("claude-sonnet", 2'001)),
      Row("the_threshold_itself_is_not_over", "default", "standard", Asking("claude-sonnet", 2'000)),
      Row("default_for_the_rest", "default", "standard", Asking("claude-sonnet")),
      Row("no_model_given", "default", "standard", Asking("")),
  };
}

void PrintTo(const OrderRow& row, std::ostream* out) { *out << row.name; }

class Order : public testing::TestWithParam<OrderRow> {};

TEST_P(Order, TheFirstCheckThatHoldsDecides) {
  Catalog catalog = AllSlots();
  Rule rule;
  rule.name = "mcp";
  rule.when.tool = "^mcp__";
  rule.to = InOrder({"spare"});
  catalog.routing.rules = {rule};
  const auto policy = Compiled(std::move(catalog));

  const Decision decision = Decide(GetParam().facts, *policy, 0, Trace::kNone);

  EXPECT_FALSE(decision.has_error) << decision.error.message;
  EXPECT_EQ(decision.route, GetParam().route);
  EXPECT_THAT(Names(decision.candidates), ElementsAre(GetParam().model));
}

INSTANTIATE_TEST_SUITE_P(Table, Order, testing::ValuesIn(OrderRows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Decide, PassesOverSlotsThatAreNotConfigured) {
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, InOrder({"standard"})}};
  EXPECT_EQ(DecideBy(catalog, Everything("claude-haiku")).route, "default");
}

TEST(Decide, LongContextWithoutThresholdWaitsForTheSizeCheck) {
  Catalog catalog = AllSlots();
  catalog.routing.long_context_threshold.reset();
  EXPECT_EQ(DecideBy(catalog, Asking("x", 1'000'000)).route, "default");
}

// ---- Rules ----------------------------------------------------------------------------------------------------------

struct RuleRow {
  const char* name;
  config::Condition when;
  bool matches;
};

config::Condition When(std::string model, std::string tokens_operator = "", std::int64_t tokens = 0) {
  config::Condition when;
  when.model = std::move(model);
  when.tokens_operator = std::move(tokens_operator);
  when.tokens = tokens;
  return when;
}

config::Condition WhenThinking(bool thinking) {
  config::Condition when;
  when.thinking = thinking;
  return when;
}

config::Condition WhenTool(std::string tool) {
  config::Condition when;
  when.tool = std::move(tool);
  return when;
}

config::Condition WhenUser(std::string user) {
  config::Condition when;
  when.user = std::move(user);
  return when;
}

config::Condition WhenHeaders(std::map<std::string, std::string> header) {
  config::Condition when;
  when.header = std::move(header);
  return when;
}

config::Condition Both(config::Condition when, bool thinking) {
  when.thinking = thinking;
  return when;
}

void PrintTo(const RuleRow& row, std::ostream* out) { *out << row.name; }

class Rules : public testing::TestWithParam<RuleRow> {};

TEST_P(Rules, MatchWhenEveryConditionHolds) {
  Facts facts = Asking("claude-opus-4", 60'000);
  facts.thinking = true;
  facts.tools = {"Bash", "mcp__jira__search"};
  facts.user = "alice";
  facts.headers = {{"x-team", "infra-berlin"}, {"x-tier", "gold"}};
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, InOrder({"standard"})}};
  catalog.routing.rules = {Rule{"r", GetParam().when, InOrder({"spare"})}};

  const Decided decision = DecideBy(catalog, facts);

  EXPECT_EQ(decision.route, GetParam().matches ? "rule:r" : "default");
}

INSTANTIATE_TEST_SUITE_P(
    Table, Rules,
    testing::Values(RuleRow{"no_condition_matches_all", {}, true},
                    RuleRow{"model_is_searched", When("opus"), true},
                    RuleRow{"model_anchored", When("^opus"), false},
                    RuleRow{"model_other", When("sonnet"), false},
                    RuleRow{"at_least_equal", When("", ">=", 60'000), true},
                    RuleRow{"at_least_below", When("", ">=", 60'001), false},
                    RuleRow{"more_than_equal", When("", ">", 60'000), false},
                    RuleRow{"more_than_above", When("", ">", 59'999), true},
                    RuleRow{"at_most_equal", When("", "<=", 60'000), true},
                    RuleRow{"at_most_above", When("", "<=", 59'999), false},
                    RuleRow{"less_than_equal", When("", "<", 60'000), false},
                    RuleRow{"less_than_below", When("", "<", 60'001), true},
                    RuleRow{"equal", When("", "=", 60'000), true},
                    RuleRow{"not_equal", When("", "=", 60'001), false},
                    RuleRow{"thinking", WhenThinking(true), true},
                    RuleRow{"not_thinking", WhenThinking(false), false},
                    RuleRow{"one_tool_suffices", WhenTool("^mcp__"), true},
                    RuleRow{"no_such_tool", WhenTool("^Write$"), false},
                    RuleRow{"user", WhenUser("^alice$"), true},
                    RuleRow{"other_user", WhenUser("bob"), false},
                    RuleRow{"header", WhenHeaders({{"x-team", "^infra"}}), true},
                    RuleRow{"header_name_in_any_case", WhenHeaders({{"X-Team", "^infra"}}), true},
                    RuleRow{"all_headers", WhenHeaders({{"x-team", "infra"}, {"x-tier", "gold"}}), true},
                    RuleRow{"one_header_differs", WhenHeaders({{"x-team", "infra"}, {"x-tier", "silver"}}), false},
                    RuleRow{"header_missing", WhenHeaders({{"x-none", ""}}), false},
                    RuleRow{"both_hold", Both(When("opus", ">=", 1), true), true},
                    RuleRow{"one_of_two_holds", Both(When("opus", ">=", 1), false), false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Decide, TakesTheFirstRuleThatMatches) {
  Catalog catalog = Models();
  catalog.routing.rules = {Rule{"never", When("gpt"), InOrder({"small"})}, Rule{"first", When("opus"), InOrder({"spare"})},
                           Rule{"second", {}, InOrder({"cheap"})}};
  EXPECT_EQ(DecideBy(catalog, Asking("opus")).route, "rule:first");
}

// ---- Chains ---------------------------------------------------------------------------------------------------------

struct DrawRow {
  const char* name;
  config::Chain chain;
  std::uint64_t draw;
  std::vector<std::string> candidates;
};

void PrintTo(const DrawRow& row, std::ostream* out) { *out << row.name; }

class Draw : public testing::TestWithParam<DrawRow> {};

TEST_P(Draw, PutsTheDrawnModelFirstAndTheRestInOrder) {
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, GetParam().chain}};
  const Decided decision = DecideBy(catalog, Asking("x"), GetParam().draw);
  EXPECT_EQ(Names(decision.candidates), GetParam().candidates);
}

const config::Chain kThreeToOne = Weighted({{"standard", 3}, {"spare", 1}, {"cheap", 0}});

INSTANTIATE_TEST_SUITE_P(
    Table, Draw,
    testing::Values(DrawRow{"in_order_ignores_the_draw", InOrder({"spare", "cheap", "standard"}), 77,
                            {"spare", "cheap", "standard"}},
                    DrawRow{"first_of_three", kThreeToOne, 0, {"standard", "spare", "cheap"}},
                    DrawRow{"last_of_three", kThreeToOne, 2, {"standard", "spare", "cheap"}},
                    DrawRow{"one_of_four", kThreeToOne, 3, {"spare", "standard", "cheap"}},
                    DrawRow{"wraps_around", kThreeToOne, 4, {"standard", "spare", "cheap"}},
                    DrawRow{"largest_draw", kThreeToOne, ~std::uint64_t{0}, {"spare", "standard", "cheap"}},
                    DrawRow{"all_weights_zero_is_in_order", Weighted({{"spare", 0}, {"cheap", 0}}), 5, {"spare", "cheap"}},
                    DrawRow{"first_weight_zero", Weighted({{"spare", 0}, {"cheap", 1}}), 0, {"cheap", "spare"}},
                    DrawRow{"named_twice_is_tried_once", InOrder({"spare", "cheap", "spare"}), 0, {"spare", "cheap"}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Decide, DrawsByWeight) {
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, kThreeToOne}};
  const auto policy = Compiled(catalog);
  std::map<std::string, int> drawn;
  for (std::uint64_t draw = 0; draw < 4'000; ++draw) {
    ++drawn[Decide(Asking("x"), *policy, draw, Trace::kNone).candidates.front()->name];
  }
  EXPECT_EQ(drawn, (std::map<std::string, int>{{"standard", 3'000}, {"spare", 1'000}}));
}

// ---- Size -----------------------------------------------------------------------------------------------------------

struct SizeRow {
  const char* name;
  config::Chain chain;         // The default.
  config::Chain long_context;
  std::int64_t tokens;
  const char* route;
  std::vector<std::string> candidates;
  const char* error = "";
};

void PrintTo(const SizeRow& row, std::ostream* out) { *out << row.name; }

class Size : public testing::TestWithParam<SizeRow> {};

TEST_P(Size, DecidesWhoMayAnswer) {
  const SizeRow& row = GetParam();
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, row.chain}, {Slot::kLongContext, row.long_context}};
  const Decided decision = DecideBy(catalog, Asking("x", row.tokens));
  EXPECT_EQ(Names(decision.candidates), row.candidates);
  EXPECT_EQ(decision.error.message, row.error);
  EXPECT_EQ(decision.has_error, *row.error != '\0');
  if (!decision.has_error) {
    EXPECT_EQ(decision.route, row.route);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Size,
    testing::Values(
        SizeRow{"fits_exactly", InOrder({"small"}), InOrder({"large"}), 100, "default", {"small"}},
        SizeRow{"one_too_many_takes_long_context", InOrder({"small"}), InOrder({"large"}), 101, "long_context", {"large"}},
        SizeRow{"long_context_chain_comes_whole", InOrder({"small"}), InOrder({"large", "roomy"}), 101, "long_context",
                {"large", "roomy"}},
        SizeRow{"long_context_goes_before_the_rest", InOrder({"small", "middle"}), InOrder({"large"}), 101,
                "long_context", {"large", "middle"}},
        SizeRow{"long_context_may_be_the_rest", InOrder({"small", "middle"}), InOrder({"middle"}), 101, "long_context",
                {"middle"}},
        SizeRow{"first_fits_so_only_the_small_ones_go", InOrder({"middle", "small", "standard"}), InOrder({"large"}),
                500, "default", {"middle", "standard"}},
        SizeRow{"no_long_context_leaves_the_rest", InOrder({"small", "middle", "large"}), {}, 500, "default",
                {"middle", "large"}},
        SizeRow{"long_context_too_small_leaves_the_rest", InOrder({"middle", "large"}), InOrder({"small"}), 5'000,
                "default", {"large"}},
        SizeRow{"no_limit_takes_all", InOrder({"standard"}), {}, 1'000'000'000, "default", {"standard"}},
        SizeRow{"nothing_fits", InOrder({"small"}), InOrder({"large"}), 10'001, "", {},
                "prompt is too long: 10001 tokens > 10000 maximum"},
        SizeRow{"nothing_fits_names_the_largest", InOrder({"middle", "large", "small"}), {}, 200'000, "", {},
                "prompt is too long: 200000 tokens > 10000 maximum"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Decide, MovesAnExactModelThatIsTooSmallToLongContext) {
  const Decided decision = DecideBy(AllSlots(), Asking("small", 101));
  EXPECT_EQ(decision.route, "long_context");
  EXPECT_THAT(Names(decision.candidates), ElementsAre("roomy"));
}

TEST(Decide, AnswersATooLongPromptAsAnthropicDoes) {
  const Decided decision = DecideBy(AllSlots(), Asking("small", 6'000));
  ASSERT_TRUE(decision.has_error);
  EXPECT_EQ(decision.error.http_status, 400);
  EXPECT_EQ(decision.error.type, "invalid_request_error");
  EXPECT_EQ(decision.error.message, "prompt is too long: 6000 tokens > 5000 maximum");
  EXPECT_EQ(decision.error.origin, RequestError::Origin::kClient);
}

// ---- Quota and errors -----------------------------------------------------------------------------------------------

TEST(Decide, OffersQuotaModelsThatAreNotCandidatesAndFit) {
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, InOrder({"standard", "spare"})},
                           {Slot::kOnQuota, InOrder({"small", "spare", "large", "cheap"})}};
  const Decided decision = DecideBy(catalog, Asking("x", 500));
  EXPECT_THAT(Names(decision.on_quota), ElementsAre("large", "cheap"));
}

TEST(Decide, NamesTheKnownModelsWhenNoneAnswers) {
  Catalog catalog;
  catalog.models = {MakeModel("alpha"), MakeModel("beta")};
  const Decided decision = DecideBy(catalog, Asking("gamma"));
  ASSERT_TRUE(decision.has_error);
  EXPECT_EQ(decision.error.http_status, 404);
  EXPECT_EQ(decision.error.type, "not_found_error");
  EXPECT_EQ(decision.error.message,
            "model \"gamma\" is not configured and there is no default route; configured models: alpha, beta");
  EXPECT_THAT(decision.candidates, IsEmpty());
}

TEST(Decide, DoesNotListHundredsOfModels) {
  Catalog catalog;
  for (int i = 0; i < 25; ++i) catalog.models.push_back(MakeModel("m" + std::to_string(i)));
  EXPECT_THAT(DecideBy(catalog, Asking("x")).error.message, HasSubstr("m19 and 5 more"));
}

// ---- Trace ----------------------------------------------------------------------------------------------------------

std::vector<std::string> Lines(const std::vector<Step>& trace) {
  std::vector<std::string> lines;
  for (const Step& step : trace) lines.push_back((step.matched ? "+ " : "- ") + step.name + ": " + step.reason);
  return lines;
}

TEST(Trace, SaysEachCheckUntilTheDecision) {
  Catalog catalog = AllSlots();
  catalog.routing.slots.erase(Slot::kImage);
  catalog.routing.rules = {Rule{"big", When("", ">=", 60'000), InOrder({"spare"})}};
  const Decided decision = DecideBy(catalog, Asking("claude-sonnet", 3'000), 0, Trace::kFull);
  EXPECT_THAT(Lines(decision.trace),
              ElementsAre("- exact: no model or alias is named \"claude-sonnet\"",
                          "- rule big: 3000 tokens is not >= 60000",
                          "- think: thinking is not enabled",
                          "- background: \"claude-sonnet\" does not contain haiku",
                          "- web_search: web search is not offered",
                          "- image: not configured",
                          "- subagent: no sub-agent asks",
                          "+ long_context: 3000 tokens > 2000",
                          "+ size: 3000 tokens fit"));
}

TEST(Trace, SaysWhoIsTooSmall) {
  Catalog catalog = Models();
  catalog.routing.slots = {{Slot::kDefault, InOrder({"small", "standard"})}, {Slot::kLongContext, InOrder({"large"})}};
  const Decided decision = DecideBy(catalog, Asking("small", 500), 0, Trace::kFull);
  EXPECT_THAT(Lines(decision.trace),
              ElementsAre("+ exact: \"small\" names model small", "+ size: 500 tokens <= 10000 of large",
                          "- size: 500 tokens > 100 of small, which is left out"));
}

TEST(Trace, NeverRepeatsAHeaderValueOrAUser) {
  Facts facts = Asking("x");
  facts.user = "someone-secret";
  facts.headers = {{"x-team", "value-secret"}};
  Catalog catalog = AllSlots();
  catalog.routing.rules = {Rule{"header", WhenHeaders({{"x-team", "^infra"}}), InOrder({"spare"})},
                           Rule{"user", WhenUser("^bob$"), InOrder({"spare"})}};
  const Decided decision = DecideBy(catalog, facts, 0, Trace::kFull);
  for (const std::string& line : Lines(decision.trace)) EXPECT_EQ(line.find("secret"), std::string::npos) << line;
}

TEST(Trace, IsEmptyUnlessAskedFor) {
  EXPECT_THAT(DecideBy(AllSlots(), Asking("x")).trace, IsEmpty());
}

}  // namespace
}  // namespace ccp::route
