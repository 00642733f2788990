#include "edge/translate/direct_request.h"

#include <gtest/gtest.h>

#include "edge/translate/reasoning_state.h"
#include "edge/translate/search_round.h"
#include "tests/unit/edge/translate/request_harness.h"

namespace ccp::translate {
namespace {

struct Case {
  std::string name;
  std::string body;
  std::string want;
  std::string losses = "";
  std::string api_base = "https://api.anthropic.com/v1";
};

class DirectRequestTest : public testing::TestWithParam<Case> {};

TEST_P(DirectRequestTest, KeepsEveryOtherByte) {
  const auto request = MessagesRequest::Parse(GetParam().body, MessagesRequest::Endpoint::kMessages);
  ASSERT_TRUE(request.ok()) << request.error().message;
  config::Model model = TestModel("openai", "claude-x");
  model.api_base = GetParam().api_base;
  model.max_tokens = 1000;
  Losses losses;
  const std::string got = ToDirectRequest(**request, model, losses);
  EXPECT_EQ(got, GetParam().want);
  EXPECT_EQ(Joined(losses), GetParam().losses);
  EXPECT_EQ(ToDirectRequest(**request, model), got);
  json::Document document;
  EXPECT_TRUE(document.Parse(got).ok());
}

const std::string kOurs = EncodeState({StateKind::kReasoningContent, "hm"}, kTestSecret);
const std::string kOurThinking = R"({"type":"thinking","thinking":"hm","signature":")" + kOurs + "\"}";
const std::string kTheirThinking = R"({"type":"thinking","thinking":"hm","signature":"EqQBCkYIBxgC"})";
const std::string kRedacted = R"({"type":"redacted_thinking","data":"EmwKAhgBEgy3va3pzix/LafPsn4="})";
const std::string kVendorsThinking =
    R"({"type":"thinking","thinking":"hm","signature":"8f14e45f-ceea-467f-a8d6-2f1e3c5b7d90"})";
const std::string kHexThinking =
    R"({"type":"thinking","thinking":"hm","signature":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"})";
// The same signature as two clients write it: .NET escapes the plus sign, PHP the slash.
const std::string kEscapedThinking = R"({"type":"thinking","thinking":"hm","signature":"EqQB\u002BCkYI\/Bxg="})";
const std::string kEscapedRedacted = R"({"type":"redacted_thinking","data":"Emw\u002B\/f="})";
const std::string kUnsignedThinking = R"({"type":"thinking","thinking":"hm","signature":""})";
std::string Search(const std::string& content) {
  return R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}},)"
         R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":)" + content + "}";
}
std::string Page(const std::string& content) {
  return R"([{"type":"web_search_result","url":"https://a.example/","title":"A","encrypted_content":")" + content +
         R"(","page_age":null}])";
}
std::string EchoedSearch() {
  const std::vector<std::string> blocks = BlocksOf({.text = {}, .reasoning = {}, .calls = {{"s1", "{}"}}}, "seed");
  return blocks[0] + "," + blocks[1];
}
const std::string kText = R"({"type":"text","text":"a"})";
std::string Turn(const std::string& blocks) {
  return R"({"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"q"}, {"role":"assistant","content":[)" +
         blocks + R"(]} ,{"role":"user","content":"r"}]})";
}
const std::string kStateId = AttachStateToToolId("toolu_1", {StateKind::kThoughtSignature, "s"}, kTestSecret);
std::string CallAndResult(const std::string& id) {
  return Turn(R"({"type":"tool_use","id":")" + id +
              R"(","name":"f","input":{}},{"type":"tool_result","tool_use_id":")" + id + "\"}");
}

// A tool loop in which the assistant has spoken twice; `first` and `second` are its blocks before the calls.
std::string Loop(const std::string& thinking, const std::string& first, const std::string& second,
                 const std::string& rest = "") {
  const auto call = [](const std::string& blocks, const std::string& id) {
    return R"({"role":"assistant","content":[)" + blocks + R"({"type":"tool_use","id":")" + id +
           R"(","name":"f","input":{}}]},)"
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":")" + id +
           R"("},{"type":"text","text":"reminder"}]})";
  };
  return R"({"model":"claude-x","max_tokens":900,"thinking":)" + thinking + rest +
         R"(,"messages":[{"role":"user","content":"q"},)" +
         call(first, "t1") + "," + call(second, "t2") + "]}";
}
const std::string kEnabled = R"({"type":"enabled","budget_tokens":2000})";
const std::string kDisabled = R"({"type":"disabled"})";
const std::string kAdaptive = R"({"type":"adaptive"})";
std::string Edits(const std::string& edits) { return R"(,"context_management":{"edits":)" + edits + "}"; }
const std::string kClearThinking = R"({"type":"clear_thinking_20251015","keep":"all"})";
const std::string kClearTools = R"({"type":"clear_tool_uses_20250919"})";

