#include "tools/ccpctl/lists.h"

#include <gtest/gtest.h>

#include "tools/ccpctl/apply_result.h"
#include "tools/ccpctl/usage_table.h"

namespace ccp::ctl {
namespace {

constexpr std::int64_t kNow = 1'795'379'486'000'000;  // 2026-11-22T20:31:26Z

config::Model Model(std::string name) {
  config::Model model;
  model.name = name;
  model.upstream_name = name + "-up";
  model.provider = "deepseek";
  model.api_base = "https://api.deepseek.com/v1";
  model.api_key_name = "DEEPSEEK_API_KEY";
  model.dialect = "deepseek";
  return model;
}

TEST(ModelsList, ShowsWindowsPricesAndWhereAKeyIsMissing) {
  config::Catalog catalog;
  catalog.models = {Model("v3"), Model("claude")};
  catalog.models[0].max_tokens = 8192;
  catalog.models[0].price = config::Price{270'000, 1'100'000, 70'000, 0};
  catalog.models[1].direct = true;
  catalog.models[1].auth = config::Auth::kPassthrough;
  v1::ListEdgesResponse edges;
  auto* edge = edges.add_edges();
  edge->set_name("lap");
  edge->set_connected(true);
  edge->add_missing_keys("DEEPSEEK_API_KEY");
  EXPECT_EQ(
      Render(ModelsList(catalog, edges), Format::kTable),
      "NAME    UPSTREAM   PROVIDER  MODE    OUTPUT  INPUT  KEY                                IN / OUT PER MILLION\n"
      "v3      v3-up      deepseek  openai      8k      -  DEEPSEEK_API_KEY (missing on lap)  $0.27 / $1.1\n"
      "claude  claude-up  deepseek  direct       -      -  (the client's)                     unpriced\n");
}

TEST(RoutesList, StandsInTheOrderInWhichRoutesAreTried) {
  config::Catalog catalog;
  config::Rule rule;
  rule.name = "big";
  rule.when.model = "opus";
  rule.when.tokens_operator = ">=";
  rule.when.tokens = 60 * 1024;
  rule.to = {{{"a", 3}, {"b", 1}}, true};
  catalog.routing.rules = {rule};
  catalog.routing.slots[config::Slot::kDefault] = {{{"a", 0}, {"b", 0}}, false};
  catalog.routing.slots[config::Slot::kThink] = {{{"b", 0}}, false};
  EXPECT_EQ(Render(RoutesList(catalog), Format::kTable),
            "ROUTE     WHEN                                TO\n"
            "exact     the request names a model or alias  that model\n"
            "rule:big  model ~ opus, tokens >= 60k         a (3) | b (1)\n"
            "think     thinking                            b\n"
            "default   nothing else fits                   a > b\n");
}

TEST(EdgesList, TellsReadyDrainingAndAwayApart) {
  v1::ListEdgesResponse edges;
  edges.set_head_revision(42);
  const auto add = [&](const char* name, v1::EdgeInfo::Sync sync) {
    auto* edge = edges.add_edges();
    edge->set_name(name);
    edge->set_edge_id(std::string("id-") + name);
    edge->set_connected(true);
    edge->set_sync(sync);
    edge->set_applied_revision(42);
    edge->set_last_seen_us(kNow - 3'000'000);
    return edge;
  };
  add("a", v1::EdgeInfo::SYNCED);
  add("b", v1::EdgeInfo::REJECTED)->set_draining(true);
  add("c", v1::EdgeInfo::PENDING)->set_connected(false);
  EXPECT_EQ(Render(EdgesList(edges, kNow), Format::kTable),
            "NAME  STATE     REVISION  SYNC      OPEN  PENDING  ADDRESS  VERSION  SEEN\n"
            "a     ready           42  synced       0        0  -        -          3s\n"
            "b     draining        42  rejected     0        0  -        -          3s\n"
            "c     away            42  stale        0        0  -        -          3s\n");
  EXPECT_NE(Render(EdgesList(edges, kNow), Format::kJson).find("\"head_revision\": 42"), std::string::npos);
}

TEST(OnlyNamed, TakesTheNameElseAPrefixElseSuggests) {
  Listing list{"ccp.models/v1", "models", {{"NAME", "name"}}, {}, {}, {}};
  for (const char* name : {"deepseek", "deepseek-r1", "kimi"}) list.rows.push_back({name});
  EXPECT_EQ(Render(*OnlyNamed(list, "deepseek"), Format::kName), "deepseek\n");
  EXPECT_EQ(Render(*OnlyNamed(list, "deep"), Format::kName), "deepseek\ndeepseek-r1\n");
  EXPECT_EQ(OnlyNamed(list, "kimmi").status().message(), "no models named \"kimmi\". Did you mean \"kimi\"?");
  EXPECT_EQ(ExitFor(OnlyNamed(list, "zzz").status()), kNotFound);
}

v1::StatsResponse TwoModels() {
  v1::StatsResponse stats;
  auto* priced = stats.add_rows();
  (*priced->mutable_group())["day"] = "2026-11-22";
  (*priced->mutable_group())["model"] = "v3";
  priced->set_requests(198);
  priced->mutable_tokens()->set_input(1'204'551);
  priced->mutable_tokens()->set_output(188'020);
  priced->set_cost_nano_usd(11'930'000'000);
  auto* unpriced = stats.add_rows();
  (*unpriced->mutable_group())["day"] = "2026-11-22";
  (*unpriced->mutable_group())["model"] = "local";
  unpriced->set_requests(13);
  unpriced->set_errors(2);
  unpriced->mutable_tokens()->set_input(14'140);
  unpriced->set_unpriced_attempts(13);
  auto* total = stats.mutable_total();
  total->set_requests(211);
  total->set_errors(2);
  total->mutable_tokens()->set_input(1'218'691);
  total->mutable_tokens()->set_output(188'020);
  total->set_cost_nano_usd(11'930'000'000);
  total->set_unpriced_attempts(13);
  return stats;
}

TEST(UsageTable, NeverInventsACost) {
  EXPECT_EQ(Render(UsageTable(TwoModels(), {"day", "model"}), Format::kTable),
            "DATE        MODEL  REQS      INPUT   OUTPUT  CACHE WRITE  CACHE READ  REASONING  ERRORS      COST\n"
            "2026-11-22  v3      198  1,204,551  188,020            0           0          0       0    $11.93\n"
            "2026-11-22  local    13     14,140        0            0           0          0       2  unpriced\n"
            "TOTAL               211  1,218,691  188,020            0           0          0       2   $11.93+\n");
}

TEST(UsageTable, GivesProgramsIntegers) {
  const std::string json = Render(UsageTable(TwoModels(), {"model"}), Format::kJson);
  EXPECT_NE(json.find("\"schema\": \"ccp.stats/v1\""), std::string::npos) << json;
  EXPECT_NE(json.find("{\"model\":\"v3\",\"requests\":198,\"input_tokens\":1204551,\"output_tokens\":188020,"
                      "\"cache_write_tokens\":0,\"cache_read_tokens\":0,\"reasoning_tokens\":0,\"errors\":0,"
                      "\"cost_nano_usd\":11930000000,"),
            std::string::npos)
      << json;
}

TEST(Completeness, SaysWhatIsStillMissing) {
  v1::StatsResponse stats;
  EXPECT_EQ(Completeness(stats), "");
  stats.set_complete_through_us(kNow);
  stats.set_pending_records(41);
  stats.set_edges_total(3);
  stats.set_edges_current(2);
  EXPECT_EQ(Completeness(stats),
            "complete through 2026-11-22T20:31:26Z; 41 records are still on their way; "
            "1 of 3 edges have not reported lately\n");
  v1::StatsResponse lossy;
  lossy.set_lost_records(1200);
  EXPECT_EQ(Completeness(lossy), "1,200 records were lost with an edge's journal, and are not in these sums\n");
}

TEST(RolloutExit, FailsOnRefusalAndOnSilenceWhereAllMustAnswer) {
  v1::ApplyResponse response;
  EXPECT_EQ(RolloutExit(response, Strictness::kAllMustAnswer), kOk);
  auto* edge = response.add_edges();
  edge->set_name("lap");
  edge->set_connected(true);
  edge->set_sync(v1::EdgeInfo::PENDING);
  EXPECT_EQ(RolloutExit(response, Strictness::kNoneMayRefuse), kOk);
  EXPECT_EQ(RolloutExit(response, Strictness::kAllMustAnswer), kTimedOut);
  edge->set_sync(v1::EdgeInfo::REJECTED);
  edge->set_nack_reason("unknown dialect");
  EXPECT_EQ(RolloutExit(response, Strictness::kNoneMayRefuse), kFailed);
  EXPECT_NE(ResultText(response).find("lap  refused, stays on revision 0: unknown dialect"), std::string::npos);
}

TEST(MissingKeyWarnings, NameEdgeAndVariableOnce) {
  v1::ApplyResponse response;
  response.add_diagnostics()->set_code("CCP1503");
  response.add_diagnostics()->set_code("CCP2001");  // What control says of the edge below.
  auto* edge = response.add_edges();
  edge->set_name("lap");
  edge->add_missing_keys("KIMI_API_KEY");
  EXPECT_EQ(MissingKeyWarnings(response).find("warning: edge lap has no KIMI_API_KEY"), 0U);
  const auto diagnostics = DiagnosticsOf(response);
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics.front().code, "CCP1503");
}

}  // namespace
}  // namespace ccp::ctl
