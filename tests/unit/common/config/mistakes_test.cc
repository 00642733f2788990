// What is wrong with a file: code, line and column of every finding. The row is the specification.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/config/load.h"

namespace ccp::config {
namespace {

// "CCP1204 14:17" per finding, in the order of the file.
std::vector<std::string> Found(std::string_view yaml) {
  std::vector<std::string> found;
  for (const Diagnostic& d : Load(yaml, "models.yaml").diagnostics) {
    found.push_back(Concat(d.code, " ", d.line, ":", d.column));
  }
  return found;
}

struct Case {
  const char* name;
  std::string yaml;
  std::vector<std::string> want;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class MistakesTest : public testing::TestWithParam<Case> {};

TEST_P(MistakesTest, AreFoundAtTheirPlace) { EXPECT_THAT(Found(GetParam().yaml), testing::ElementsAreArray(GetParam().want)); }

// A file with one model `m` and its keys, and a default route: four lines before and two behind what is tried.
std::string Model(std::string_view keys) {
  return Concat("models:\n  m:\n    api_base: https://h.example/v1\n    api_key_name: K\n", keys,
                "routing:\n  default: m\n");
}
// A file with models a and b (alias b2) in two lines, and then the routing.
std::string Routing(std::string_view routing) {
  return Concat("models: { a: { api_base: https://h.example, api_key_name: K },\n",
                "  b: { api_base: https://h.example, api_key_name: K, aliases: [b2] } }\n", routing);
}

std::string Deep(int levels) { return "models: " + std::string(levels, '[') + std::string(levels, ']') + "\n"; }

const auto kCases = std::vector<Case>{
    // name                  file                                                          findings
    {"Nothing", Model(""), {}},

    // 10xx: the text
    {"EmptyFile", "", {"CCP1002 1:1"}},
    {"OnlyComments", "# nothing\n\n", {"CCP1002 1:1"}},
    {"OnlyAWord", "models\n", {"CCP1301 1:1"}},
    {"TooLarge", std::string(8 * 1024 * 1024 + 1, '#'), {"CCP1003 0:0"}},
    {"TooDeep", Deep(70), {"CCP1004 1:72"}},
    {"BracketNotClosed", "models:\n  m: { api_base: https://h.example\n", {"CCP1001 2:6"}},
    {"InnerBracketNotClosed", "models: {\n  a: [1, 2\n", {"CCP1001 2:6"}},
    {"TabIndents", "models:\n\tm:\n\t  api_base: https://h.example\n", {"CCP1001 2:1"}},
    {"ColonInText", "models:\n  m: a: b\n", {"CCP1001 2:7"}},
    {"OutdentedKey", "models:\n    m:\n      direct: true\n   n: {}\n", {"CCP1001 4:4"}},
    {"DoubleQuoteNotClosed", "models:\n  m:\n    model_name: \"abc\n", {"CCP1006 3:17"}},
    {"SingleQuoteNotClosed", "models:\n  m:\n    model_name: 'abc\n", {"CCP1006 3:17"}},
    {"EscapedQuoteDoesNotClose", "models:\n  m:\n    model_name: \"abc\\\"\n", {"CCP1006 3:17"}},
    {"DoubledQuoteDoesNotClose", "models:\n  m:\n    model_name: 'it''s\n", {"CCP1006 3:17"}},
    {"BlockMayBeginWithQuote", Model("    display_name: |-\n      \"quoted\n"), {}},
    {"QuotedTextMayEscape", Model("    display_name: \"a \\\" b\"\n    model_name: 'it''s'\n"), {}},
    {"AnchorAndAlias", Model("    extra_body: &x { a: 1 }\n    extra_headers: *x\n"), {"CCP1005 5:17", "CCP1005 6:20"}},
    {"MergeKey", "models:\n  m: &base { api_base: https://h.example, api_key_name: K }\n  n:\n    <<: *base\n"
                 "routing: { default: m }\n",
     {"CCP1005 2:6", "CCP1005 4:5", "CCP1005 4:9"}},
    {"UnknownAlias", "models: *none\n", {"CCP1005 1:9"}},
    {"Tag", Model("    model_name: !env NAME\n"), {"CCP1007 5:17"}},
    {"StringTagIsFine", Model("    model_name: !!str 4\n"), {}},
    {"TwoDocuments", Model("") + "---\nmodels: {}\n", {"CCP1008 7:1"}},
    {"NotUtf8", "models:\n  m\xff: {}\n", {"CCP1009 2:4"}},
    {"ByteOrderMarkIsFine", "\xEF\xBB\xBF" + Model(""), {}},
    {"CarriageReturnsAreFine", "models:\r\n  m:\r\n    api_base: https://h.example\r\n    api_key_name: K\r\n"
                               "routing: { default: m }\r\n",
     {}},

    // 11xx: keys
    {"UnknownKeyAtTheTop", Model("") + "rooting: {}\n", {"CCP1101 7:1"}},
    {"UnknownKeyOfAModel", Model("    max_token: 8k\n"), {"CCP1101 5:5"}},
    {"UnknownKeyBehindUnicode", Model("    extra_body: { é: 1 }\n    tîmeouts: {}\n    timeouts: { \"é\": 1s }\n"),
     {"CCP1101 6:5", "CCP1101 7:17"}},
    {"ColumnCountsCharacters", "models: { é: { api_base: https://h.example, api_key_name: K, max_token: 1 } }\n"
                               "routing: { default: é }\n",
     {"CCP1101 1:62"}},
    {"UnknownKeysDeepDown", Model("    timeouts: { total: 5s }\n    price: { in: 1 }\n"), {"CCP1101 5:17", "CCP1101 6:14"}},
    {"DuplicateKey", Model("    max_tokens: 1\n    max_tokens: 2\n"), {"CCP1102 6:5"}},
    {"DuplicateModel", "models:\n  m: { api_base: https://h.example, api_key_name: K }\n  m: {}\nrouting: { default: m }\n",
     {"CCP1102 3:3"}},
    {"DuplicateSection", Model("") + "routing: {}\n", {"CCP1102 7:1"}},
    {"DuplicateInFreeForm", Model("    extra_body: { a: { b: 1, b: 2 } }\n"), {"CCP1102 5:30"}},
    {"KeyIsAList", "? [a, b]\n: 1\n", {"CCP1103 1:3"}},
    {"KeyIsNothing", "models:\n  : 1\n", {"CCP1103 2:3"}},
    {"ModelIdContradictsKey", Model("    model_id: other\n"), {"CCP1313 5:15"}},

    // 12xx: references and names
    {"UnknownModelInSlot", Routing("routing: { default: c }\n"), {"CCP1201 3:21"}},
    {"UnknownModelInChain", Routing("routing:\n  default: [a, c]\n"), {"CCP1201 4:16"}},
    {"UnknownModelInWeights", Routing("routing:\n  default: [{ model: a }, { model: c, weight: 2 }]\n"), {"CCP1201 4:36"}},
    {"UnknownModelInRule", Routing("routing: { default: a, rules: [{ to: [c] }] }\n"), {"CCP1201 3:39"}},
    {"AliasIsKnown", Routing("routing: { default: b2 }\n"), {}},
    {"AliasTwice", Routing("routing: { default: a }\n") + "providers: {}\n", {}},
    {"AliasIsAModel", "models:\n  a: { api_base: https://h.example, api_key_name: K }\n"
                      "  b: { api_base: https://h.example, api_key_name: K, aliases: [x, a] }\nrouting: { default: a }\n",
     {"CCP1202 3:67"}},
    {"AliasOfTwo", "models:\n  a: { api_base: https://h.example, api_key_name: K, aliases: [x] }\n"
                   "  b: { api_base: https://h.example, api_key_name: K, aliases: [x] }\nrouting: { default: a }\n",
     {"CCP1202 3:64"}},
    {"ListedTwice", "- { model_id: a, api_base: https://h.example, api_key_name: K }\n"
                    "- { model_id: a, api_base: https://h.example, api_key_name: K }\n",
     {"CCP1503 0:0", "CCP1202 2:15"}},
    {"RuleNameTwice", Routing("routing: { default: a, rules: [{ name: r, when: { model: x }, to: a }, { name: r, to: b }] }\n"),
     {"CCP1202 3:80"}},
    {"UnknownProvider", "providers: { deepseek: { api_base: https://h.example, api_key_name: K } }\n"
                        "models:\n  m:\n    provider: depseek\nrouting: { default: m }\n",
     {"CCP1204 4:15"}},

    // 13xx: values
    {"ModelIsAList", "models:\n  m: [a]\nrouting: { default: m }\n", {"CCP1301 2:6"}},
    {"ModelsIsText", "models: none\n", {"CCP1301 1:9"}},
    {"BooleanAsNo", Model("    direct: no\n"), {"CCP1301 5:13"}},
    {"BooleanInQuotes", Model("    direct: \"true\"\n"), {"CCP1301 5:13"}},
    {"BooleanAsNumber", Model("    can_stream: 1\n"), {"CCP1301 5:17"}},
    {"IntegerAsText", Model("    attempts: two\n"), {"CCP1301 5:15"}},
    {"IntegerAsFraction", Model("    attempts: 1.5\n"), {"CCP1301 5:15"}},
    {"NumberAsText", Model("    temperature: hot\n"), {"CCP1301 5:18"}},
    {"NumberNotFinite", Model("    temperature: nan\n"), {"CCP1301 5:18"}},
    {"TextAsList", Model("    model_name: [a]\n"), {"CCP1301 5:17"}},
    {"ListAsText", Model("    aliases: x\n"), {"CCP1301 5:14"}},
    {"ListOfLists", Model("    aliases: [[x]]\n"), {"CCP1301 5:15"}},
    {"HeadersAsList", Model("    extra_headers: [a]\n"), {"CCP1301 5:20"}},
    {"HeaderValueIsMap", Model("    extra_headers: { a: { b: 1 } }\n"), {"CCP1301 5:25"}},
    {"BodyAsText", Model("    extra_body: x\n"), {"CCP1301 5:17"}},
    {"PriceAsNumber", Model("    price: 1\n"), {"CCP1301 5:12"}},
    {"ChainAsMap", Routing("routing: { default: { model: a } }\n"), {"CCP1301 3:21"}},
    {"RulesAsMap", Routing("routing: { default: a, rules: { a: b } }\n"), {"CCP1301 3:31"}},
    {"Tokens", Model("    max_tokens: 8q\n    max_input_tokens: -1\n"), {"CCP1302 5:17", "CCP1302 6:23"}},
    {"TokensOverflow", Model("    max_tokens: 99999999999999999999\n"), {"CCP1302 5:17"}},
    {"DurationWithoutUnit", Model("    timeouts: { idle: 300 }\n"), {"CCP1303 5:23"}},
    {"Ranges", Model("    attempts: 0\n    temperature: 3\n    max_tokens: 0\n    timeouts: { connect: 0s }\n"
                     "    price: { input: -1 }\n"),
     {"CCP1304 5:15", "CCP1304 6:18", "CCP1304 7:17", "CCP1304 8:26", "CCP1304 9:21"}},
    {"AttemptsFarOut", Model("    attempts: 99999999999\n"), {"CCP1304 5:15"}},
    {"WeightZero", Routing("routing: { default: [{ model: a, weight: 0 }] }\n"), {"CCP1304 3:42"}},
    {"NewerVersion", Model("") + "version: 2\n", {"CCP1304 7:10"}},
    {"Dialect", Model("    dialect: opanai\n"), {"CCP1305 5:14"}},
    {"Effort", Model("    reasoning_effort: max\n"), {"CCP1305 5:23"}},
    {"Auth", Model("    auth: none\n"), {"CCP1305 5:11"}},
    {"ToolPattern", Model("    drop_tools: [ok, \"(\"]\n"), {"CCP1306 5:22"}},
    {"RulePatterns", Routing("routing: { default: a, rules: [{ to: a, when: { model: \"[\", header: { x-a: \"*\" } } }] }\n"),
     {"CCP1306 3:56", "CCP1306 3:76"}},
    {"UrlScheme", "models: { m: { api_base: ftp://h, api_key_name: K } }\nrouting: { default: m }\n", {"CCP1307 1:26"}},
    {"UrlWithPassword", "models: { m: { api_base: 'https://u:p@h', api_key_name: K } }\nrouting: { default: m }\n",
     {"CCP1307 1:26"}},
    {"UrlWithEndpoint", "models: { m: { api_base: https://h/v1/chat/completions, api_key_name: K } }\nrouting: { default: m }\n",
     {"CCP1307 1:26"}},
    {"UrlOfUnusedProvider", Model("") + "providers: { p: { api_base: nowhere } }\n", {"CCP1307 7:29"}},
    {"UrlOfSharedProviderOnce", "providers: { p: { api_base: nowhere, api_key_name: K } }\n"
                                "models: { a: { provider: p }, b: { provider: p } }\nrouting: { default: a }\n",
     {"CCP1307 1:29"}},
    {"KeyInsteadOfItsName", "models: { m: { api_base: https://h, api_key_name: sk-abcdefgh12345678 } }\nrouting: { default: m }\n",
     {"CCP1308 1:51"}},
    {"KeyInHeader", Model("    extra_headers: { X-Trace: sk-abcdefgh12345678 }\n"), {"CCP1308 5:31"}},
    {"VariableWithDollar", "models: { m: { api_base: https://h, api_key_name: $KEY } }\nrouting: { default: m }\n",
     {"CCP1309 1:51"}},
    {"PassthroughToThirdParty", Model("    direct: true\n    auth: passthrough\n"), {"CCP1310 6:11"}},
    {"PassthroughWithoutDirect", "models: { m: { api_base: https://api.anthropic.com, auth: passthrough } }\nrouting: { default: m }\n",
     {"CCP1310 1:59"}},
    {"PassthroughUnencrypted",
     "models: { m: { api_base: http://api.anthropic.com, direct: true, auth: passthrough } }\nrouting: { default: m }\n",
     {"CCP1501 1:26", "CCP1310 1:72"}},
    {"OwnedHeader", Model("    extra_headers: { Authorization: x, Proxy-Foo: y }\n"), {"CCP1311 5:37", "CCP1311 5:51"}},
    {"HeaderName", Model("    extra_headers: { \"a b\": x }\n"), {"CCP1311 5:29"}},
    {"HeaderInjection", Model("    extra_headers: { a: \"x\\r\\nb: c\" }\n"), {"CCP1311 5:25"}},
    {"TokenConditionWithoutOperator", Routing("routing: { default: a, rules: [{ to: a, when: { tokens: 60k } }] }\n"),
     {"CCP1312 3:57"}},
    {"NameWithComma", "models: { 'a,b': { api_base: https://h, api_key_name: K } }\nrouting: { default: 'a,b' }\n", {"CCP1313 1:11"}},
    {"ReservedBodyField", Model("    extra_body: { stream: false }\n"), {"CCP1314 5:27"}},
    {"MixedChain", Routing("routing: { default: [a, { model: b }] }\n"), {"CCP1315 3:21"}},

    // 14xx: missing
    {"NoApiBase", "models:\n  m:\n    api_key_name: K\nrouting: { default: m }\n", {"CCP1401 2:3"}},
    {"MistypedApiBaseIsNotMissingToo", "models:\n  m:\n    api_bas: https://h\n    api_key_name: K\nrouting: { default: m }\n",
     {"CCP1101 3:5"}},
    {"WrongApiBaseIsNotMissingToo", "models:\n  m:\n    api_base: [x]\n    api_key_name: K\nrouting: { default: m }\n",
     {"CCP1301 3:15"}},
    {"NoModels", "models: {}\n", {"CCP1402 1:9"}},
    {"NoModelsKey", "version: 1\n", {"CCP1402 0:0"}},
    {"NoModelId", "- { api_base: https://h, api_key_name: K }\n", {"CCP1403 1:3"}},
    {"RuleWithoutTo", Routing("routing: { default: a, rules: [{ when: { model: x } }] }\n"), {"CCP1403 3:32"}},
    {"TargetWithoutModel", Routing("routing: { default: [{ weight: 1 }] }\n"), {"CCP1403 3:22"}},
    {"EmptyChain", Routing("routing: { default: [] }\n"), {"CCP1404 3:21"}},

    // 15xx: warnings
    {"PlainHttp", "models: { m: { api_base: http://h.example, api_key_name: K } }\nrouting: { default: m }\n", {"CCP1501 1:26"}},
    {"LoopbackHttp", "models: { m: { api_base: http://127.0.0.1:8000/v1 } }\nrouting: { default: m }\n", {}},
    {"OlderKeys", Model("    context: 64k\n    input_cost_per_token: 0.1\n"), {"CCP1502 5:5", "CCP1502 6:5"}},
    {"NoDefault", Routing("routing: { think: a }\n"), {"CCP1503 3:1"}},
    {"ThresholdAlone", Routing("routing: { default: a, long_context_threshold: 60k }\n"), {"CCP1504 3:48"}},
    {"DialectOfDirect", Model("    direct: true\n    dialect: qwen\n"), {"CCP1504 6:14"}},
    {"StreamOfDirect", Model("    direct: true\n    can_stream: false\n"), {"CCP1504 6:17"}},
    {"AlwaysStreamOfDirect", Model("    direct: true\n    always_stream: true\n"), {"CCP1504 6:20"}},
    {"EffortOfDirect", Model("    direct: true\n    reasoning_effort: low\n"), {"CCP1504 6:23"}},
    {"TemperatureOfDirect", Model("    direct: true\n    temperature: 0\n"), {"CCP1504 6:18"}},
    {"ExtraBodyOfDirect", Model("    direct: true\n    extra_body: { top_p: 1 }\n"), {"CCP1504 6:17"}},
    {"DropToolsOfDirect", Model("    direct: true\n    drop_tools: [a]\n"), {"CCP1504 6:17"}},
    {"StreamOptions", Model("    extra_body: { stream_options: {} }\n"), {"CCP1504 5:35"}},
    {"CatchAllRule", Routing("routing: { default: a, rules: [{ to: a }, { to: b }] }\n"), {"CCP1505 3:32"}},
    {"TwiceInChain", Routing("routing: { default: [b, a, b2] }\n"), {"CCP1506 3:28"}},
    {"NoCredential", "models: { m: { api_base: https://h.example } }\nrouting: { default: m }\n", {"CCP1507 1:11"}},
};

INSTANTIATE_TEST_SUITE_P(Files, MistakesTest, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Mistakes, TenInOneFileGiveTenErrors) {
  constexpr std::string_view kFile =
      "version: 1\n"
      "providers:\n"
      "  deepseek: { api_base: https://api.deepseek.com/v1, api_key_name: DEEPSEEK_API_KEY }\n"
      "models:\n"
      "  v3:\n"
      "    provider: depseek\n"             // 1: no such provider
      "    max_tokens: 8q\n"                // 2: no token count
      "    direct: yes\n"                   // 3: no boolean
      "  r1:\n"
      "    provider: deepseek\n"
      "    max_token: 8k\n"                 // 4: no such key
      "    drop_tools: [\"(\"]\n"           // 5: no pattern
      "    attempts: 1\n"
      "    attempts: 2\n"                   // 6: twice
      "  local:\n"                          // 7: no api_base
      "    model_name: 4\n"
      "    timeouts: { idle: 5 }\n"         // 8: no unit
      "    aliases: [v3]\n"                 // 9: taken
      "routing:\n"
      "  default: v4\n";                    // 10: no such model
  const LoadResult result = Load(kFile, "models.yaml");
  EXPECT_FALSE(result.catalog.has_value());
  EXPECT_THAT(Found(kFile),
              testing::ElementsAre("CCP1204 6:15", "CCP1302 7:17", "CCP1301 8:13", "CCP1101 11:5", "CCP1306 12:18",
                                   "CCP1102 14:5", "CCP1401 15:3", "CCP1303 17:23", "CCP1202 18:15", "CCP1201 20:12"));
}

TEST(Mistakes, SuggestWhatWasMeant) {
  const auto hint = [](std::string_view yaml) { return Load(yaml, "f").diagnostics.at(0).hint; };
  EXPECT_EQ(hint(Model("    max_token: 8k\n")), "did you mean \"max_tokens\"?");
  EXPECT_EQ(hint(Model("    dialect: opanai\n")), "did you mean \"openai\"?");
  EXPECT_EQ(hint(Routing("routing: { default: bb2 }\n")), "did you mean \"b2\"?\nmodels in this file: a, b, b2");
  EXPECT_EQ(hint(Model("    timeouts: { idle: 300 }\n")), "did you mean \"300s\"?");
  EXPECT_EQ(hint("models: { m: { api_base: https://h, api_key_name: $KEY } }\nrouting: { default: m }\n"), "did you mean \"KEY\"?");
  EXPECT_THAT(hint(Model("    api_key: x\n")), testing::HasSubstr("api_key_name"));
}

TEST(Mistakes, EveryCodeIsExplained) {
  for (const Case& row : kCases) {
    for (const std::string& want : row.want) {
      EXPECT_NE(FindCode(want.substr(0, 7)), nullptr) << want;
    }
  }
}

TEST(Mistakes, EveryCodeIsInTheTable) {
  std::string all;
  for (const Case& row : kCases) all += Join(row.want, " ") + " ";
  for (const CodeInfo& info : Codes()) {
    EXPECT_FALSE(info.meaning.empty());
    if (info.code == code::kEdgeLacksKey) continue;  // Of no file.
    EXPECT_THAT(all, testing::HasSubstr(std::string(info.code))) << "no row of the table above shows " << info.title;
  }
}

TEST(Mistakes, ManyAreCappedAndFast) {
  std::string yaml = "models: {";
  for (int i = 0; i < 5000; ++i) yaml += Concat("m", i, ": { x: 1 }, ");
  yaml += "}\n";
  EXPECT_EQ(Load(yaml, "f").diagnostics.size(), 1000U);
}

}  // namespace
}  // namespace ccp::config
