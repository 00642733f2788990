#include "edge/translate/direct_request.h"

#include <gtest/gtest.h>

#include "edge/translate/reasoning_state.h"
#include "tests/unit/edge/translate/request_harness.h"

namespace ccp::translate {
namespace {

struct Case {
  std::string name;
  std::string body;
  std::string want;
};

class DirectRequestTest : public testing::TestWithParam<Case> {};

TEST_P(DirectRequestTest, KeepsEveryOtherByte) {
  const auto request = MessagesRequest::Parse(GetParam().body, MessagesRequest::Endpoint::kMessages);
  ASSERT_TRUE(request.ok()) << request.error().message;
  config::Model model = TestModel("openai", "claude-x");
  model.max_tokens = 1000;
  const std::string got = ToDirectRequest(**request, model);
  EXPECT_EQ(got, GetParam().want);
  json::Document document;
  EXPECT_TRUE(document.Parse(got).ok());
}

const std::string kOurs = EncodeState({StateKind::kReasoningContent, "hm"}, kTestSecret);
const std::string kOurThinking = R"({"type":"thinking","thinking":"hm","signature":")" + kOurs + "\"}";
const std::string kTheirThinking = R"({"type":"thinking","thinking":"hm","signature":"EqQBCkYIBxgC"})";
const std::string kText = R"({"type":"text","text":"a"})";
std::string Turn(const std::string& blocks) {
  return R"({"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"q"}, {"role":"assistant","content":[)" + blocks + R"(]} ,{"role":"user","content":"r"}]})";
}
const std::string kStateId = AttachStateToToolId("toolu_1", {StateKind::kThoughtSignature, "s"}, kTestSecret);
std::string CallAndResult(const std::string& id) {
  return Turn(R"({"type":"tool_use","id":")" + id + R"(","name":"f","input":{}},{"type":"tool_result","tool_use_id":")" + id + "\"}");
}

INSTANTIATE_TEST_SUITE_P(Bodies, DirectRequestTest, testing::ValuesIn(std::vector<Case>{
    {"ModelAndNothingElse", R"( {"x" : 9007199254740993 , "model" :"m\u0031","max_tokens":5,"messages":[{"role":"user","content":"\ud83d"}],"cache_control":{ } })" "\n",
     R"( {"x" : 9007199254740993 , "model" :"claude-x","max_tokens":5,"messages":[{"role":"user","content":"\ud83d"}],"cache_control":{ } })" "\n"},
    {"TokensAreCapped", R"({"max_tokens":32000,"model":"m","messages":[{"role":"user","content":"x"}]})", R"({"max_tokens":1000,"model":"claude-x","messages":[{"role":"user","content":"x"}]})"},
    {"TokensAtTheCapKeepTheirDigits", R"({"max_tokens":1e3,"model":"m","messages":[{"role":"user","content":"x"}]})", R"({"max_tokens":1e3,"model":"claude-x","messages":[{"role":"user","content":"x"}]})"},
    {"TheirThinkingStays", Turn(kTheirThinking + "," + kText), Turn(kTheirThinking + "," + kText)},
    {"OurThinkingGoesFirst", Turn(kOurThinking + " , " + kText), Turn(kText)},
    {"OurThinkingGoesBetween", Turn(kText + "," + kOurThinking + "," + kOurThinking + "," + kText), Turn(kText + "," + kText)},
    {"OurThinkingGoesLast", Turn(kText + "," + kOurThinking), Turn(kText)},
    {"NothingLeftIsNoTurn", Turn(kOurThinking), R"({"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"q"}, {"role":"user","content":"r"}]})"},
    {"ToolIdsLoseTheirState", CallAndResult(kStateId), CallAndResult("toolu_1")},
    {"OtherToolIdsStay", CallAndResult("call--x"), CallAndResult("call--x")},
}), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ccp::translate
