// Tools, parameters and thinking: which members of the upstream's body a request turns into, dialect by dialect.
#include <gtest/gtest.h>

#include <functional>

#include "common/base/id.h"
#include "common/base/text.h"
#include "tests/unit/edge/translate/request_harness.h"

namespace ccp::translate {
namespace {

struct Case {
  std::string name;
  std::string dialect;
  std::string request;  // Members of the request.
  std::string key;      // A member of the upstream's body ...
  std::string value;    // ... and its text; "" if it must not be there.
  std::string losses = "";
  std::string upstream_name = "up";
  std::function<void(config::Model&)> configure = nullptr;
};

class ChatParametersTest : public testing::TestWithParam<Case> {};

TEST_P(ChatParametersTest, ArriveAs) {
  const Case& row = GetParam();
  config::Model model = TestModel(row.dialect, row.upstream_name);
  if (row.configure) row.configure(model);
  const Translated got = Translate(Request(row.request), model);
  EXPECT_EQ(MemberOf(got.body, row.key), row.value) << got.body;
  EXPECT_EQ(got.losses, row.losses);
}

std::string NameOf(const testing::TestParamInfo<Case>& row) { return row.param.name; }

const std::string kNothing = R"("metadata":{})";

INSTANTIATE_TEST_SUITE_P(Parameters, ChatParametersTest, testing::ValuesIn(std::vector<Case>{
    {"ModelIsTheUpstreams", "openai", kNothing, "model", R"("gpt \"4\"")", "", "gpt \"4\""},
    {"LimitAtOpenAi", "openai", kNothing, "max_completion_tokens", "100"},
    {"OnlyOneLimitAtOpenAi", "openai", kNothing, "max_tokens", ""},
    {"LimitElsewhere", "deepseek", kNothing, "max_tokens", "100"},
    {"OnlyOneLimitElsewhere", "deepseek", kNothing, "max_completion_tokens", ""},
    {"LimitIsCapped", "deepseek", kNothing, "max_tokens", "64", "max_tokens_capped", "up",
     [](auto& m) { m.max_tokens = 64; }},
    {"LimitBelowTheCap", "deepseek", kNothing, "max_tokens", "100", "", "up", [](auto& m) { m.max_tokens = 8192; }},
    {"LimitOfExtraBodyReplacesOurs", "openai", kNothing, "max_completion_tokens", "", "", "up",
     [](auto& m) { m.extra_body_json = R"({"max_tokens":7})"; }},
    {"Stop", "openai", R"("stop_sequences":["a","\n"])", "stop", R"(["a","\n"])"},
    {"EmptyStopGoes", "openai", R"("stop_sequences":["","a"])", "stop", R"(["a"])"},
    {"OnlyEmptyStops", "openai", R"("stop_sequences":[""])", "stop", ""},
    {"StopIsCutToFour", "openai", R"("stop_sequences":["1","2","3","4","5"])", "stop", R"(["1","2","3","4"])",
     "stop_sequences_cut"},
    {"StopAtGlm", "glm", R"("stop_sequences":["1","2"])", "stop", R"(["1"])", "stop_sequences_cut"},
    {"StopRefusedByReasoners", "openai-reasoning", R"("stop_sequences":["1"])", "stop", "", "stop_sequences_cut"},
    {"NoStop", "openai", R"("stop_sequences":[])", "stop", ""},
    {"TemperatureZeroIsAValue", "openai", R"("temperature":0)", "temperature", "0"},
    {"TemperatureKeepsItsDigits", "openai", R"("temperature":0.70)", "temperature", "0.70"},
    {"TemperatureNullIsAbsent", "openai", R"("temperature":null)", "temperature", "", "", "up"},
    {"TemperatureOfTheModel", "openai", kNothing, "temperature", "0.7", "", "up", [](auto& m) { m.temperature = 0.7; }},
    {"ClientsTemperatureWins", "openai", R"("temperature":0.2)", "temperature", "0.2", "", "up",
     [](auto& m) { m.temperature = 0.7; }},
    {"TemperatureRefused", "openai-reasoning", R"("temperature":0.2)", "temperature", "", "sampling_dropped"},
    {"TemperatureOneIsNoLoss", "openai-reasoning", R"("temperature":1)", "temperature", ""},
    {"ReasonerByItsName", "openai", R"("top_p":0.2)", "top_p", "", "sampling_dropped", "gpt-5.1"},
    {"ChatModelByItsName", "openai", R"("top_p":0.2)", "top_p", "0.2", "", "gpt-5-chat-latest"},
    {"TopP", "openai", R"("top_p":0.9)", "top_p", "0.9"},
    {"TopKDropped", "openai", R"("top_k":5)", "top_k", "", "top_k_dropped"},
    {"TopKKept", "vllm", R"("top_k":5)", "top_k", "5"},
    {"StreamOff", "openai", kNothing, "stream", "false"},
    {"StreamOn", "openai", R"("stream":true)", "stream", "true"},
    {"StreamAsksForUsage", "openai", R"("stream":true)", "stream_options", R"({"include_usage":true})"},
    {"NoStreamOptionsWithoutStream", "openai", kNothing, "stream_options", ""},
    {"NoStreamOptionsAtMistral", "mistral", R"("stream":true)", "stream_options", ""},
    {"CannotStream", "openai", R"("stream":true)", "stream", "false", "", "up", [](auto& m) { m.can_stream = false; }},
    {"AlwaysStreams", "openai", kNothing, "stream", "true", "", "up", [](auto& m) { m.always_stream = true; }},
    {"AlwaysStreamsButCannot", "openai", kNothing, "stream", "false", "", "up",
     [](auto& m) { m.always_stream = true, m.can_stream = false; }},
    {"User", "openai", R"("metadata":{"user_id":"u\u0031"})", "user", R"("u1")"},
    {"LongUserIsHashed", "openai", R"("metadata":{"user_id":")" + std::string(65, 'a') + "\"}", "user",
     R"("635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0")"},
    {"UserAtDoubao", "doubao", R"("metadata":{"user_id":"u"})", "user", R"("u")"},
    {"UserRefused", "mistral", R"("metadata":{"user_id":"u"})", "user", "", "user_dropped"},
    {"MetadataNeverGoes", "openai", R"("metadata":{"user_id":"u"})", "metadata", ""},
    {"ServiceTier", "openai", R"("service_tier":"standard_only")", "service_tier", R"("default")"},
    {"ServiceTierDropped", "vllm", R"("service_tier":"auto")", "service_tier", "", "service_tier_dropped"},
    {"UnknownFieldsNeverGo", "openai", R"("speed":"fast","inference_geo":"eu")", "speed", ""},
    {"KeptContextManagementIsNoLoss", "openai",
     R"("context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]})", "context_management", ""},
    {"ContextManagement", "openai", R"("context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]})",
     "context_management", "", "context_management_dropped"},
    {"CacheControlOfTheRequest", "openai", R"("cache_control":{"type":"ephemeral"})", "cache_control", "",
     "cache_control_dropped"},
    {"McpServers", "openai", R"("mcp_servers":[{"url":"x"}],"container":"c")", "mcp_servers", "",
     "mcp_servers_dropped,container_dropped"},
    {"ExtraBodyAdds", "openai", kNothing, "seed", "9007199254740993", "", "up",
     [](auto& m) { m.extra_body_json = R"({"seed":9007199254740993})"; }},
    {"ExtraBodyOverrides", "openai", R"("top_p":0.2)", "top_p", "0.95", "", "up",
     [](auto& m) { m.extra_body_json = R"({"top_p":0.95})"; }},
    {"ExtraBodyNullRemoves", "openai", R"("top_p":0.2)", "top_p", "", "", "up",
     [](auto& m) { m.extra_body_json = R"({"top_p":null})"; }},
    {"ExtraBodyLeavesTheStreamAlone", "openai", kNothing, "stream", "false", "", "up",
     [](auto& m) { m.extra_body_json = R"({"stream":true})"; }},
}), NameOf);

