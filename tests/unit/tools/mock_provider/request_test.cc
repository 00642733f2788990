#include "tools/mock_provider/request.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccp::mock {
namespace {

struct Row {
  const char* name;
  Api api;
  const char* body;
  const char* want_text;
  const char* want_facts;  // t: tool result, i: image, s: stream, u: usage wanted, T: tools.
};

class RequestTest : public testing::TestWithParam<Row> {};

std::string Facts(const Request& request) {
  std::string facts;
  if (request.has_tool_result) facts += 't';
  if (request.has_image) facts += 'i';
  if (request.stream) facts += 's';
  if (request.usage_wanted) facts += 'u';
  if (request.has_tools) facts += 'T';
  return facts;
}

TEST_P(RequestTest, Reads) {
  const auto request = ReadRequest(GetParam().api, "/", {}, GetParam().body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->newest_text, GetParam().want_text);
  EXPECT_EQ(Facts(*request), GetParam().want_facts);
}

INSTANTIATE_TEST_SUITE_P(Bodies, RequestTest, testing::ValuesIn(std::vector<Row>{
    {"Text", Api::kChat, R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", "hi", "u"},
    {"ChatStream", Api::kChat, R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})", "hi", "s"},
    {"ChatStreamUsage", Api::kChat,
     R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})", "hi", "su"},
    {"MessagesStream", Api::kMessages, R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})", "hi", "su"},
    {"Newest", Api::kChat, R"({"model":"m","messages":[{"role":"user","content":"old"},{"role":"assistant","content":"a"},
      {"role":"user","content":"new"}]})", "new", "u"},
    {"SystemBehind", Api::kMessages, R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"system","content":"s"}]})", "hi", "u"},
    {"RemindersAreNoText", Api::kMessages, R"({"model":"m","messages":[{"role":"user","content":[
      {"type":"text","text":"<system-reminder>x</system-reminder>"},{"type":"text","text":"hi"}]}]})", "hi", "u"},
    {"ChatImage", Api::kChat, R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}},
      {"type":"text","text":"look"}]}]})", "look", "iu"},
    {"MessagesImage", Api::kMessages, R"({"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]})", "", "iu"},
    {"ChatToolResult", Api::kChat, R"({"model":"m","messages":[{"role":"tool","tool_call_id":"c","content":"42"}]})", "42", "tu"},
    {"MessagesToolResult", Api::kMessages, R"({"model":"m","messages":[{"role":"user","content":[
      {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"42"}]}]}]})", "42", "tu"},
    {"Tools", Api::kChat, R"({"model":"m","tools":[{}],"messages":[{"role":"user","content":"hi"}]})", "hi", "uT"},
    {"EmptyTools", Api::kChat, R"({"model":"m","tools":[],"messages":[{"role":"user","content":"hi"}]})", "hi", "u"},
}), [](const auto& row_info) { return std::string(row_info.param.name); });

TEST(Request, RefusesWhatAProviderWouldRefuse) {
  for (const char* body : {"", "[]", "{", R"({"model":"m"})", R"({"model":"m","messages":[]})", R"({"messages":[{}]})",
                           R"({"model":"m","messages":"hi"})"}) {
    EXPECT_FALSE(ReadRequest(Api::kChat, "/", {}, body).ok()) << body;
  }
}

}  // namespace
}  // namespace ccp::mock
