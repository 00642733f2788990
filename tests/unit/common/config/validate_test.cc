// A catalog that came over the wire is held to the rules of a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "common/base/text.h"
#include "common/config/load.h"

namespace ccp::config {
namespace {

Catalog Good() {
  return *Load("models: { a: { api_base: https://h.example, api_key_name: K, aliases: [x] } }\n"
               "routing: { default: a, rules: [{ name: r, when: { model: opus }, to: a }] }\n", "f").catalog;
}

struct Case {
  const char* name;
  std::function<void(Catalog&)> change;
  std::string want;  // "code path"
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class ValidateTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateTest, Refuses) {
  Catalog catalog = Good();
  GetParam().change(catalog);
  std::vector<std::string> found;
  for (const Diagnostic& d : Validate(catalog)) found.push_back(Concat(d.code, " ", d.path));
  if (GetParam().want.empty()) {
    EXPECT_THAT(found, testing::IsEmpty());
  } else {
    EXPECT_THAT(found, testing::ElementsAre(GetParam().want));
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogs, ValidateTest, testing::ValuesIn(std::vector<Case>{
    {"Nothing", [](Catalog&) {}, ""},
    {"UnknownDialect", [](Catalog& c) { c.models[0].dialect = "newer"; }, "CCP1305 models.a.dialect"},
    {"NoApiBase", [](Catalog& c) { c.models[0].api_base.clear(); }, "CCP1401 models.a.api_base"},
    {"BadUrl", [](Catalog& c) { c.models[0].api_base = "gopher://h"; }, "CCP1307 models.a.api_base"},
    {"BadPattern", [](Catalog& c) { c.models[0].drop_tools = {"ok", "("}; }, "CCP1306 models.a.drop_tools[1]"},
    {"BadAttempts", [](Catalog& c) { c.models[0].attempts = 0; }, "CCP1304 models.a.attempts"},
    {"BadTimeout", [](Catalog& c) { c.models[0].timeouts.idle = std::chrono::milliseconds(0); },
     "CCP1304 models.a.timeouts.idle"},
    {"BadPrice", [](Catalog& c) { c.models[0].price = Price{.output = -1}; }, "CCP1304 models.a.price.output"},
    {"BadBody", [](Catalog& c) { c.models[0].extra_body_json = "[1]"; }, "CCP1301 models.a.extra_body"},
    {"BrokenBody", [](Catalog& c) { c.models[0].extra_body_json = "{"; }, "CCP1301 models.a.extra_body"},
    {"NoUpstreamName", [](Catalog& c) { c.models[0].name.clear(); c.routing = {}; c.routing.slots[Slot::kDefault] = {.targets = {{"x", 0}}}; },
     "CCP1313 models."},
    {"UnknownModel", [](Catalog& c) { c.routing.slots[Slot::kThink] = {.targets = {{"a", 0}, {"b", 0}}}; },
     "CCP1201 routing.think[1]"},
    {"EmptyChain", [](Catalog& c) { c.routing.rules[0].to = {}; }, "CCP1404 routing.rules[0].to"},
    {"BadOperator", [](Catalog& c) { c.routing.rules[0].when.tokens_operator = "!="; },
     "CCP1312 routing.rules[0].when.tokens"},
    {"BadRulePattern", [](Catalog& c) { c.routing.rules[0].when.tool = "("; }, "CCP1306 routing.rules[0].when.tool"},
    {"AliasTwice", [](Catalog& c) { c.models[0].aliases = {"x", "x"}; }, "CCP1202 models.a.aliases[1]"},
    {"PassthroughHost", [](Catalog& c) { c.models[0].auth = Auth::kPassthrough; }, "CCP1310 models.a.auth"},
    {"NoModels", [](Catalog& c) { c = {}; }, "CCP1402 models"},
}), [](const auto& row) { return std::string(row.param.name); });

TEST(Validate, AcceptsWhatLoadGives) { EXPECT_THAT(Validate(Good()), testing::IsEmpty()); }

}  // namespace
}  // namespace ccp::config
