#include "common/config/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "common/base/text.h"
#include "common/config/load.h"

namespace ccp::config {
namespace {

Catalog Base() {
  Catalog catalog;
  Model a;
  a.name = "a";
  a.upstream_name = "a-up";
  a.api_base = "https://h.example/v1";
  a.max_tokens = 8192;
  a.price = Price{.input = 270'000, .output = 1'100'000};
  a.extra_headers = {{"X-A", "1"}};
  Model b = a;
  b.name = "b";
  catalog.models = {a, b};
  catalog.routing.slots[Slot::kDefault] = {.targets = {{"a", 0}}};
  catalog.routing.rules = {{.name = "r", .when = {.model = "opus"}, .to = {.targets = {{"b", 0}}}},
                           {.name = "s", .when = {}, .to = {.targets = {{"a", 0}}}}};
  return catalog;
}

// "~ models.a: max_tokens 8k -> 16k", one line a field.
std::string Shown(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) {
    const char* sign = change.kind == Change::Kind::kAdd ? "+ " : change.kind == Change::Kind::kRemove ? "- " : "~ ";
    if (change.fields.empty()) out += Concat(sign, change.path, ": ", change.summary, "\n");
    for (const FieldChange& f : change.fields) {
      out += Concat(sign, change.path, ": ", f.field, " ", f.before, " -> ", f.after, "\n");
    }
  }
  return out;
}

struct Case {
  const char* name;
  std::function<void(Catalog&)> change;
  std::string want;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class DiffTest : public testing::TestWithParam<Case> {};

TEST_P(DiffTest, SaysWhatChanges) {
  Catalog after = Base();
  GetParam().change(after);
  EXPECT_EQ(Shown(Diff(Base(), after)), GetParam().want);
  EXPECT_EQ(Diff(Base(), after).empty(), Base() == after);
}

INSTANTIATE_TEST_SUITE_P(Catalogs, DiffTest, testing::ValuesIn(std::vector<Case>{
    {"Nothing", [](Catalog&) {}, ""},
    {"Tokens", [](Catalog& c) { c.models[0].max_tokens = 16384; }, "~ models.a: max_tokens 8k -> 16k\n"},
    {"TokensUnset", [](Catalog& c) { c.models[0].max_tokens.reset(); }, "~ models.a: max_tokens 8k -> \n"},
    {"Text", [](Catalog& c) { c.models[1].api_key_name = "K"; }, "~ models.b: api_key_name  -> K\n"},
    {"Bool", [](Catalog& c) { c.models[1].direct = true; }, "~ models.b: direct false -> true\n"},
    {"Auth", [](Catalog& c) { c.models[1].auth = Auth::kPassthrough; }, "~ models.b: auth key -> passthrough\n"},
    {"Duration", [](Catalog& c) { c.models[0].timeouts.idle = std::chrono::seconds(5); },
     "~ models.a: timeouts.idle 300s -> 5s\n"},
    {"Price", [](Catalog& c) { c.models[0].price->output = 2'000'000; }, "~ models.a: price.output 1.10 -> 2\n"},
    {"PriceUnset", [](Catalog& c) { c.models[0].price.reset(); },
     "~ models.a: price $0.27 / $1.10 per million -> \n"},
    {"List", [](Catalog& c) { c.models[0].aliases = {"x", "y"}; }, "~ models.a: aliases  -> [x, y]\n"},
    {"Headers", [](Catalog& c) { c.models[0].extra_headers["X-B"] = "2"; },
     "~ models.a: extra_headers { X-A: \"1\" } -> { X-A: \"1\", X-B: \"2\" }\n"},
    {"SecretsAreNotShown", [](Catalog& c) { c.models[0].extra_headers["X-A"] = "sk-0123456789abcdef"; },
     "~ models.a: extra_headers { X-A: \"1\" } -> { X-A: \"*******************\" }\n"},
    {"Guess", [](Catalog& c) { c.models[0].dialect_guessed = true; }, "~ models.a: dialect openai -> openai (guessed)\n"},
    {"TwoFields", [](Catalog& c) { c.models[0].attempts = 3; c.models[0].temperature = 0.5; },
     "~ models.a: attempts 2 -> 3\n~ models.a: temperature  -> 0.5\n"},
    {"AddModel", [](Catalog& c) { c.models.push_back(c.models[0]); c.models[2].name = "c"; },
     "+ models.c: a-up at h.example, $0.27 / $1.10 per million\n"},
    {"RemoveModel", [](Catalog& c) { c.models.pop_back(); }, "- models.b: a-up at h.example, $0.27 / $1.10 per million\n"},
    {"OrderOfModels", [](Catalog& c) { std::swap(c.models[0], c.models[1]); }, "~ models: order a, b -> b, a\n"},
    {"AddSlot", [](Catalog& c) { c.routing.slots[Slot::kThink] = {.targets = {{"a", 3}, {"b", 1}}, .weighted = true}; },
     "+ routing.think: [a x3, b x1]\n"},
    {"ChangeSlot", [](Catalog& c) { c.routing.slots[Slot::kDefault].targets.push_back({"b", 0}); },
     "~ routing.default: to a -> [a, b]\n"},
    {"RemoveSlot", [](Catalog& c) { c.routing.slots.clear(); }, "- routing.default: a\n"},
    {"Threshold", [](Catalog& c) { c.routing.long_context_threshold = 61440; },
     "~ routing: long_context_threshold  -> 60k\n"},
    {"ChangeRule", [](Catalog& c) { c.routing.rules[0].when.thinking = true; },
     "~ routing.rules.r: when model \"opus\" -> model \"opus\", thinking\n"},
    {"RemoveRule", [](Catalog& c) { c.routing.rules.pop_back(); }, "- routing.rules.s: always -> a\n"},
    {"OrderOfRules", [](Catalog& c) { std::swap(c.routing.rules[0], c.routing.rules[1]); },
     "~ routing.rules: order r, s -> s, r\n"},
}), [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ccp::config