INSTANTIATE_TEST_SUITE_P(AnswerFormat, ChatParametersTest, testing::ValuesIn(std::vector<Case>{
    {"Schema", "openai",
     R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}}}}})",
     "response_format",
     R"({"type":"json_schema","json_schema":{"name":"structured_output","schema":{"type":"object","properties":{"a":{"type":"string"}}}}})"},
    {"StrictWhereItComplies", "openai",
     R"("output_format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}})",
     "response_format",
     R"({"type":"json_schema","json_schema":{"name":"structured_output","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true}})"},
    {"JsonModeOnly", "deepseek", R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})",
     "response_format", R"({"type":"json_object"})", "json_schema_downgraded"},
    {"JsonModeIsToldTheSchema", "deepseek",
     R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})", "messages",
     R"([{"role":"system","content":"Answer with one JSON object and nothing else. It must satisfy this JSON Schema: {\"type\":\"object\"}"},{"role":"user","content":"hi"}])",
     "json_schema_downgraded"},
    {"OutputConfigNeverGoes", "openai", R"("output_config":{"effort":"high"})", "output_config", ""},
}), NameOf);

const std::string kTool = R"({"name":"f","description":"d","input_schema":{"type":"object","properties":{"z":{"type":"integer"},"a":{}}}})";
const std::string kFunction = R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"z":{"type":"integer"},"a":{}}}}})";
const std::string kForced = R"("tool_choice":{"type":"tool","name":"f"},"tools":[)" + kTool + "]";

