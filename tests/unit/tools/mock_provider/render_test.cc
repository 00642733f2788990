#include "tools/mock_provider/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/mock_provider/canned.h"

namespace ccp::mock {
namespace {

using Json = nlohmann::json;

Request Asked(Api api) {
  Request request;
  request.api = api;
  request.model = "m";
  request.stream = true;
  request.input_tokens = 10;
  return request;
}

std::string Joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

Json DataOf(const std::string& event) {
  const std::size_t at = event.find("data: ");
  return Json::parse(event.substr(at + 6), nullptr, false);
}

Reply Talkative() {
  Reply reply;
  reply.reasoning = "let me see";
  reply.text = "one two";
  reply.tool_calls = {{"", "a", R"({"x":"some longer text"})"}, {"", "b", "{}"}};
  return reply;
}

TEST(Fragments, AreAboutAWordAndJoinAgain) {
  EXPECT_EQ(Fragments("one two three", 0), (std::vector<std::string>{"one", " two", " three"}));
  EXPECT_EQ(Fragments("abcdef", 4), (std::vector<std::string>{"abcd", "ef"}));
  EXPECT_EQ(Fragments("aé", 2), (std::vector<std::string>{"aé"})) << "a character is never cut";
  EXPECT_TRUE(Fragments("", 3).empty());
  for (int size = 0; size < 9; ++size) EXPECT_EQ(Joined(Fragments("añb 漢字 \xF0\x9F\x98\x80 x", size)), "añb 漢字 \xF0\x9F\x98\x80 x");
}

TEST(Render, ChatStreamSaysWhatItsBodySays) {
  Request request = Asked(Api::kChat);
  const Rendering stream = Render(Talkative(), request, "id", 1);
  std::string text, reasoning, finish;
  std::vector<std::string> arguments(2);
  Json usage;
  for (const std::string& event : stream.events) {
    const Json chunk = DataOf(event);
    if (chunk.is_discarded()) continue;
    if (chunk.contains("usage")) usage = chunk["usage"];
    for (const Json& choice : chunk["choices"]) {
      text += choice["delta"].value("content", "");
      reasoning += choice["delta"].value("reasoning_content", "");
      if (choice["finish_reason"].is_string()) finish = choice["finish_reason"];
      for (const Json& call : choice["delta"].value("tool_calls", Json::array())) {
        arguments[call["index"]] += call["function"]["arguments"].get<std::string>();
      }
    }
  }
  request.stream = false;
  const Json body = Json::parse(Render(Talkative(), request, "id", 1).body);
  const Json& message = body["choices"][0]["message"];
  EXPECT_EQ(text, message["content"]);
  EXPECT_EQ(reasoning, message["reasoning_content"]);
  EXPECT_EQ(finish, body["choices"][0]["finish_reason"]);
  EXPECT_EQ(arguments[0], message["tool_calls"][0]["function"]["arguments"]);
  EXPECT_EQ(arguments[1], message["tool_calls"][1]["function"]["arguments"]);
  EXPECT_EQ(usage, body["usage"]);
  EXPECT_EQ(finish, "tool_calls");
  EXPECT_EQ(stream.events.back(), "data: [DONE]\n\n");
}

TEST(Render, MessagesStreamSaysWhatItsBodySays) {
  Request request = Asked(Api::kMessages);
  const Rendering stream = Render(Talkative(), request, "id", 1);
  Json content = Json::array();
  Json last;
  for (const std::string& event : stream.events) {
    const Json data = DataOf(event);
    if (data["type"] == "content_block_start") content.push_back(data["content_block"]);
    if (data["type"] == "message_delta") last = data;
    if (data["type"] != "content_block_delta") continue;
    Json& block = content[data["index"].get<std::size_t>()];
    const Json& delta = data["delta"];
    if (delta["type"] == "text_delta") block["text"] = block["text"].get<std::string>() + delta["text"].get<std::string>();
    if (delta["type"] == "thinking_delta") {
      block["thinking"] = block["thinking"].get<std::string>() + delta["thinking"].get<std::string>();
    }
    if (delta["type"] == "signature_delta") block["signature"] = delta["signature"];
    if (delta["type"] == "input_json_delta") {
      block["json"] = block.value("json", "") + delta["partial_json"].get<std::string>();
    }
  }
  for (Json& block : content) {
    if (!block.contains("json")) continue;
    block["input"] = Json::parse(block["json"].get<std::string>());
    block.erase("json");
  }
  request.stream = false;
  const Json body = Json::parse(Render(Talkative(), request, "id", 1).body);
  EXPECT_EQ(content, body["content"]);
  EXPECT_EQ(last["delta"]["stop_reason"], body["stop_reason"]);
  EXPECT_EQ(last["usage"], body["usage"]);
  EXPECT_EQ(stream.events.back(), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

TEST(Render, UsageKeepsTheBucketsApart) {
  Reply reply;
  reply.text = "x";
  reply.usage = TokenUsage{10, 7, 4, 2, 3};
  Request request = Asked(Api::kChat);
  request.stream = false;
  const Json chat = Json::parse(Render(reply, request, "id", 1).body)["usage"];
  EXPECT_EQ(chat["prompt_tokens"], 16);
  EXPECT_EQ(chat["prompt_tokens_details"]["cached_tokens"], 4);
  EXPECT_EQ(chat["completion_tokens_details"]["reasoning_tokens"], 3);
  request.api = Api::kMessages;
  const Json messages = Json::parse(Render(reply, request, "id", 1).body)["usage"];
  EXPECT_EQ(messages, Json::parse(R"({"input_tokens":10,"cache_creation_input_tokens":2,"cache_read_input_tokens":4,"output_tokens":7})"));
}

TEST(Render, UsageChunkOnlyWhereAsked) {
  Reply reply;
  reply.text = "x";
  Request request = Asked(Api::kChat);
  const std::size_t with = Render(reply, request, "id", 1).events.size();
  request.usage_wanted = false;
  EXPECT_EQ(Render(reply, request, "id", 1).events.size(), with - 1);
}

TEST(Render, InterleavesParallelCalls) {
  Reply reply = Talkative();
  reply.tool_calls[1].arguments = R"({"y":"as long a text"})";
  reply.interleave = true;
  std::string order;
  for (const std::string& event : Render(reply, Asked(Api::kChat), "id", 1).events) {
    const Json chunk = DataOf(event);
    if (chunk.is_discarded() || chunk["choices"].empty() || !chunk["choices"][0]["delta"].contains("tool_calls")) continue;
    order += std::to_string(chunk["choices"][0]["delta"]["tool_calls"][0]["index"].get<int>());
  }
  EXPECT_EQ(order.substr(0, 6), "010101");
}

TEST(Render, ErrorsHaveTheFormOfTheirApi) {
  Reply reply;
  reply.status = 529;
  const Json chat = Json::parse(Render(reply, Asked(Api::kChat), "id", 1).body);
  const Json messages = Json::parse(Render(reply, Asked(Api::kMessages), "id", 1).body);
  EXPECT_EQ(chat["error"]["type"], "overloaded_error");
  EXPECT_EQ(messages["type"], "error");
  EXPECT_EQ(messages["error"]["type"], "overloaded_error");
}

TEST(Render, ErrorEventEndsTheStream) {
  Reply reply = Talkative();
  reply.error_event = ErrorEvent{2, "api_error", "m"};
  const auto events = Render(reply, Asked(Api::kMessages), "id", 1).events;
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[2], "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n");
}

struct DeliveryRow {
  const char* name;
  void (*change)(Reply&);
  Delivery::End want_end;
  bool want_head;
  const char* want_bytes;   // Of the events a, bb, ccc.
  std::size_t want_writes;
};

class DeliveryTest : public testing::TestWithParam<DeliveryRow> {};

TEST_P(DeliveryTest, GoesOutAsPlanned) {
  Reply reply;
  GetParam().change(reply);
  Rendering rendering;
  rendering.stream = true;
  rendering.events = {"a", "bb", "ccc"};
  const Delivery delivery = PlanDelivery(reply, rendering, 0);
  std::string bytes;
  for (const auto& write : delivery.writes) bytes += write.bytes;
  EXPECT_EQ(delivery.end, GetParam().want_end);
  EXPECT_EQ(delivery.head, GetParam().want_head);
  EXPECT_EQ(bytes, GetParam().want_bytes);
  EXPECT_EQ(delivery.writes.size(), GetParam().want_writes);
}

using End = Delivery::End;
INSTANTIATE_TEST_SUITE_P(Plans, DeliveryTest, testing::ValuesIn(std::vector<DeliveryRow>{
    {"Whole", [](Reply&) {}, End::kComplete, true, "abbccc", 3},
    {"CutAfterEvents", [](Reply& r) { r.cut_after_events = 2; }, End::kCut, true, "abb", 2},
    {"CutBehindTheHead", [](Reply& r) { r.cut_after_events = 0; }, End::kCut, true, "", 0},
    {"CutBeyondTheEnd", [](Reply& r) { r.cut_after_events = 3; }, End::kComplete, true, "abbccc", 3},
    {"CutWithinAnEvent", [](Reply& r) { r.cut_after_bytes = 4; }, End::kCut, true, "abbc", 1},
    {"CutBeforeTheHead", [](Reply& r) { r.cut_after_bytes = 0; }, End::kCut, false, "", 1},
    {"HangAfterEvents", [](Reply& r) { r.hang_after_events = 1; }, End::kHang, true, "a", 1},
    {"HangAtOnce", [](Reply& r) { r.hang = true; }, End::kHang, false, "", 0},
    {"SmallWrites", [](Reply& r) { r.write_bytes = 4; }, End::kComplete, true, "abbccc", 2},
    {"ByteByByte", [](Reply& r) { r.write_bytes = 1; }, End::kComplete, true, "abbccc", 6},
}), [](const auto& row_info) { return std::string(row_info.param.name); });

TEST(Delivery, PacesTokensUnlessTheScriptSaysHow) {
  Rendering rendering;
  rendering.stream = true;
  rendering.events = {"a"};
  Reply reply;
  EXPECT_EQ(PlanDelivery(reply, rendering, 50).writes[0].delay, std::chrono::milliseconds(20));
  reply.event_delay_ms = 7;
  EXPECT_EQ(PlanDelivery(reply, rendering, 50).writes[0].delay, std::chrono::milliseconds(7));
}

struct StreamRow {
  const char* body;
  bool want;
};

TEST(Canned, SeesTheWishForAStream) {
  for (const StreamRow& row : {StreamRow{R"({"stream":true})", true}, {R"({"stream": true,"x":1})", true}, {R"({"stream":false})", false},
                               {R"({})", false}, {R"({"stream":)", false}}) {
    EXPECT_EQ(CannedAnswers::WantsStream(row.body), row.want) << row.body;
  }
}

int EventsWith(const CannedAnswer& answer, std::string_view piece) {
  int count = 0;
  for (const std::string& event : answer.events) count += event.find(piece) != std::string::npos ? 1 : 0;
  return count;
}

TEST(Canned, HoldsSoManyTextEvents) {
  const CannedAnswers answers(100);
  const CannedAnswer& messages = answers.For(Api::kMessages, CannedAnswers::Content::kText);
  EXPECT_EQ(EventsWith(messages, "text_delta"), 100);
  EXPECT_EQ(messages.burst, Joined(messages.events));
  EXPECT_NE(answers.For(Api::kChat, CannedAnswers::Content::kText).body.find("token token"), std::string::npos);
}

TEST(Canned, HasChunksAsLargeAsThoseOfProviders) {
  const CannedAnswers answers(3);
  const CannedAnswer& chat = answers.For(Api::kChat, CannedAnswers::Content::kText);
  for (const std::string& event : chat.events) {
    if (event == "data: [DONE]\n\n") continue;
    const auto chunk = nlohmann::json::parse(event.substr(event.find("data: ") + 6));
    EXPECT_TRUE(chunk.contains("usage")) << event;
  }
  EXPECT_GT(chat.events[1].size(), 280u);
  EXPECT_LT(chat.events[1].size(), 310u);
}

TEST(Canned, HoldsThreeCallsInFiftyFragmentsEach) {
  const CannedAnswers answers(1);
  const CannedAnswer& messages = answers.For(Api::kMessages, CannedAnswers::Content::kTools);
  EXPECT_EQ(EventsWith(messages, "input_json_delta"), 3 * 50);
  EXPECT_EQ(EventsWith(messages, R"("tool_use","id")"), 3);
  std::string arguments;
  for (const std::string& event : messages.events) {
    const auto data = nlohmann::json::parse(event.substr(event.find("data: ") + 6));
    if (data["type"] == "content_block_delta" && data["index"] == 0) arguments += data["delta"]["partial_json"];
  }
  EXPECT_NE(std::string(nlohmann::json::parse(arguments)["new_string"]).find("puts(\"a line\");\n"), std::string::npos);
}

TEST(Canned, StampsEventsThatHaveRoom) {
  const CannedAnswers answers(2, /*stamped=*/true);
  const std::chrono::steady_clock::time_point now(std::chrono::nanoseconds(1'234'567));
  int stamped = 0;
  for (std::string event : answers.For(Api::kChat, CannedAnswers::Content::kText).events) {
    const std::string before = event;
    CannedAnswers::Stamp(event, now);
    EXPECT_EQ(event.size(), before.size());
    stamped += event.find("@0000000000001234567\"") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(stamped, 2);
}

}  // namespace
}  // namespace ccp::mock
