// What a right file becomes.
#include "common/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace ccp::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

Catalog Loaded(std::string_view yaml) {
  LoadResult result = Load(yaml, "models.yaml");
  EXPECT_TRUE(result.catalog.has_value()) << Format(result.diagnostics, yaml);
  return result.catalog.value_or(Catalog{});
}

// The only model of a file, with these keys beside api_base.
Model Only(std::string_view keys) {
  const Catalog catalog = Loaded(Concat("models:\n  m:\n    api_base: https://h.example/v1\n", keys));
  return catalog.models.empty() ? Model{} : catalog.models.front();
}

std::vector<std::string> Names(const Chain& chain) {
  std::vector<std::string> names;
  for (const Target& target : chain.targets) names.push_back(target.model);
  return names;
}

constexpr std::string_view kWhole = R"(
version: 1
providers:
  deepseek:
    api_base: https://api.deepseek.com/v1/
    api_key_name: DEEPSEEK_API_KEY
    dialect: deepseek
    extra_headers: { X-Team: infra, X-Title: provider }
    extra_body: { top_p: 0.5, top_k: 4 }
    timeouts: { idle: 1m }
models:
  deepseek-v3:
    provider: deepseek
    model_name: deepseek-chat
    direct: false
    max_tokens: 8k
    max_input_tokens: 128k
    attempts: 3
    timeouts: { connect: 2s, first_byte: 90s }
    can_stream: false
    always_stream: true
    reasoning_effort: medium
    temperature: 0.7
    extra_headers: { X-Title: "Claude Code" }
    extra_body: { top_p: 0.95, stop: [a, "1", 1, true, null], nested: { yes: no, f: 1.5 } }
    drop_tools: ["NotebookEdit", "mcp__.*"]
    price: { input: 0.27, output: 1.10, cache_read: 0.07, cache_write: 0 }
    aliases: [ds, deepseek-chat]
    tokenizer: estimate
    display_name: DeepSeek V3
  claude:
    model_name: claude-sonnet-4-5
    api_base: https://api.anthropic.com
    direct: true
    auth: passthrough
  big: { provider: deepseek, direct: true, api_base: "http://localhost:9" }
routing:
  default: [ds, claude]
  background: deepseek-v3
  think: big
  long_context: big
  web_search: claude
  image: claude
  subagent: ds
  rules:
    - name: opus-to-claude
      when: { model: "opus", tokens: ">=60k", thinking: true, tool: "^mcp__", user: "alice", header: { X-Team: "infra" } }
      to: [claude, ds]
    - to: [{ model: ds, weight: 3 }, { model: big }]
  on_quota: [deepseek-v3]
)";

TEST(Load, ReadsEveryKeyOfAModel) {
  const Catalog catalog = Loaded(kWhole);
  ASSERT_EQ(catalog.models.size(), 3U);
  const Model want{
      .name = "deepseek-v3",
      .provider = "deepseek",
      .upstream_name = "deepseek-chat",
      .api_base = "https://api.deepseek.com/v1",
      .api_key_name = "DEEPSEEK_API_KEY",
      .dialect = "deepseek",
      .dialect_guessed = false,
      .direct = false,
      .auth = Auth::kKey,
      .max_tokens = 8192,
      .max_input_tokens = 131072,
      .attempts = 3,
      .timeouts = {.connect = milliseconds(2000), .first_byte = milliseconds(90'000), .idle = milliseconds(60'000)},
      .can_stream = false,
      .always_stream = true,
      .reasoning_effort = "medium",
      .temperature = 0.7,
      .extra_headers = {{"X-Team", "infra"}, {"X-Title", "Claude Code"}},
      .extra_body_json =
          R"({"top_p":0.95,"top_k":4,"stop":["a","1",1,true,null],"nested":{"yes":"no","f":1.5}})",
      .drop_tools = {"NotebookEdit", "mcp__.*"},
      .price = Price{.input = 270'000, .output = 1'100'000, .cache_read = 70'000, .cache_write = 0},
      .aliases = {"ds", "deepseek-chat"},
      .tokenizer = "estimate",
      .display_name = "DeepSeek V3"};
  EXPECT_EQ(catalog.models[0], want);
}