INSTANTIATE_TEST_SUITE_P(Tools, ChatParametersTest, testing::ValuesIn(std::vector<Case>{
    {"Custom", "openai", R"("tools":[)" + kTool + "]", "tools", "[" + kFunction + "]"},
    {"CustomByType", "openai", R"("tools":[{"type":"custom",)" + kTool.substr(1) + "]", "tools", "[" + kFunction + "]"},
    {"OtherKeysGo", "openai", R"("tools":[)" + kTool.substr(0,
     kTool.size() - 1) +
     R"(,"defer_loading":true,"eager_input_streaming":true,"input_examples":[{}],"allowed_callers":["direct"]}])",
     "tools", "[" + kFunction + "]"},
    {"EmptyListGoes", "openai", R"("tools":[],"tool_choice":{"type":"auto"})", "tools", ""},
    {"ChoiceWithoutToolsGoes", "openai", R"("tools":[],"tool_choice":{"type":"any"})", "tool_choice", ""},
    {"NamedChoiceWithoutToolsGoes", "openai", R"("tool_choice":{"type":"tool","name":"f"})", "tool_choice", ""},
    {"NullGoes", "openai", R"("tools":null)", "tools", ""},
    {"SchemaWithoutProperties", "openai", R"("tools":[{"name":"f","input_schema":{"type":"object"}}])", "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}])"},
    {"SchemaWithoutAnything", "openai", R"("tools":[{"name":"f","input_schema":{}}])", "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}])"},
    {"NoSchema", "openai", R"("tools":[{"name":"f"}])", "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}])"},
    {"SchemaWithoutType", "openai", R"("tools":[{"name":"f","input_schema":{"$schema":"x","properties":{"a":true}}}])",
     "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"$schema":"x","properties":{"a":true},"type":"object"}}}])"},
    {"StrictWhereItComplies", "openai",
     R"("tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}])",
     "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true}}])"},
    {"StrictGoesWhereItDoesNot", "openai",
     R"("tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{}}}}])", "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{}}}}}])",
     "tool_strict_dropped"},
    {"PlaceholderGoes", "openai",
     R"("tools":[{"name":"DeferredToolPlaceholder","description":"x","input_schema":{"type":"object"},"defer_loading":true},)" +
     kTool + "]", "tools", "[" + kFunction + "]"},
    {"DropTools", "openai", R"("tools":[{"name":"NotebookEdit"},)" + kTool + "]", "tools", "[" + kFunction + "]",
     "tools_dropped", "up", [](auto& m) { m.drop_tools = {"NotebookEdit"}; }},
    {"ServerToolGoes", "openai",
     R"("tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8},)" + kTool + "]", "tools",
     "[" + kFunction + "]", "server_tool_dropped"},
    {"ToolsetGoes", "openai", R"("tools":[{"type":"mcp_toolset","mcp_server_name":"x"},)" + kTool + "]", "tools",
     "[" + kFunction + "]", "server_tool_dropped"},
    {"OnlyServerTools", "deepseek",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"auto"})", "tools", "",
     "server_tool_dropped"},
    {"ForcedServerTool", "deepseek",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"})",
     "",
     "error: 400 tool_choice.name: the tool cannot be forced on model test-model: this model cannot search the web"},
    {"SearchModel", "openai",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"})",
     "web_search_options", "{}", "server_tool_emulated", "gpt-4o-search-preview"},
    {"SearchAtOpenRouter", "openrouter", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "tools",
     R"([{"type":"openrouter:web_search"}])", "server_tool_emulated"},
    {"SearchAtVertex", "gemini", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])",
     "web_search_options", "{}", "server_tool_emulated", "google/gemini-2.5-pro",
     [](auto& m) { m.api_base = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi"; }},
    {"NoSearchAtAiStudio", "gemini", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])",
     "web_search_options", "", "server_tool_dropped", "gemini-2.5-pro",
     [](auto& m) { m.api_base = "https://generativelanguage.googleapis.com/v1beta/openai"; }},
    {"SearchAtKimi", "kimi", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "tools",
     R"([{"type":"builtin_function","function":{"name":"$web_search"}}])", "server_tool_emulated", "kimi-k2-0905"},
    {"SearchAtKimiBesideFunctions", "kimi",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{"type":"object","properties":{}}}])",
     "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}},{"type":"builtin_function","function":{"name":"$web_search"}}])",
     "server_tool_emulated", "kimi-k2.6"},
    {"ForcedSearchAtKimi", "kimi",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"})",
     "tool_choice", "", "server_tool_emulated", "kimi-k2.6"},
    {"NoSearchAtKimiThatAlwaysThinks", "kimi", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "tools", "",
     "server_tool_dropped", "kimi-k2-thinking"},
    {"NoSearchAtKimiK3", "kimi", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "tools", "",
     "server_tool_dropped", "kimi-k3"},
    {"SearchAtQwen", "qwen", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "enable_search", "true",
     "server_tool_emulated"},
    {"SearchAtGlm", "glm", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", "tools",
     R"([{"type":"web_search","web_search":{"enable":true,"search_result":true}}])", "server_tool_emulated"},
    {"UnknownTypedTool", "openai", R"("tools":[{"type":"teleport_20990101","name":"t"}])", "",
     "error: 400 tools.0.type: this kind of tool has no schema known here; model test-model needs a custom tool with an input_schema"},
    {"Auto", "openai", R"("tool_choice":{"type":"auto"},"tools":[)" + kTool + "]", "tool_choice", R"("auto")"},
    {"Any", "openai", R"("tool_choice":{"type":"any"},"tools":[)" + kTool + "]", "tool_choice", R"("required")"},
    {"None", "openai", R"("tool_choice":{"type":"none"},"tools":[)" + kTool + "]", "tool_choice", R"("none")"},
    {"Named", "openai", kForced, "tool_choice", R"({"type":"function","function":{"name":"f"}})"},
    {"NamedUnknown", "openai", R"("tool_choice":{"type":"tool","name":"g"},"tools":[)" + kTool + "]", "",
     "error: 400 tool_choice.name: no tool of that name is offered in tools"},
    {"NamedDropped", "openai", kForced, "",
     "error: 400 tool_choice.name: the tool cannot be forced on model test-model: the configuration keeps it from this model (drop_tools)",
     "", "up",
     [](auto& m) { m.drop_tools = {"f"}; }},
    {"AnyAtGlm", "glm", R"("tool_choice":{"type":"any"},"tools":[)" + kTool + "]", "tool_choice", R"("auto")",
     "tool_choice_downgraded"},
    {"NoneAtGlmOffersNone", "glm", R"("tool_choice":{"type":"none"},"tools":[)" + kTool + "]", "tools", ""},
    {"NamedAmongOneAtLlama", "llamacpp", kForced, "tool_choice", R"("required")"},
    {"NamedAmongTwoAtLlama", "llamacpp",
     R"("tool_choice":{"type":"tool","name":"f"},"tools":[)" + kTool + R"(,{"name":"g"}])",
     "tool_choice", R"("required")", "tool_choice_downgraded"},
    {"NamedAtKimiK3", "kimi", kForced, "tool_choice", R"("required")", "", "kimi-k3"},
    {"NamedAtKimiK26", "kimi", kForced, "tool_choice", R"({"type":"function","function":{"name":"f"}})", "",
     "kimi-k2.6"},
    {"NamedAtKimiThatAlwaysThinks", "kimi", kForced, "tool_choice", R"("auto")", "tool_choice_downgraded",
     "kimi-k2.7-code"},
    {"NotParallel", "openai",
     R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true},"tools":[)" + kTool + "]", "parallel_tool_calls",
     "false"},
    {"ParallelIsTheDefault", "openai",
     R"("tool_choice":{"type":"auto","disable_parallel_tool_use":false},"tools":[)" + kTool + "]",
     "parallel_tool_calls", ""},
    {"NotParallelWithoutTools", "openai", R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})",
     "parallel_tool_calls", ""},
    {"NotParallelAtDeepSeek", "deepseek",
     R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true},"tools":[)" + kTool + "]", "parallel_tool_calls",
     "", "parallel_tool_calls_not_limited"},
    {"SchemaNamesGoAtMistral", "mistral",
     R"("tools":[{"name":"f","input_schema":{"$schema":"x","type":"object","properties":{"$id":{"type":"string"}}}}])",
     "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"$id":{"type":"string"}}}}}])"},
    {"LimitsGoAtGroq", "groq",
     R"("tools":[{"name":"f","input_schema":{"type":"object","properties":{"pattern":{"type":"string","pattern":"x","minLength":1},"l":{"type":"array","items":{"type":"string","format":"uri"}}}}}])",
     "tools",
     R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"pattern":{"type":"string"},"l":{"type":"array","items":{"type":"string"}}}}}}])",
     "tool_schema_reduced"},
}), NameOf);

