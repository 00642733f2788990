// The catalog that the routing tests decide about, and a way to vary it in one line.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "common/config/model.h"

namespace ccp::route::test {

inline config::Model MakeModel(std::string name, std::int64_t max_input_tokens = 0) {
  config::Model model;
  model.name = std::move(name);
  model.provider = "acme";
  model.upstream_name = model.name + "-upstream";
  if (max_input_tokens > 0) model.max_input_tokens = max_input_tokens;
  return model;
}

inline config::Chain InOrder(std::initializer_list<const char*> names) {
  config::Chain chain;
  for (const char* name : names) chain.targets.push_back({name, 0});
  return chain;
}

inline config::Chain Weighted(std::initializer_list<config::Target> targets) {
  return {std::vector<config::Target>(targets), true};
}

// Models small (100), middle (1000), large (10000) and one without a limit for each slot.
inline config::Catalog Models() {
  config::Catalog catalog;
  catalog.models = {MakeModel("small", 100),  MakeModel("middle", 1'000), MakeModel("large", 10'000),
                    MakeModel("standard"),    MakeModel("thinker"),       MakeModel("cheap"),
                    MakeModel("searcher"),    MakeModel("seer"),          MakeModel("delegate"),
                    MakeModel("roomy", 5'000), MakeModel("spare")};
  catalog.models[3].aliases = {"std", "my-haiku"};
  return catalog;
}

// Every slot configured, each with a model of its own; more than 2000 tokens are long context.
inline config::Catalog AllSlots() {
  using config::Slot;
  config::Catalog catalog = Models();
  catalog.routing.slots = {
      {Slot::kDefault, InOrder({"standard"})},   {Slot::kBackground, InOrder({"cheap"})},
      {Slot::kThink, InOrder({"thinker"})},      {Slot::kLongContext, InOrder({"roomy"})},
      {Slot::kWebSearch, InOrder({"searcher"})}, {Slot::kImage, InOrder({"seer"})},
      {Slot::kSubagent, InOrder({"delegate"})},
  };
  catalog.routing.long_context_threshold = 2'000;
  return catalog;
}

}  // namespace ccp::route::test
