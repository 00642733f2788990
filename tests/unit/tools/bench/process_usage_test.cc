#include "tools/bench/load/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ccp::bench {
namespace {

TEST(PssInRollup, IsTheLineOfThatName) {
  EXPECT_EQ(PssInRollup("5590-7fff ---p 0 00:00 0 [rollup]\nRss:   4096 kB\nPss:      210 kB\nPss_Dirty:  112 kB\n"),
            210 * 1024);
  EXPECT_EQ(PssInRollup("Rss: 1 kB\n"), -1);
}

TEST(ProcessUsage, TimeIsFinerThanAClockTick) {
  const auto before = ProcessorTime(getpid());
  ASSERT_TRUE(before.ok()) << before.status();
  const auto after = ProcessorTime(getpid());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(*after, *before);
}

TEST(ProcessUsage, MemoryOfThisProcess) {
  const auto bytes = ProportionalSetBytes(getpid());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_GT(*bytes, 100'000);
}

TEST(ProcessUsage, OfNoProcessIsNotFound) {
  constexpr pid_t kNobody = 4'194'305;  // Beyond the largest that Linux gives.
  EXPECT_TRUE(absl::IsNotFound(ProcessorTime(kNobody).status()));
  EXPECT_TRUE(absl::IsNotFound(ProportionalSetBytes(kNobody).status()));
}

}  // namespace
}  // namespace ccp::bench