// --- Gemini's schemas -------------------------------------------------------------------------------------------------

struct SchemaCase {
  std::string name;
  std::string schema;
  std::string parameters;  // "" if there must be none.
};

class GeminiSchemaTest : public testing::TestWithParam<SchemaCase> {};

TEST_P(GeminiSchemaTest, IsCutDown) {
  const Translated got = Translate(Request(R"("tools":[{"name":"f","input_schema":)" + GetParam().schema + "}]"),
      TestModel("gemini"));
  json::Document document;
  ASSERT_TRUE(document.Parse(got.body).ok()) << got.body;
  const json::Value tools = document.root()["tools"];
  EXPECT_EQ((*tools.elements().begin())["function"]["parameters"].raw(), GetParam().parameters);
}

std::string Property(const std::string& schema) { return R"({"type":"object","properties":{"p":)" + schema + "}}"; }

INSTANTIATE_TEST_SUITE_P(Schemas, GeminiSchemaTest, testing::ValuesIn(std::vector<SchemaCase>{
    {"NoProperties", R"({"type":"object","properties":{}})", ""},
    {"KnownKeywordsStay", Property(R"({"type":"string","description":"d","minLength":1,"pattern":"x"})"),
     Property(R"({"type":"string","description":"d","minLength":1,"pattern":"x"})")},
    {"ForeignKeywordsGo",
     R"({"$schema":"x","$id":"y","type":"object","additionalProperties":false,"properties":{"p":{"type":"integer","exclusiveMinimum":0,"default":1,"examples":[1]}}})",
     Property(R"({"type":"integer"})")},
    {"PropertyNamedLikeAKeyword", R"({"type":"object","properties":{"default":{"type":"string"}}})",
     R"({"type":"object","properties":{"default":{"type":"string"}}})"},
    {"Const", Property(R"({"const":"a"})"), Property(R"({"type":"string","enum":["a"]})")},
    {"EnumOfStringsOnly", Property(R"({"enum":["a",1,null,"b"]})"), Property(R"({"type":"string","enum":["a","b"]})")},
    {"FormatDateTime", Property(R"({"type":"string","format":"date-time"})"),
     Property(R"({"type":"string","format":"date-time"})")},
    {"FormatUri", Property(R"({"type":"string","format":"uri"})"), Property(R"({"type":"string"})")},
    {"TypeOrNull", Property(R"({"type":["string","null"]})"), Property(R"({"nullable":true,"type":"string"})")},
    {"SeveralTypes", Property(R"({"type":["string","integer"]})"),
     Property(R"({"anyOf":[{"type":"string"},{"type":"integer"}]})")},
    {"AnyOfWithNull", Property(R"({"anyOf":[{"type":"string"},{"type":"null"}]})"),
     Property(R"({"nullable":true,"anyOf":[{"type":"string"}]})")},
    {"OneOf", Property(R"({"oneOf":[{"type":"string"},{"type":"number"}]})"),
     Property(R"({"anyOf":[{"type":"string"},{"type":"number"}]})")},
    {"ArrayWithoutItems", Property(R"({"type":"array"})"), Property(R"({"type":"array","items":{"type":"string"}})")},
    {"AnythingGoes", Property("{}"), Property(R"({"type":"string"})")},
    {"True", Property("true"), Property(R"({"type":"object"})")},
    {"RequiredButUndeclared", R"({"type":"object","properties":{"p":{"type":"string"}},"required":["p","q"]})",
     R"({"type":"object","properties":{"p":{"type":"string"}},"required":["p"]})"},
    {"Reference", R"({"type":"object","properties":{"p":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"number"}}})",
     Property(R"({"type":"number"})")},
    {"DanglingReference", Property(R"({"$ref":"#/$defs/N"})"), Property(R"({"type":"object"})")},
    {"AllOfAReference",
     R"({"type":"object","properties":{"p":{"allOf":[{"$ref":"#/$defs/N"}],"default":1}},"$defs":{"N":{"type":"number"}}})",
     Property(R"({"type":"number"})")},
    {"AllOfOne", Property(R"({"allOf":[{"type":"number"}]})"), Property(R"({"type":"number"})")},
}), [](const auto& row) { return row.param.name; });

TEST(GeminiSchema, EndsWithCircularReferences) {
  const std::string schema = R"({"type":"object","properties":{"p":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"a":{"$ref":"#/$defs/N"},"b":{"$ref":"#/$defs/N"}}}}})";
  const Translated got = Translate(Request(R"("tools":[{"name":"f","input_schema":)" + schema + "}]"),
      TestModel("gemini"));
  EXPECT_LT(got.body.size(), 2u * 1024 * 1024);
  json::Document document;
  EXPECT_TRUE(document.Parse(got.body).ok());
}

// Looking through all definitions for each reference, and at all members for each of them, would take minutes.
TEST(GeminiSchema, AHugeOneIsReadOnce) {
  std::string keywords, definitions, properties;
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    keywords += "\"k" + number + "\":1,";
    definitions += "\"d" + number + R"(":{"type":"string"},)";
    properties += "\"p" + number + R"(":{"$ref":"#/$defs/d)" + number + "\"},";
  }
  const std::string schema = R"({"type":"object",)" + keywords + R"("$defs":{)" + definitions + R"("z":{}},"properties":{)" +
                             properties + R"("z":{}}})";
  const Translated got = Translate(Request(R"("tools":[{"name":"f","input_schema":)" + schema + "}]"), TestModel("gemini"));
  EXPECT_LT(got.body.size(), 4u * 1024 * 1024);
  json::Document document;
  EXPECT_TRUE(document.Parse(got.body).ok());
}

// --- Thinking ---------------------------------------------------------------------------------------------------------

std::string Budget(int tokens) { return R"("thinking":{"type":"enabled","budget_tokens":)" + std::to_string(tokens) +
    "}"; }
const std::string kOff = R"("thinking":{"type":"disabled"})";
const std::string kAdaptive = R"("thinking":{"type":"adaptive","display":"omitted"})";
std::string Effort(const std::string& effort) { return R"("output_config":{"effort":")" + effort + "\"}"; }
void OperatorSaysLow(config::Model& model) { model.reasoning_effort = "low"; }