INSTANTIATE_TEST_SUITE_P(ToolLoops, DirectRequestTest, testing::ValuesIn(std::vector<Case>{
    {"BegunByUsGoesOnWithoutThinking", Loop(kEnabled, kOurThinking + ",", ""), Loop(kDisabled, "", ""),
     "thinking_disabled_for_history,thinking_history_dropped"},
    {"BegunByUsLosesLaterThinkingToo", Loop(kEnabled, kOurThinking + ",", kTheirThinking + ","),
     Loop(kDisabled, "", ""),
     "thinking_disabled_for_history,thinking_history_dropped"},
    {"BegunByThemGoesOn", Loop(kEnabled, kTheirThinking + ",", kOurThinking + ","),
     Loop(kEnabled, kTheirThinking + ",", ""),
     "thinking_history_dropped"},
    {"TheirThinkingBehindOursIsEnough", Loop(kEnabled, kOurThinking + "," + kTheirThinking + ",", ""),
     Loop(kEnabled, kTheirThinking + ",", ""), "thinking_history_dropped"},
    {"WithoutThinkingIsLeftAlone", Loop(kEnabled, "", ""), Loop(kEnabled, "", "")},
    {"BegunByACompatibleVendorGoesOnWithoutThinking", Loop(kEnabled, kVendorsThinking + ",", ""),
     Loop(kDisabled, "", ""), "thinking_disabled_for_history,thinking_history_dropped"},
    {"BegunByThemInEscapesGoesOn", Loop(kEnabled, kEscapedThinking + ",", kEscapedRedacted + ","),
     Loop(kEnabled, kEscapedThinking + ",", kEscapedRedacted + ",")},
    {"AdaptiveNeedsNone", Loop(kAdaptive, kOurThinking + ",", ""), Loop(kAdaptive, "", ""), "thinking_history_dropped"},
    {"EditsOfThinkingGoAlong", Loop(kEnabled, kOurThinking + ",", "", Edits("[" + kClearThinking + "]")),
     Loop(kDisabled, "", "", Edits("[]")), "thinking_disabled_for_history,thinking_history_dropped"},
    {"OtherEditsStay", Loop(kEnabled, kOurThinking + ",", "", Edits("[" + kClearThinking + "," + kClearTools + "]")),
     Loop(kDisabled, "", "", Edits("[" + kClearTools + "]")), "thinking_disabled_for_history,thinking_history_dropped"},
}), [](const auto& row) { return row.param.name; });

std::string Budgeted(int max_tokens, const std::string& thinking) {
  return R"({"model":"claude-x","max_tokens":)" + std::to_string(max_tokens) + R"(,"thinking":)" + thinking +
         R"(,"messages":[{"role":"user","content":"q"}]})";
}
std::string Budget(int tokens) { return R"({"type":"enabled","budget_tokens":)" + std::to_string(tokens) + "}"; }

struct CapCase {
  std::string name;
  int cap;
  std::string body;
  std::string want;
  std::string losses;
};

class CappedBudgetTest : public testing::TestWithParam<CapCase> {};

TEST_P(CappedBudgetTest, StaysBelowMaxTokens) {
  const auto request = MessagesRequest::Parse(GetParam().body, MessagesRequest::Endpoint::kMessages);
  ASSERT_TRUE(request.ok()) << request.error().message;
  config::Model model = TestModel("openai", "claude-x");
  model.max_tokens = GetParam().cap;
  Losses losses;
  EXPECT_EQ(ToDirectRequest(**request, model, losses), GetParam().want);
  EXPECT_EQ(Joined(losses), GetParam().losses);
}

