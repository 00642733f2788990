#include "tools/bench/load/schedule.h"

#include <gtest/gtest.h>

namespace ccp::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr Schedule::Bounds kForASecond{0, std::chrono::seconds(1)};

TEST(Schedule, OpenKeepsItsPaceWhateverTheTime) {
  const Schedule schedule = Schedule::Open(100, kForASecond);
  EXPECT_EQ(schedule.Due(0, nanoseconds(0)), nanoseconds(0));
  EXPECT_EQ(schedule.Due(1, nanoseconds(0)), milliseconds(10));
  EXPECT_EQ(schedule.Due(7, milliseconds(500)), milliseconds(70));  // Late, and still due when it was.
}

TEST(Schedule, OpenSendsAllThatWereDueEvenAfterTheEnd) {
  const Schedule schedule = Schedule::Open(100, kForASecond);
  EXPECT_EQ(schedule.Due(99, milliseconds(1'500)), milliseconds(990));
  EXPECT_EQ(schedule.Due(100, milliseconds(1'500)), std::nullopt);
}

TEST(Schedule, OpenDoesNotDriftOverAMillionRequests) {
  const Schedule schedule = Schedule::Open(3, {2'000'000, {}});
  EXPECT_EQ(schedule.Due(3'000'000 / 3, nanoseconds(0)), nanoseconds(333'333'333'333'333));
}

TEST(Schedule, ClosedIsDueNowUntilTheTimeIsOver) {
  const Schedule schedule = Schedule::Closed(kForASecond);
  EXPECT_EQ(schedule.Due(5, milliseconds(20)), milliseconds(20));
  EXPECT_EQ(schedule.Due(6, milliseconds(999)), milliseconds(999));
  EXPECT_EQ(schedule.Due(7, milliseconds(1'000)), std::nullopt);
}

TEST(Schedule, EndsWithItsLastRequest) {
  EXPECT_EQ(Schedule::Closed({2, {}}).Due(1, milliseconds(3)), milliseconds(3));
  EXPECT_EQ(Schedule::Closed({2, {}}).Due(2, milliseconds(3)), std::nullopt);
  EXPECT_EQ(Schedule::Open(1, {2, {}}).Due(2, milliseconds(3)), std::nullopt);
}

}  // namespace
}  // namespace ccp::bench