INSTANTIATE_TEST_SUITE_P(Thinking, ChatParametersTest, testing::ValuesIn(std::vector<Case>{
    {"NeverForwarded", "openai", kAdaptive, "thinking", "", "thinking_dropped"},
    {"OpenAiUnknownModel", "openai", Budget(4000), "reasoning_effort", "", "thinking_dropped"},
    {"OpenAiUnknownModelOperator", "openai", kNothing, "reasoning_effort", R"("low")", "", "up", OperatorSaysLow},
    {"Think", "openai-reasoning", Budget(4000), "reasoning_effort", R"("medium")"},
    {"ThinkLittle", "openai-reasoning", Budget(2047), "reasoning_effort", R"("low")"},
    {"ThinkAtTheEdge", "openai-reasoning", Budget(8192), "reasoning_effort", R"("medium")"},
    {"ThinkHard", "openai-reasoning", Budget(31999), "reasoning_effort", R"("high")"},
    {"Adaptive", "openai-reasoning", kAdaptive, "reasoning_effort", R"("high")"},
    {"AdaptiveWithEffort", "openai-reasoning", kAdaptive + "," + Effort("medium"), "reasoning_effort", R"("medium")"},
    {"EffortAlone", "openai-reasoning", Effort("low"), "reasoning_effort", R"("low")"},
    {"OperatorOverClient", "openai-reasoning", kAdaptive + "," + Effort("high"), "reasoning_effort", R"("low")", "",
     "up", OperatorSaysLow},
    {"MaxIsHighForO3", "openai-reasoning", Effort("max"), "reasoning_effort", R"("high")", "", "o3"},
    {"MaxIsXhighFor52", "openai-reasoning", Effort("max"), "reasoning_effort", R"("xhigh")", "", "gpt-5.2"},
    {"OffAt51", "openai-reasoning", kOff, "reasoning_effort", R"("none")", "", "gpt-5.1"},
    {"OffAt5", "openai-reasoning", kOff, "reasoning_effort", R"("minimal")", "", "gpt-5-mini"},
    {"OffAtCodex", "openai-reasoning", kOff, "reasoning_effort", R"("low")", "", "gpt-5.2-codex"},
    {"MinimalAt51", "openai-reasoning", Effort("minimal"), "reasoning_effort", R"("low")", "", "gpt-5.1"},
    {"OffAtO3", "openai-reasoning", kOff, "reasoning_effort", "", "", "o3"},
    {"Absent", "openai-reasoning", kNothing, "reasoning_effort", ""},
    {"OpenRouterBudget", "openrouter", Budget(5000), "reasoning", R"({"max_tokens":5000})"},
    {"OpenRouterBudgetBelowTheCap", "openrouter", R"("max_tokens":16000,)" + Budget(10000), "reasoning",
     R"({"max_tokens":2192})", "max_tokens_capped,thinking_budget_capped", "up", [](auto& m) { m.max_tokens = 8192; }},
    {"OpenRouterCapWithoutRoom", "openrouter", R"("max_tokens":16000,)" + Budget(10000), "reasoning",
     R"({"effort":"high"})", "max_tokens_capped,thinking_budget_capped", "up", [](auto& m) { m.max_tokens = 1000; }},
    {"OpenRouterAdaptive", "openrouter", kAdaptive + "," + Effort("medium"), "reasoning", R"({"effort":"medium"})"},
    {"OpenRouterOff", "openrouter", kOff, "reasoning", R"({"enabled":false})"},
    {"OpenRouterAbsent", "openrouter", kNothing, "reasoning", ""},
    {"DeepSeekBudget", "deepseek", Budget(4000), "thinking", R"({"type":"enabled"})"},
    {"DeepSeekEffort", "deepseek", Budget(4000), "reasoning_effort", R"("high")"},
    {"DeepSeekLow", "deepseek", Budget(1024), "reasoning_effort", R"("low")"},
    {"DeepSeekMax", "deepseek", kAdaptive + "," + Effort("max"), "reasoning_effort", R"("max")"},
    {"DeepSeekOff", "deepseek", kOff, "thinking", R"({"type":"disabled"})"},
    {"DeepSeekAbsent", "deepseek", kNothing, "thinking", ""},
    {"DeepSeekForcedTool", "deepseek", kAdaptive + "," + kForced, "thinking", R"({"type":"disabled"})",
     "thinking_disabled_for_tool_choice"},
    {"DeepSeekForcedToolByDefault", "deepseek", kForced, "thinking", R"({"type":"disabled"})"},
    {"QwenBudget", "qwen", Budget(5000), "thinking_budget", "5000"},
    {"QwenOn", "qwen", kAdaptive, "enable_thinking", "true"},
    {"QwenOff", "qwen", kOff, "enable_thinking", "false"},
    {"QwenThinksInAStreamOnly", "qwen", kAdaptive, "stream", "true"},
    {"QwenDoesNotThinkWithoutOne", "qwen", kAdaptive, "enable_thinking", "false", "thinking_dropped", "up",
     [](auto& m) { m.can_stream = false; }},
    {"QwenThatAlwaysThinksStreams", "qwen", kNothing, "stream", "true", "", "qwen3-235b-a22b-thinking-2507"},
    {"QwenThatAlwaysThinksIsNotToldToStop", "qwen", kOff, "enable_thinking", "", "", "QwQ-32B"},
    {"QwenAbsentDoesNotStream", "qwen", kNothing, "stream", "false"},
    {"QwenAbsentNotStreaming", "qwen", kNothing, "enable_thinking", "false"},
    {"QwenAbsentStreaming", "qwen", R"("stream":true)", "enable_thinking", ""},
    {"DoubaoOn", "doubao", Budget(5000), "thinking", R"({"type":"enabled"})"},
    {"DoubaoAdaptive", "doubao", kAdaptive, "thinking", R"({"type":"enabled"})", "", "doubao-seed-2-0-pro"},
    {"DoubaoDecidesItself", "doubao", kAdaptive, "thinking", R"({"type":"auto"})", "", "doubao-seed-1-6-250615"},
    {"DoubaoAlwaysThinks", "doubao", kAdaptive, "thinking", R"({"type":"enabled"})", "",
     "doubao-seed-1-6-thinking-250615"},
    {"DoubaoOff", "doubao", kOff, "thinking", R"({"type":"disabled"})"},
    {"VllmOn", "vllm", Budget(5000), "chat_template_kwargs", R"({"enable_thinking":true})"},
    {"LlamaOff", "llamacpp", kOff, "chat_template_kwargs", R"({"enable_thinking":false})"},
    {"VllmAbsent", "vllm", kNothing, "chat_template_kwargs", ""},
    {"GlmEffort", "glm", kAdaptive + "," + Effort("medium"), "reasoning_effort", R"("high")", "", "glm-5.2"},
    {"GlmWithoutEffort", "glm", kAdaptive + "," + Effort("medium"), "reasoning_effort", "", "", "glm-4.7"},
    {"GlmOff", "glm", kOff, "thinking", R"({"type":"disabled"})", "", "glm-5.2"},
    {"GlmThatAlwaysThinks", "glm", kOff, "thinking", "", "", "glm-5.3"},
    {"GlmThatAlwaysThinksLittle", "glm", kOff, "reasoning_effort", R"("low")", "", "GLM-5.3"},
    {"GlmOn", "glm", kAdaptive, "thinking", R"({"type":"enabled"})"},
    {"KimiOff", "kimi", kOff, "thinking", R"({"type":"disabled"})", "", "kimi-k2.5"},
    {"KimiK3Effort", "kimi", kAdaptive + "," + Effort("medium"), "reasoning_effort", R"("high")", "", "kimi-k3"},
    {"KimiK3HasNoSwitch", "kimi", kAdaptive, "thinking", "", "", "kimi-k3"},
    {"KimiK3ThinksBesideAForcedTool", "kimi", kAdaptive + "," + kForced, "reasoning_effort", R"("high")", "",
     "kimi-k3"},
    {"KimiForcedTool", "kimi", kAdaptive + "," + kForced, "thinking", R"({"type":"disabled"})",
     "thinking_disabled_for_tool_choice", "kimi-k2.6"},
    {"KimiDoesNotThinkWhileItSearches", "kimi",
     kAdaptive + R"(,"tools":[{"type":"web_search_20250305","name":"web_search"}])", "thinking", R"({"type":"disabled"})",
     "server_tool_emulated,thinking_disabled_for_search", "kimi-k2.6"},
    {"KimiDoesNotThinkUnaskedWhileItSearches", "kimi", R"("tools":[{"type":"web_search_20250305","name":"web_search"}])",
     "thinking", R"({"type":"disabled"})", "server_tool_emulated", "kimi-k2.5"},
    {"KimiCodeCannotBeKept", "kimi", kOff, "thinking", "", "", "kimi-k2.7-code"},
    {"KimiThinkerRefusesTemperature", "kimi", R"("temperature":0.2)", "temperature", "", "sampling_dropped",
     "kimi-k2.6"},
    {"KimiOthersTakeTemperature", "kimi", R"("temperature":0.2)", "temperature", "0.2", "", "moonshot-v1-8k"},
    {"KimiAlwaysThinks", "kimi", kAdaptive, "thinking", "", "", "kimi-k2-thinking"},
    {"KimiNeverThinks", "kimi", kAdaptive, "thinking", "", "thinking_dropped", "kimi-k2-0905"},
    {"GeminiBudget", "gemini", Budget(5000), "extra_body",
     R"({"google":{"thinking_config":{"thinking_budget":5000,"include_thoughts":true}}})"},
    {"GeminiAdaptive", "gemini", kAdaptive, "extra_body",
     R"({"google":{"thinking_config":{"thinking_budget":-1,"include_thoughts":true}}})"},
    {"GeminiEffort", "gemini", kAdaptive + "," + Effort("medium"), "extra_body",
     R"({"google":{"thinking_config":{"thinking_budget":8192,"include_thoughts":true}}})"},
    {"GeminiOff", "gemini", kOff, "reasoning_effort", R"("none")", "", "gemini-2.5-flash"},
    {"OllamaOff", "ollama", kOff, "reasoning_effort", R"("none")"},
    {"OllamaOn", "ollama", kAdaptive, "reasoning_effort", ""},
}), NameOf);

