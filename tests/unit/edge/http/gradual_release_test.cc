#include "edge/http/gradual_release.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <string>

namespace ccp::edge {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

std::size_t StepsFor(std::size_t size) {
  boost::asio::io_context loop;
  ReleaseGradually(loop.get_executor(), std::string(size, 'x'));
  return loop.run();
}

// A few steps of the loop for each piece of 64 KiB.
TEST(ReleaseGradually, TakesAsManyTurnsAsThereArePieces) {
  EXPECT_GE(StepsFor(8 * kMebibyte), 8 * 16);
  EXPECT_EQ(StepsFor(16 * kMebibyte), 2 * StepsFor(8 * kMebibyte));
}

TEST(ReleaseGradually, FreesASmallStringAtOnce) { EXPECT_EQ(StepsFor(2 * kMebibyte), 0); }

TEST(ReleaseGradually, LetsOthersHaveTheirTurnBetween) {
  boost::asio::io_context loop;
  ReleaseGradually(loop.get_executor(), std::string(8 * kMebibyte, 'x'));
  bool served = false;
  boost::asio::post(loop, [&] { served = true; });
  loop.run_one();
  loop.run_one();
  EXPECT_TRUE(served);
  EXPECT_GT(loop.run(), 20U);
}

TEST(ReleaseGradually, LeavesNothingBehindInALoopThatStops) {
  const auto in_use = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  const std::size_t before = in_use();
  {
    boost::asio::io_context loop;
    ReleaseGradually(loop.get_executor(), std::string(64 * kMebibyte, 'x'));
    loop.run_one();
  }
  EXPECT_LT(in_use(), before + kMebibyte);
}

}  // namespace
}  // namespace ccp::edge
