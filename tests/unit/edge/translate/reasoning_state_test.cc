#include "edge/translate/reasoning_state.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ccp::translate {
namespace {

constexpr std::string_view kSecret = "fleet secret";

struct Case {
  std::string name;
  ReasoningState state;
};

class ReasoningStateTest : public testing::TestWithParam<Case> {};

TEST_P(ReasoningStateTest, ComesBackFromASignature) {
  const std::string token = EncodeState(GetParam().state, kSecret);
  EXPECT_TRUE(LooksLikeState(token)) << token;
  EXPECT_EQ(DecodeState(token, kSecret), GetParam().state);
}

TEST_P(ReasoningStateTest, ComesBackFromAToolId) {
  const std::string id = AttachStateToToolId("call_1", GetParam().state, kSecret);
  EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; }))
      << id;
  const ToolIdParts parts = SplitToolId(id, kSecret);
  EXPECT_EQ(parts.id, "call_1");
  EXPECT_EQ(parts.state, GetParam().state);
}

TEST_P(ReasoningStateTest, IsRefusedUnderAnotherSecret) {
  const std::string token = EncodeState(GetParam().state, kSecret);
  EXPECT_TRUE(LooksLikeState(token));
  EXPECT_EQ(DecodeState(token, "another"), std::nullopt);
  const ToolIdParts parts = SplitToolId(AttachStateToToolId("call_1", GetParam().state, kSecret), "another");
  EXPECT_EQ(parts.id, "call_1") << "what means nothing to the upstream is cut off all the same";
  EXPECT_EQ(parts.state, std::nullopt);
}

TEST_P(ReasoningStateTest, IsRefusedWhenAnyLetterChanges) {
  const std::string token = EncodeState(GetParam().state, kSecret);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string damaged = token;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(DecodeState(damaged, kSecret), std::nullopt) << "letter " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReasoningStateTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"Marker", {StateKind::kMarker, ""}},
                             {"Text", {StateKind::kReasoningContent, "I think\n\xC3\xA9"}},
                             {"Details", {StateKind::kReasoningDetails, R"([{"type":"reasoning.text","text":"x"}])"}},
                             {"AllBytes", {StateKind::kThoughtSignature, std::string("\0\xFF\xFB\xEF\xBE--ccp1--", 13)}},
                         }),
                         [](const auto& row) { return row.param.name; });

TEST(ReasoningState, CarriesLongReasoning) {
  const ReasoningState state{StateKind::kReasoningContent, std::string(100'000, 'x')};
  EXPECT_EQ(DecodeState(EncodeState(state, kSecret), kSecret), state);
}

TEST(ReasoningState, ForeignSignaturesAreNotOurs) {
  for (const std::string_view token : {"", "EqQBCkYIBxgCKkB", "ccp1.", "ccp1..", "ccp1.AA", "ccp1.AA.short", "ccp2.AA.0123456789012345678901"}) {
    EXPECT_FALSE(LooksLikeState(token)) << token;
    EXPECT_EQ(DecodeState(token, kSecret), std::nullopt) << token;
  }
}

TEST(ReasoningState, ForeignToolIdsStayAsTheyAre) {
  for (const std::string_view id : {"", "toolu_01", "call--x", "call--ccp1--", "call--ccp1--AA--short"}) {
    EXPECT_EQ(SplitToolId(id, kSecret).id, id);
    EXPECT_EQ(SplitToolId(id, kSecret).state, std::nullopt);
  }
}

}  // namespace
}  // namespace ccp::translate