INSTANTIATE_TEST_SUITE_P(Budgets, CappedBudgetTest, testing::ValuesIn(std::vector<CapCase>{
    {"ThatFitsIsLeftAlone", 12000, Budgeted(16000, Budget(10000)), Budgeted(12000, Budget(10000)), "max_tokens_capped"},
    {"GivesWayToTheAnswer", 8192, Budgeted(16000, Budget(10000)), Budgeted(8192, Budget(2192)),
     "max_tokens_capped,thinking_budget_capped"},
    {"LeavesOneTokenAsAsked", 8192, Budgeted(32000, Budget(31999)), Budgeted(8192, Budget(8191)),
     "max_tokens_capped,thinking_budget_capped"},
    {"IsNeverBelowTheLeast", 2000, Budgeted(16000, Budget(10000)), Budgeted(2000, Budget(1024)),
     "max_tokens_capped,thinking_budget_capped"},
    {"MayExceedMaxTokensBetweenTools", 2000, Budgeted(4000, Budget(10000)), Budgeted(2000, Budget(1999)),
     "max_tokens_capped,thinking_budget_capped"},
    {"WithoutRoomIsOff", 1024, Budgeted(16000, Budget(10000)), Budgeted(1024, kDisabled),
     "max_tokens_capped,thinking_disabled_for_max_tokens"},
    {"UncappedIsTheClientsOwn", 16000, Budgeted(16000, Budget(16000)), Budgeted(16000, Budget(16000)), ""},
}), [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Bodies, DirectRequestTest, testing::ValuesIn(std::vector<Case>{
    {"ModelAndNothingElse",
     R"( {"x" : 9007199254740993 , "model" :"m\u0031","max_tokens":5,"messages":[{"role":"user","content":"\ud83d"}],"cache_control":{ } })" "\n",
     R"( {"x" : 9007199254740993 , "model" :"claude-x","max_tokens":5,"messages":[{"role":"user","content":"\ud83d"}],"cache_control":{ } })" "\n"},
    {"TokensAreCapped", R"({"max_tokens":32000,"model":"m","messages":[{"role":"user","content":"x"}]})",
     R"({"max_tokens":1000,"model":"claude-x","messages":[{"role":"user","content":"x"}]})", "max_tokens_capped"},
    {"TokensAtTheCapKeepTheirDigits", R"({"max_tokens":1e3,"model":"m","messages":[{"role":"user","content":"x"}]})",
     R"({"max_tokens":1e3,"model":"claude-x","messages":[{"role":"user","content":"x"}]})"},
    {"TheirThinkingStays", Turn(kTheirThinking + "," + kText), Turn(kTheirThinking + "," + kText)},
    {"OurThinkingGoesFirst", Turn(kOurThinking + " , " + kText), Turn(kText), "thinking_history_dropped"},
    {"OurThinkingGoesBetween", Turn(kText + "," + kOurThinking + "," + kOurThinking + "," + kText),
     Turn(kText + "," + kText),
     "thinking_history_dropped"},
    {"OurThinkingGoesLast", Turn(kText + "," + kOurThinking), Turn(kText), "thinking_history_dropped"},
    {"NothingLeftIsNoTurn", Turn(kOurThinking),
     R"({"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"q"}, {"role":"user","content":"r"}]})",
     "thinking_history_dropped"},
    {"ThinkingOfACompatibleVendorGoes", Turn(kVendorsThinking + "," + kText), Turn(kText), "thinking_history_dropped"},
    {"ThinkingSignedInHexGoes", Turn(kHexThinking + "," + kText), Turn(kText), "thinking_history_dropped"},
    {"UnsignedThinkingGoes", Turn(kUnsignedThinking + "," + kText), Turn(kText), "thinking_history_dropped"},
    {"ACompatibleVendorGetsItsThinkingBack", Turn(kVendorsThinking + "," + kText), Turn(kVendorsThinking + "," + kText),
     "", "https://api.deepseek.com/anthropic"},
    {"ACompatibleVendorGetsNoneOfOurs", Turn(kOurThinking + "," + kText), Turn(kText), "thinking_history_dropped",
     "https://api.deepseek.com/anthropic"},
    {"RedactedThinkingOfAClaudeStays", Turn(kRedacted + "," + kText), Turn(kRedacted + "," + kText)},
    {"RedactedThinkingOfNoClaudeGoes", Turn(R"({"type":"redacted_thinking","data":"8f14-e45f"},)" + kText), Turn(kText),
     "thinking_history_dropped"},
    {"OurSearchesGo", Turn(kText + "," + Search(Page("")) + "," + kText), Turn(kText + "," + kText),
     "server_tool_history_dropped"},
    {"TheirSearchesStay", Turn(kText + "," + Search(Page("EpgB")) + "," + kText),
     Turn(kText + "," + Search(Page("EpgB")) + "," + kText)},
    {"SearchesOfKimiGo", Turn(kText + "," + EchoedSearch() + "," + kText), Turn(kText + "," + kText),
     "server_tool_history_dropped"},
    {"TheirSearchesWithoutPagesStay", Turn(kText + "," + Search("[]")), Turn(kText + "," + Search("[]"))},
    {"FailedSearchesStay", Turn(kText + "," + Search(R"({"type":"web_search_tool_result_error","error_code":"x"})")),
     Turn(kText + "," + Search(R"({"type":"web_search_tool_result_error","error_code":"x"})"))},
    {"ToolIdsLoseTheirState", CallAndResult(kStateId), CallAndResult("toolu_1")},
    {"OtherToolIdsStay", CallAndResult("call--x"), CallAndResult("call--x")},
}), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ccp::translate