TEST(ChatParameters, ZeroTokensCannotBeAskedUpstream) {
  const Translated got = Translate(R"({"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]})",
      TestModel("openai"));
  EXPECT_EQ(got.body,
      "error: 400 max_tokens: model test-model cannot warm a cache without an answer; ask for at least 1 token");
}

// --- Names and typed tools --------------------------------------------------------------------------------------------

TEST(ToolNames, AreShortenedAlikeEverywhere) {
  const std::string name = "mcp__server__" + std::string(80, 'x') + ".é";
  const std::string request = Request(R"("tools":[{"name":")" + name + R"("}],"tool_choice":{"type":"tool","name":")" +
      name + R"("},"messages":[)"
      R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":")" + name +
      R"(","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}])");
  const Translated got = Translate(request, TestModel("openai"));
  ASSERT_EQ(got.tool_names.size(), 1u) << got.body;
  const auto& [upstream, client] = *got.tool_names.begin();
  EXPECT_EQ(client, name);
  EXPECT_LE(upstream.size(), 64u);
  std::size_t count = 0;
  for (std::size_t at = got.body.find(upstream); at != std::string::npos; at = got.body.find(upstream, at + 1)) ++count;
  EXPECT_EQ(count, 3u) << "in tools, tool_choice and history";
  EXPECT_EQ(got.body.find(name), std::string::npos);
  EXPECT_EQ(got.losses, "tool_name_changed");
}

