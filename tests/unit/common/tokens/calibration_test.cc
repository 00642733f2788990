#include "common/tokens/calibration.h"

#include <gtest/gtest.h>

namespace ccp::tokens {
namespace {

struct Answer {
  std::int64_t counted;
  std::int64_t reported;
};

struct Case {
  std::string name;
  std::vector<Answer> answers;
  std::int64_t of_10000;  // What 10,000 counted tokens become.
};

class CalibrationTest : public testing::TestWithParam<Case> {};

TEST_P(CalibrationTest, IsLearned) {
  Calibration calibration;
  for (const Answer& answer : GetParam().answers) Learn(calibration, answer.counted, answer.reported);
  EXPECT_EQ(Calibrated(calibration, 10'000), GetParam().of_10000);
}

std::vector<Answer> Times(std::size_t count, Answer answer) { return std::vector<Answer>(count, answer); }
std::vector<Answer> operator+(std::vector<Answer> a, const std::vector<Answer>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

INSTANTIATE_TEST_SUITE_P(Answers, CalibrationTest, testing::ValuesIn(std::vector<Case>{
    {"NothingSeen", {}, 10'000},
    {"TwoAnswersAreTooFew", Times(2, {1'000, 1'500}), 10'000},
    {"ThreeAreEnough", Times(3, {1'000, 1'500}), 15'000},
    {"MeanOfTheFirst", {{1'000, 1'000}, {1'000, 1'200}, {1'000, 1'400}}, 12'000},
    {"SmallPromptsSayNothing", Times(9, {199, 400}), 10'000},
    {"UnreportedSaysNothing", Times(9, {1'000, 0}), 10'000},
    {"FarOffIsBounded", Times(3, {1'000, 90'000}), 40'000},
    {"FarBelowIsBounded", Times(3, {90'000, 1}), 2'500},
    {"ForgetsSlowly", Times(100, {1'000, 1'000}) + Times(1, {1'000, 2'000}), 10'313},
    {"ForgetsInTheEnd", Times(100, {1'000, 1'000}) + Times(300, {1'000, 2'000}), 19'999},
}), [](const auto& row) { return row.param.name; });

TEST(Calibrations, AreMergedByWeight) {
  const Calibrations merged = Merge({{{"a", {1.0, 8}}, {"b", {2.0, 1}}}, {{"a", {2.0, 24}}}, {{"a", {9.0, 50}}, {"c", {1.0, 0}}}});
  EXPECT_EQ(merged, (Calibrations{{"a", {1.75, 32}}, {"b", {2.0, 1}}})) << "what is out of bounds or empty is left out";
}

TEST(Calibrations, OneEdgeOfManyAnswersDoesNotDrownTheOthers) {
  const Calibrations merged = Merge({{{"a", {1.0, 1'000'000}}}, {{"a", {2.0, 32}}}});
  EXPECT_DOUBLE_EQ(merged.at("a").factor, 1.5);
}

TEST(CalibrationBook, BeginsFromWhatOthersLearned) {
  CalibrationBook book;
  EXPECT_FALSE(book.Knows("p/m"));
  book.Share({{"p/m", {1.5, 10}}});
  EXPECT_TRUE(book.Knows("p/m"));
  EXPECT_EQ(book.Calibrated("p/m", 1'000), 1'500);
  EXPECT_EQ(book.Calibrated("p/other", 1'000), 1'000);
  book.Learn("p/m", 1'000, 2'600);
  EXPECT_EQ(book.Calibrated("p/m", 1'000), 1'600);
  EXPECT_EQ(book.learned().at("p/m").samples, 11u);
}

TEST(CalibrationBook, TrustsOthersUntilItHasSeenEnough) {
  CalibrationBook book;
  book.Learn("p/m", 1'000, 3'000);
  book.Share({{"p/m", {1.5, 10}}});
  EXPECT_EQ(book.Calibrated("p/m", 1'000), 1'500);
  book.Learn("p/m", 1'000, 3'000);
  book.Learn("p/m", 1'000, 3'000);
  EXPECT_EQ(book.Calibrated("p/m", 1'000), 3'000);
  EXPECT_EQ(book.version(), 3u);
}

TEST(CountsWithO200k, ByName) {
  for (const char* name : {"gpt-4o", "gpt-4o-mini", "gpt-5.1-codex", "openai/gpt-5", "o1", "o3-mini", "gpt-oss-120b"}) {
    EXPECT_TRUE(CountsWithO200k(name)) << name;
  }
  for (const char* name : {"gpt-4", "gpt-3.5-turbo", "deepseek-chat", "claude-opus-5-5", "o", "olmo", "o365", ""}) {
    EXPECT_FALSE(CountsWithO200k(name)) << name;
  }
}

}  // namespace
}  // namespace ccp::tokens