TEST(Load, ModelWinsOverItsProvider) {
  const Catalog catalog = Loaded(kWhole);
  EXPECT_EQ(catalog.models[2].api_base, "http://localhost:9");
  EXPECT_TRUE(catalog.models[2].direct);
  EXPECT_EQ(catalog.models[2].api_key_name, "DEEPSEEK_API_KEY");
}

TEST(Load, ProvidersMayStandBehindModels) {
  const Catalog catalog = Loaded("models: { m: { provider: p } }\nproviders: { p: { api_base: https://h } }\n");
  EXPECT_EQ(catalog.models.at(0).api_base, "https://h");
}

TEST(Load, ReadsRoutingAndResolvesAliases) {
  const Routing routing = Loaded(kWhole).routing;
  EXPECT_EQ(routing.slots.size(), static_cast<std::size_t>(kSlotCount));
  EXPECT_THAT(Names(routing.slots.at(Slot::kDefault)), ElementsAre("deepseek-v3", "claude"));
  EXPECT_THAT(Names(routing.slots.at(Slot::kSubagent)), ElementsAre("deepseek-v3"));
  EXPECT_THAT(Names(routing.slots.at(Slot::kThink)), ElementsAre("big"));
  EXPECT_FALSE(routing.slots.at(Slot::kDefault).weighted);
  EXPECT_EQ(routing.long_context_threshold, 128 * 1024);
}

TEST(Load, ReadsRules) {
  const Routing routing = Loaded(kWhole).routing;
  ASSERT_EQ(routing.rules.size(), 2U);
  const Condition when{.model = "opus",
                       .tokens_operator = ">=",
                       .tokens = 61440,
                       .thinking = true,
                       .tool = "^mcp__",
                       .user = "alice",
                       .header = {{"x-team", "infra"}}};
  EXPECT_EQ(routing.rules[0].name, "opus-to-claude");
  EXPECT_EQ(routing.rules[0].when, when);
  EXPECT_THAT(Names(routing.rules[0].to), ElementsAre("claude", "deepseek-v3"));
  EXPECT_EQ(routing.rules[1].name, "rule-2");
  const Chain weighted{.targets = {{"deepseek-v3", 3}, {"big", 1}}, .weighted = true};
  EXPECT_EQ(routing.rules[1].to, weighted);
}

TEST(Load, DefaultsOfAModel) {
  const Model model = Only("");
  EXPECT_EQ(model.upstream_name, "m");
  EXPECT_EQ(model.display_name, "m");
  EXPECT_EQ(model.provider, "h.example");
  EXPECT_EQ(model.dialect, "openai");
  EXPECT_TRUE(model.dialect_guessed);
  EXPECT_EQ(model.attempts, 2);
  EXPECT_TRUE(model.can_stream);
  EXPECT_EQ(model.timeouts, Timeouts{});
  EXPECT_EQ(model.price, std::nullopt);
  EXPECT_EQ(model.max_tokens, std::nullopt);
}

TEST(Load, NothingBehindAKeyIsNoValue) {
  const Model model = Only("    reasoning_effort: null\n    max_tokens: ~\n    aliases:\n");
  EXPECT_EQ(model.reasoning_effort, "");
  EXPECT_EQ(model.max_tokens, std::nullopt);
  EXPECT_THAT(model.aliases, IsEmpty());
}

TEST(Load, PlainWordsAndNumbersAreTextWhereTextIsWanted) {
  EXPECT_EQ(Only("    model_name: no\n").upstream_name, "no");
  EXPECT_EQ(Only("    model_name: 4\n").upstream_name, "4");
  EXPECT_EQ(Only("    model_name: 1.0\n").upstream_name, "1.0");
  EXPECT_EQ(Only("    model_name: 007\n").upstream_name, "007");
  EXPECT_EQ(Only("    extra_headers: { X-On: on }\n").extra_headers.at("X-On"), "on");
}

