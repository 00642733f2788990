#include "edge/http/bulk_turns.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// A work of so many pieces, each of which writes its name and what it does besides.
template <typename Besides>
Awaitable<void> Work(Executor executor, char name, int pieces, std::string& done, Besides besides) {
  for (int piece = 0; piece < pieces; ++piece) {
    co_await BulkTurn(executor);
    done += name;
    besides();
  }
}

TEST(BulkTurns, DoesPiecesInTurn) {
  asio::io_context loop;
  std::string done;
  for (const char name : {'a', 'b', 'c'}) {
    asio::co_spawn(loop, Work(loop.get_executor(), name, name - 'a' + 1, done, [] {}), asio::detached);
  }
  loop.run();
  EXPECT_EQ(done, "abcbcc");
}

// However many works there are, what arrives meanwhile is next.
TEST(BulkTurns, ServesWhoBecomesReadyBeforeTheNextPiece) {
  asio::io_context loop;
  asio::local::stream_protocol::socket reader(loop), writer(loop);
  asio::local::connect_pair(reader, writer);
  std::string done;
  asio::co_spawn(loop, [&]() -> Awaitable<void> {
    std::array<char, 1> byte;
    for (int i = 0; i < 6; ++i) {
      co_await asio::async_read(reader, asio::buffer(byte), kAwait);
      done += byte[0];
    }
  }, asio::detached);
  const auto send = [&] { asio::write(writer, asio::buffer("!", 1)); };
  for (const char name : {'a', 'b', 'c'}) {
    asio::co_spawn(loop, Work(loop.get_executor(), name, 2, done, send), asio::detached);
  }
  loop.run();
  EXPECT_EQ(done, "a!b!c!a!b!c!");
}

TEST(BulkTurns, LeavesNothingBehindInALoopThatStops) {
  auto alive = std::make_shared<int>();
  // Asks for a turn once more when all is over.
  struct AsksAtTheEnd {
    ~AsksAtTheEnd() {
      if (alive) PostBulk(executor, [alive = alive] {});
    }
    Executor executor;
    std::shared_ptr<int> alive;
  };
  {
    asio::io_context loop;
    auto asks = std::make_shared<AsksAtTheEnd>(loop.get_executor(), alive);
    for (int i = 0; i < 3; ++i) PostBulk(loop.get_executor(), [asks] {});
    asks.reset();
    loop.run_one();
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace ccp::edge
