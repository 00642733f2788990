#include <benchmark/benchmark.h>

#include <string>

#include "common/route/decide.h"

namespace ccp::bench {
namespace {

// A hundred models, ten rules of which none matches, and all slots that a file usually has.
config::Catalog LargeCatalog() {
  config::Catalog catalog;
  for (int i = 0; i < 100; ++i) {
    config::Model model;
    model.name = "model-" + std::to_string(i);
    model.provider = "acme";
    model.upstream_name = model.name;
    catalog.models.push_back(model);
  }
  const config::Chain chain{{{"model-1", 0}, {"model-2", 0}}, false};
  for (const config::Slot slot : {config::Slot::kDefault, config::Slot::kThink, config::Slot::kBackground}) {
    catalog.routing.slots[slot] = chain;
  }
  for (int i = 0; i < 10; ++i) {
    config::Rule rule;
    rule.name = "rule-" + std::to_string(i);
    rule.when.model = "^gpt-" + std::to_string(i);
    rule.to = chain;
    catalog.routing.rules.push_back(rule);
  }
  return catalog;
}

void BM_Decide(benchmark::State& state) {
  const auto policy = route::Policy::Compile(LargeCatalog());
  route::Facts facts;
  facts.model = state.range(0) == 0 ? "model-50" : "claude-sonnet-4-5";
  facts.input_tokens = 30'000;
  for (auto _ : state) benchmark::DoNotOptimize(route::Decide(facts, **policy, 1, route::Trace::kNone));
}
BENCHMARK(BM_Decide)->ArgName("by_slot")->Arg(0)->Arg(1);

}  // namespace
}  // namespace ccp::bench
