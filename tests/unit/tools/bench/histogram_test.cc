#include "tools/bench/load/histogram.h"

#include <gtest/gtest.h>

namespace ccp::bench {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, IsZeroWhenEmpty) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.Mean(), nanoseconds(0));
  EXPECT_EQ(empty.Percentile(50), nanoseconds(0));
}

TEST(Histogram, KeepsSmallValuesExactly) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.Record(nanoseconds(value));
  EXPECT_EQ(histogram.Percentile(0), nanoseconds(1));
  EXPECT_EQ(histogram.Percentile(1), nanoseconds(1));
  EXPECT_EQ(histogram.Percentile(50), nanoseconds(50));
  EXPECT_EQ(histogram.Percentile(99), nanoseconds(99));
  EXPECT_EQ(histogram.Percentile(100), nanoseconds(100));
  EXPECT_EQ(histogram.Mean(), nanoseconds(50));
}

// Each alone, so that the bucket's largest value is what comes out; a larger second one keeps max() from capping it.
TEST(Histogram, IsNeverTooSmallAndAtMostTwoPercentTooLarge) {
  for (std::int64_t value = 1; value < std::int64_t{1} << 39; value = value * 21 / 20 + 1) {
    Histogram histogram;
    histogram.Record(nanoseconds(value));
    histogram.Record(nanoseconds(2 * value));
    const std::int64_t found = histogram.Percentile(50).count();
    EXPECT_GE(found, value);
    EXPECT_LE(static_cast<double>(found), 1.02 * static_cast<double>(value));
  }
}

TEST(Histogram, NeverExceedsTheLargestValueRecorded) {
  Histogram histogram;
  histogram.Record(nanoseconds(1'000'001));
  EXPECT_EQ(histogram.Percentile(99.9), nanoseconds(1'000'001));
  EXPECT_EQ(histogram.max(), nanoseconds(1'000'001));
}

TEST(Histogram, FindsTheRareSlowOne) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.Record(nanoseconds(10));
  histogram.Record(nanoseconds(5'000));
  EXPECT_EQ(histogram.Percentile(99.9), nanoseconds(10));
  EXPECT_EQ(histogram.Percentile(99.95), nanoseconds(5'000));
}

TEST(Histogram, TakesWhatIsOutOfRange) {
  Histogram histogram;
  histogram.Record(nanoseconds(-5));
  EXPECT_EQ(histogram.max(), nanoseconds(0));
  histogram.Record(nanoseconds::max());
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_GT(histogram.max(), std::chrono::minutes(15));
}

}  // namespace
}  // namespace ccp::bench
