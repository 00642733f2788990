#include "edge/translate/messages_request.h"

#include <gtest/gtest.h>

namespace ccp::translate {
namespace {

using Endpoint = MessagesRequest::Endpoint;

struct Case {
  std::string name;
  std::string body;
  std::string error;  // "" if the request is fine.
};

class MessagesRequestTest : public testing::TestWithParam<Case> {};

TEST_P(MessagesRequestTest, IsCheckedInAnthropicsWords) {
  const auto request = MessagesRequest::Parse(GetParam().body, Endpoint::kMessages);
  EXPECT_EQ(request.ok() ? "" : request.error().message, GetParam().error);
  if (request.ok()) return;
  EXPECT_EQ(request.error().http_status, 400);
  EXPECT_EQ(request.error().type, "invalid_request_error");
  EXPECT_EQ(request.error().origin, RequestError::Origin::kClient);
}

const std::string kMessages = R"("messages":[{"role":"user","content":"x"}])";
std::string With(const std::string& members) { return R"({"model":"m","max_tokens":1,)" + kMessages + "," + members +
    "}"; }
std::string Messages(const std::string& elements) { return R"({"model":"m","max_tokens":1,"messages":[)" + elements +
    "]}"; }
std::string Block(const std::string& block) { return Messages(R"({"role":"user","content":[)" + block + "]}"); }

INSTANTIATE_TEST_SUITE_P(Bodies, MessagesRequestTest, testing::ValuesIn(std::vector<Case>{
    {"Smallest", R"({"model":"m","max_tokens":1,)" + kMessages + "}", ""},
    {"UnknownFieldsAreFine", With(R"("betas":["x"],"speed":1,"x":{"y":[]})"), ""},
    {"NullsAreAbsent",
     With(R"("system":null,"tools":null,"tool_choice":null,"thinking":null,"stream":null,"temperature":null,"stop_sequences":null,"metadata":null)"),
     ""},
    {"ZeroTokens", R"({"model":"m","max_tokens":0,)" + kMessages + "}", ""},
    {"EmptyTools", With(R"("tools":[])"), ""},
    {"Empty", "", "The request body is not valid JSON: it is empty"},
    {"Cut", "{", "The request body is not valid JSON at byte 1: want a member name here"},
    {"NoObject", "[]", "The request body should be a JSON object"},
    {"ModelTwice", R"({"model":"m","max_tokens":1,"mod\u0065l":"n",)" + kMessages + "}",
     "model: the field is given more than once"},
    {"ModelMissing", R"({"max_tokens":1,)" + kMessages + "}", "model: Field required"},
    {"ModelNull", R"({"model":null,"max_tokens":1,)" + kMessages + "}", "model: Field required"},
    {"ModelNumber", R"({"model":1,"max_tokens":1,)" + kMessages + "}", "model: Input should be a valid string"},
    {"ModelEmpty", R"({"model":"","max_tokens":1,)" + kMessages + "}",
     "model: String should have at least 1 character"},
    {"TokensMissing", R"({"model":"m",)" + kMessages + "}", "max_tokens: Field required"},
    {"TokensString", R"({"model":"m","max_tokens":"1",)" + kMessages + "}",
     "max_tokens: Input should be a valid integer"},
    {"TokensFraction", R"({"model":"m","max_tokens":1.5,)" + kMessages + "}",
     "max_tokens: Input should be a valid integer"},
    {"TokensNegative", R"({"model":"m","max_tokens":-1,)" + kMessages + "}",
     "max_tokens: Input should be greater than or equal to 0"},
    {"MessagesMissing", R"({"model":"m","max_tokens":1})", "messages: Field required"},
    {"MessagesObject", R"({"model":"m","max_tokens":1,"messages":{}})", "messages: Input should be a valid list"},
    {"MessagesEmpty", Messages(""), "messages: at least one message is required"},
    {"MessageString", Messages("\"x\""), "messages.0: Input should be a valid dictionary"},
    {"RoleMissing", Messages(R"({"content":"x"})"), "messages.0.role: Field required"},
    {"RoleUnknown", Messages(R"({"role":"user","content":"x"},{"role":"tool","content":"x"})"),
     R"(messages.1.role: Input should be "user", "assistant" or "system")"},
    {"RoleNumber", Messages(R"({"role":1,"content":"x"})"),
     R"(messages.0.role: Input should be "user", "assistant" or "system")"},
    {"RoleSystem", Messages(R"({"role":"user","content":"x"},{"role":"system","content":"x"})"), ""},
    {"ContentMissing", Messages(R"({"role":"user"})"), "messages.0.content: Field required"},
    {"ContentNull", Messages(R"({"role":"user","content":null})"), "messages.0.content: Field required"},
    {"ContentNumber", Messages(R"({"role":"user","content":1})"),
     "messages.0.content: Input should be a valid string or a list of content blocks"},
    {"BlockString", Block("\"x\""), "messages.0.content.0: Input should be a valid dictionary"},
    {"BlockWithoutType", Block(R"({"text":"x"})"), "messages.0.content.0.type: Field required"},
    {"BlockUnknown", Block(R"({"type":"hologram"})"), ""},
    {"TextMissing", Block(R"({"type":"text"})"), "messages.0.content.0.text: Field required"},
    {"TextNumber", Block(R"({"type":"text","text":1})"), "messages.0.content.0.text: Input should be a valid string"},
    {"ToolUseWithoutId", Block(R"({"type":"tool_use","name":"f","input":{}})"),
     "messages.0.content.0.id: Field required"},
    {"ToolUseInputString", Block(R"({"type":"tool_use","id":"t","name":"f","input":"{}"})"),
     "messages.0.content.0.input: Input should be a valid dictionary"},
    {"ToolResultWithoutId", Block(R"({"type":"tool_result"})"), "messages.0.content.0.tool_use_id: Field required"},
    {"ToolResultContentNumber", Block(R"({"type":"tool_result","tool_use_id":"t","content":1})"),
     "messages.0.content.0.content: Input should be a valid string or a list of content blocks"},
    {"ToolResultInner", Block(R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"text"}]})"),
     "messages.0.content.0.content.0.text: Field required"},
    {"ToolResultErrorString", Block(R"({"type":"tool_result","tool_use_id":"t","is_error":"yes"})"),
     "messages.0.content.0.is_error: Input should be a valid boolean"},
    {"ImageWithoutSource", Block(R"({"type":"image"})"), "messages.0.content.0.source: Field required"},
    {"ImageWithoutData", Block(R"({"type":"image","source":{"type":"base64","media_type":"image/png"}})"),
     "messages.0.content.0.source.data: Field required"},
    {"ImageWithoutUrl", Block(R"({"type":"image","source":{"type":"url"}})"),
     "messages.0.content.0.source.url: Field required"},
    {"SystemNumber", With(R"("system":1)"), "system: Input should be a valid string or a list of content blocks"},
    {"SystemBlock", With(R"("system":[{"type":"text"}])"), "system.0.text: Field required"},
    {"ToolsObject", With(R"("tools":{})"), "tools: Input should be a valid list"},
    {"ToolWithoutName", With(R"("tools":[{"input_schema":{}}])"), "tools.0.name: Field required"},
    {"ToolNameEmpty", With(R"("tools":[{"name":""}])"), "tools.0.name: String should have at least 1 character"},
    {"ToolSchemaString", With(R"("tools":[{"name":"f","input_schema":"x"}])"),
     "tools.0.input_schema: Input should be a valid dictionary"},
    {"ChoiceString", With(R"("tool_choice":"auto")"), "tool_choice: Input should be a valid dictionary"},
    {"ChoiceUnknown", With(R"("tool_choice":{"type":"required"})"),
     R"(tool_choice.type: Input should be "auto", "any", "tool" or "none")"},
    {"ChoiceWithoutName", With(R"("tool_choice":{"type":"tool"})"), "tool_choice.name: Field required"},
    {"StreamString", With(R"("stream":"yes")"), "stream: Input should be a valid boolean"},
    {"TemperatureString", With(R"("temperature":"hot")"), "temperature: Input should be a valid number"},
    {"StopString", With(R"("stop_sequences":"x")"), "stop_sequences: Input should be a valid list"},
    {"StopNumber", With(R"("stop_sequences":["x",1])"), "stop_sequences.1: Input should be a valid string"},
    {"ThinkingBool", With(R"("thinking":true)"), "thinking: Input should be a valid dictionary"},
    {"ThinkingWithoutType", With(R"("thinking":{})"), "thinking.type: Field required"},
    {"MetadataString", With(R"("metadata":"x")"), "metadata: Input should be a valid dictionary"},
}), [](const auto& row) { return row.param.name; });

