#include "tools/bench/load/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ccp::bench {
namespace {

TEST(TicksInStat, AddsUserAndSystemBehindAnyName) {
  EXPECT_EQ(TicksInStat("7 (ccp-edge) S 1 7 7 0 -1 4194560 500 0 3 0 120 45 0 0 20 0 6 0 99 1"), 165);
  EXPECT_EQ(TicksInStat("7 (a) b) 1 2) R 1 7 7 0 -1 4194560 500 0 3 0 2 3 0 0 20 0 6 0 99 1"), 5);
  EXPECT_EQ(TicksInStat("7 (short) S 1 2"), -1);
  EXPECT_EQ(TicksInStat(""), -1);
}

TEST(PssInRollup, IsTheLineOfThatName) {
  EXPECT_EQ(PssInRollup("5590-7fff ---p 0 00:00 0 [rollup]\nRss:   4096 kB\nPss:      210 kB\nPss_Dirty:  112 kB\n"),
            210 * 1024);
  EXPECT_EQ(PssInRollup("Rss: 1 kB\n"), -1);
}

TEST(ProcessUsage, OfThisProcess) {
  const auto time = ProcessorTime(getpid());
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_GE(time->count(), 0);
  const auto bytes = ProportionalSetBytes(getpid());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_GT(*bytes, 100'000);
}

TEST(ProcessUsage, OfNoProcessIsNotFound) {
  constexpr pid_t kNobody = 0x7FFF'FFFF;  // Beyond the largest that Linux gives.
  EXPECT_TRUE(absl::IsNotFound(ProcessorTime(kNobody).status()));
  EXPECT_TRUE(absl::IsNotFound(ProportionalSetBytes(kNobody).status()));
}

}  // namespace
}  // namespace ccp::bench