TEST(Load, QuotedSizesAreSizes) {
  EXPECT_EQ(Only("    max_tokens: \"16K\"\n").max_tokens, 16384);
  EXPECT_EQ(Only("    max_tokens: 1m\n").max_tokens, 1048576);
  EXPECT_EQ(Only("    max_tokens: 4096\n").max_tokens, 4096);
}

TEST(Load, ExtraBodyKeepsNumbersAndOrder) {
  EXPECT_EQ(Only("    extra_body: { z: 9007199254740993, a: 1e3, e: '5', n: }\n").extra_body_json,
            R"({"z":9007199254740993,"a":1000.0,"e":"5","n":null})");
}

// The files of the original proxy: a list of models, alone.
TEST(Load, ReadsAListOfModels) {
  constexpr std::string_view kFile =
      "- model_id: example-model-1\n"
      "  model_name: example-name-1\n"
      "  api_base: \"https://example.com/api/v1\"\n"
      "  api_key_name: EXAMPLE_API_KEY\n"
      "  can_stream: true\n"
      "  max_tokens: 16K\n"
      "  input_cost_per_token: 0.00000050\n"
      "  output_cost_per_token: 0.00000200\n"
      "  context: 64k\n"
      "  enable_thinking: true\n"
      "  reasoning_effort: null\n"
      "- model_id: second\n"
      "  api_base: https://openrouter.ai/api/v1\n"
      "  direct: false\n"
      "  extra_body:\n"
      "    temperature: 0.7\n";
  const Catalog catalog = Loaded(kFile);
  ASSERT_EQ(catalog.models.size(), 2U);
  const Model& first = catalog.models[0];
  EXPECT_EQ(first.name, "example-model-1");
  EXPECT_EQ(first.upstream_name, "example-name-1");
  EXPECT_EQ(first.max_tokens, 16384);
  EXPECT_EQ(first.max_input_tokens, 65536);
  EXPECT_EQ(first.price, (Price{.input = 500'000, .output = 2'000'000}));
  EXPECT_EQ(catalog.models[1].dialect, "openrouter");
  EXPECT_EQ(catalog.models[1].extra_body_json, R"({"temperature":0.7})");
}

TEST(Load, TheListMayStandUnderModels) {
  const Catalog catalog =
      Loaded("models:\n  - { model_id: a, api_base: https://h }\n  - { model_id: 4, api_base: https://h }\n"
             "routing: { default: a, think: 4 }\n");
  EXPECT_EQ(catalog.models.at(1).name, "4");
  EXPECT_THAT(Names(catalog.routing.slots.at(Slot::kThink)), ElementsAre("4"));
}

TEST(Load, ThresholdOfTheFileWins) {
  const auto routing = [](std::string_view text) {
    return Loaded(Concat("models: { m: { api_base: https://h } }\nrouting: {", text, "}\n")).routing;
  };
  EXPECT_EQ(routing(" default: m ").long_context_threshold, std::nullopt);
  EXPECT_EQ(routing(" long_context: m ").long_context_threshold, 131072);
  EXPECT_EQ(routing(" long_context: m, long_context_threshold: 60000 ").long_context_threshold, 60000);
}

TEST(Load, FindingsNameTheirFile) {
  EXPECT_EQ(Load("", "conf/models.yaml").diagnostics.at(0).file, "conf/models.yaml");
}

TEST(Load, WarningsDoNotRefuseAFile) {
  const LoadResult result = Load("models: { m: { api_base: https://h } }\n", "f");
  EXPECT_TRUE(result.catalog.has_value());
  EXPECT_FALSE(result.diagnostics.empty());
}

TEST(ModelsByName, FindsByNameBeforeAlias) {
  Catalog catalog;
  catalog.models.push_back({.name = "a", .aliases = {"b", "c"}});
  catalog.models.push_back({.name = "b"});
  const ModelsByName models(catalog);
  EXPECT_EQ(models.Find("a")->name, "a");
  EXPECT_EQ(models.Find("b")->name, "b");
  EXPECT_EQ(models.Find("c")->name, "a");
  EXPECT_EQ(models.Find("d"), nullptr);
}

}  // namespace
}  // namespace ccp::config