TEST(MessagesRequest, CountingNeedsNoTokenLimit) {
  EXPECT_TRUE(MessagesRequest::Parse(R"({"model":"m",)" + kMessages + "}", Endpoint::kCountTokens).ok());
  EXPECT_FALSE(MessagesRequest::Parse(R"({"model":"m","max_tokens":"x",)" + kMessages + "}",
      Endpoint::kCountTokens).ok());
}

TEST(MessagesRequest, GivesItsFacts) {
  const auto request = MessagesRequest::Parse(
      R"({"model":"claude-\u0068aiku","max_tokens":7,"stream":true,"thinking":{"type":"adaptive","display":"omitted"},"metadata":{"user_id":"{\"a\":1}"},)"
      R"("tools":[{"name":"Bash","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],)"
      R"("messages":[{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"url","url":"u"}}]}]}]})",
      Endpoint::kMessages);
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_TRUE((*request)->omit_thinking_text());
  const route::Facts facts = (*request)->facts();
  EXPECT_EQ(facts.model, "claude-haiku");
  EXPECT_TRUE(facts.thinking);
  EXPECT_TRUE(facts.web_search);
  EXPECT_TRUE(facts.image);
  EXPECT_EQ(facts.user, R"({"a":1})");
  EXPECT_EQ(facts.tools, (std::vector<std::string>{"Bash", "web_search"}));
}

TEST(MessagesRequest, AnAnsweredImageIsNoFact) {
  const auto request = MessagesRequest::Parse(
      Messages(R"({"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"}}]},{"role":"assistant","content":"a"},{"role":"user","content":"b"})"),
      Endpoint::kMessages);
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE((*request)->facts().image);
}

}  // namespace
}  // namespace ccp::translate
