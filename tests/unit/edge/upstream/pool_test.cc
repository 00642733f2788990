// Who rests in the pool, for how long, and who has to go.
#include "edge/upstream/pool.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace ccp::edge {
namespace {

using namespace std::chrono_literals;
using Tcp = boost::asio::ip::tcp;

class PoolTest : public testing::Test {
 protected:
  std::unique_ptr<Connection> Connect(const std::string& host) {
    auto connection = std::make_unique<Connection>(context_, std::make_shared<Origin>(Origin{Scheme::kHttp, host, 80}));
    connection->wire().socket().connect(listener_.local_endpoint());
    connection->wire().socket().non_blocking(true);
    peers_.push_back(listener_.accept());
    return connection;
  }

  // Brings back so many connections, as the answers of a crowd end.
  void Fill(ConnectionPool& pool, const std::string& host, int count) {
    for (int i = 0; i < count; ++i) pool.Put(Connect(host));
  }

  // How many rest, all of which it takes out.
  static int Rest(ConnectionPool& pool, const std::string& host) {
    std::vector<std::unique_ptr<Connection>> taken;
    while (auto connection = pool.Take({Scheme::kHttp, host, 80})) taken.push_back(std::move(connection));
    return static_cast<int>(taken.size());
  }

  boost::asio::io_context context_;
  Tcp::acceptor listener_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::deque<Tcp::socket> peers_;
};

TEST_F(PoolTest, KeepsAFewOfEachOriginWithoutRoom) {
  ConnectionPool pool({.idle_per_origin = 2});
  Fill(pool, "a", 3);
  Fill(pool, "b", 3);
  EXPECT_EQ(Rest(pool, "a"), 2);
  EXPECT_EQ(Rest(pool, "b"), 2);
}

TEST_F(PoolTest, KeepsASurplusAsFarAsThereIsRoom) {
  ConnectionPool pool({.idle_per_origin = 2, .room = [] { return std::size_t{5}; }});
  Fill(pool, "a", 9);
  Fill(pool, "b", 3);  // No room, but for the few.
  EXPECT_EQ(Rest(pool, "a"), 5);
  EXPECT_EQ(Rest(pool, "b"), 2);
  Fill(pool, "b", 9);
  EXPECT_EQ(Rest(pool, "b"), 5);
}

TEST_F(PoolTest, WhoeverConnectsTakesTheRoomOfTheSurplus) {
  std::size_t room = 9;
  ConnectionPool pool({.idle_per_origin = 2, .room = [&] { return room; }});
  Fill(pool, "a", 5);
  Fill(pool, "b", 4);
  room = 8;
  pool.MakeRoom();
  EXPECT_EQ(Rest(pool, "a"), 4);
  Fill(pool, "a", 4);
  room = 0;
  pool.MakeRoom();
  EXPECT_EQ(Rest(pool, "a"), 2);
  EXPECT_EQ(Rest(pool, "b"), 2);
}

TEST_F(PoolTest, ClosesTheSurplusSoonerThanTheOthers) {
  ConnectionPool pool({.idle_per_origin = 2, .idle_time = 1h, .surplus_time = 10ms, .room = [] { return std::size_t{9}; }});
  Fill(pool, "a", 5);
  context_.run_for(200ms);
  EXPECT_EQ(Rest(pool, "a"), 2);
  Fill(pool, "a", 9);  // Those that ran out are not counted any more.
  EXPECT_EQ(Rest(pool, "a"), 9);
}

TEST_F(PoolTest, TakesTheOneUsedLastAndNoneThatIsClosed) {
  ConnectionPool pool({});
  Fill(pool, "a", 3);
  const auto last = peers_.back().remote_endpoint();
  EXPECT_EQ(pool.Take({Scheme::kHttp, "a", 80})->wire().socket().local_endpoint(), last);
  peers_[1].close();
  EXPECT_EQ(Rest(pool, "a"), 1);
  EXPECT_EQ(pool.Take({Scheme::kHttp, "b", 80}), nullptr);
}

TEST_F(PoolTest, NothingRestsAfterTheEnd) {
  ConnectionPool pool({.room = [] { return std::size_t{9}; }});
  Fill(pool, "a", 3);
  pool.CloseIdle();
  Fill(pool, "a", 3);
  EXPECT_EQ(Rest(pool, "a"), 0);
}

}  // namespace
}  // namespace ccp::edge
