#include "edge/upstream/watchdog.h"

#include <gtest/gtest.h>

namespace ccp::edge {
namespace {

using Clock = Watchdog::Clock;

void Count(void* times) { ++*static_cast<int*>(times); }

TEST(Watchdog, IsAsNewOnceDisarmed) {
  boost::asio::io_context loop;
  int times = 0;
  Watchdog watchdog(loop, Count, &times);
  watchdog.SetDeadline(Clock::now());
  loop.run();
  EXPECT_EQ(times, 1);
  EXPECT_TRUE(watchdog.expired());
  watchdog.Disarm();
  EXPECT_FALSE(watchdog.expired());
}

// Or this test would last for an hour.
TEST(Watchdog, LetsTheLoopEndOnceDisarmed) {
  boost::asio::io_context loop;
  int times = 0;
  Watchdog watchdog(loop, Count, &times);
  watchdog.SetDeadline(Clock::now() + std::chrono::hours(1));
  watchdog.Disarm();
  loop.run();
  EXPECT_EQ(times, 0);
}

}  // namespace
}  // namespace ccp::edge