TEST(ToolNames, WithOneBeginningStayApart) {
  const std::string a = std::string(70, 'x') + "a", b = std::string(70, 'x') + "b";
  const Translated got = Translate(Request(R"("tools":[{"name":")" + a + R"("},{"name":")" + b + R"("}])"),
      TestModel("openai"));
  EXPECT_EQ(got.tool_names.size(), 2u);
}

// Other tools have each name that could be given to the first; trying them for each call would take many seconds.
TEST(ToolNames, AreFoundOnce) {
  std::string tools = R"({"name":"é"})", calls;
  for (int i = 0; i < 5'000; ++i) {
    const std::string seed = i == 0 ? "é" : "é#" + std::to_string(i);
    tools += R"(,{"name":"___)" + Hex(Sha256(seed).substr(0, 4)) + "\"}";
    calls += (i == 0 ? "" : ",") + (R"({"type":"tool_use","id":"t)" + std::to_string(i)) + R"(","name":"é","input":{}})";
  }
  const Translated got = Translate(
      Request("\"tools\":[" + tools + R"(],"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[)" + calls + "]}]"),
      TestModel("openai"));
  EXPECT_EQ(got.tool_names.size(), 1u);
  EXPECT_EQ(got.tool_names.begin()->first, "___" + Hex(Sha256("é#5000").substr(0, 4)));
}

