#include "edge/api/offload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;

class OffloadTest : public testing::Test {
 protected:
  Awaitable<void> Do(std::string name) {
    const auto work = [&] {
      log_.push_back(name + " is done");
      if (name == "nothing") throw std::runtime_error("it cannot be done");
    };
    try {
      co_await DoElsewhere(offload_, loop_.get_executor(), work);
      log_.push_back(name + " goes on");
    } catch (const std::runtime_error& problem) {
      log_.push_back(problem.what());
    }
  }

  void Begin(std::string name) { asio::co_spawn(loop_, Do(std::move(name)), asio::detached); }

  asio::io_context loop_;
  ScriptedOffload offload_;
  std::vector<std::string> log_;
};

TEST_F(OffloadTest, GoesOnBehindTheWorkAndOnTheLoop) {
  Begin("one");
  Begin("two");
  loop_.poll();
  EXPECT_FALSE(loop_.stopped()) << "it has something to wait for";
  EXPECT_THAT(log_, ElementsAre());
  offload_.DoNext();
  EXPECT_THAT(log_, ElementsAre("one is done"));
  offload_.DoNext();
  loop_.run();
  EXPECT_THAT(log_, ElementsAre("one is done", "two is done", "one goes on", "two goes on"));
}

TEST_F(OffloadTest, ThrowsWhatTheWorkThrows) {
  Begin("nothing");
  loop_.poll();
  offload_.DoNext();
  loop_.run();
  EXPECT_THAT(log_, ElementsAre("nothing is done", "it cannot be done"));
}

TEST_F(OffloadTest, DropsThere) {
  auto thing = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = thing;
  DropElsewhere(offload_, std::move(thing));
  EXPECT_FALSE(seen.expired());
  offload_.DoNext();
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace ccp::edge