TEST(ClientTools, GetTheirDocumentedSchemas) {
  for (const std::string type : {"bash_20250124", "text_editor_20250728", "memory_20250818", "computer_20250124"}) {
    const Translated got = Translate(Request(R"("tools":[{"type":")" + type +
        R"(","name":"t","display_width_px":800,"display_height_px":600}])"), TestModel("openai"));
    json::Document document;
    ASSERT_TRUE(document.Parse(got.body).ok()) << got.body;
    const json::Value function = (*document.root()["tools"].elements().begin())["function"];
    EXPECT_GT(function["parameters"]["properties"].size(), 1u) << type;
    EXPECT_FALSE(function["description"].escaped().empty()) << type;
  }
}

TEST(Dialects, AreTheFifteen) {
  std::string names;
  for (const Dialect& dialect : Dialects()) names += std::string(dialect.name) + " ";
  EXPECT_EQ(names,
      "openai openai-reasoning openrouter deepseek qwen doubao gemini groq kimi glm mistral vllm llamacpp ollama "
      "litellm ");
  EXPECT_EQ(FindDialect("nonsense"), nullptr);
}

TEST(Losses, OnlyListedCodesOnceEach) {
  Losses losses;
  losses.Add("top_k_dropped");
  losses.Add("top_k_dropped");
  EXPECT_EQ(losses.codes().size(), 1u);
}

}  // namespace
}  // namespace ccp::translate
