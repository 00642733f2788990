// Workers on threads of their own, that ask each other for their counters.
#include "edge/app/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <thread>

#include "common/base/text.h"
#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;

class WorkersTest : public testing::Test {
 protected:
  WorkersTest() {
    for (std::unique_ptr<Worker>& worker : workers_) {
      WorkerOptions options;
      options.listen = {"127.0.0.1", 0};
      options.gate = ConnectionGate::Make({});
      options.keys = &keys_;
      options.usage = &ledger_;
      options.collect_metrics = [this] { return Collect(); };
      options.on_drained = [] {};
      worker = Worker::Create(std::move(options)).value();
      worker->Start();
    }
  }
  ~WorkersTest() override {
    for (const auto& worker : workers_) worker->Stop();
  }

  Awaitable<Metrics> Collect() {
    Metrics sum;
    for (const auto& worker : workers_) {
      const Metrics metrics = co_await worker->ReadMetrics();
      sum.Add(metrics);
    }
    co_return sum;
  }

  // What comes until the connection ends; "" where there is none to be had.
  static std::string Get(std::uint16_t port, std::string_view path) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect({asio::ip::make_address("127.0.0.1"), port}, error);
    const std::string request = Concat("GET ", path, " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    asio::write(socket, asio::buffer(request), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }

  Keys keys_;
  Ledger ledger_;
  std::array<std::unique_ptr<Worker>, 2> workers_;
};

TEST_F(WorkersTest, GiveTheCountersOfOneThatHasEnded) {
  EXPECT_THAT(Get(workers_[0]->port(), "/nothing"), HasSubstr(" 404 "));
  workers_[0]->Stop();
  EXPECT_THAT(Get(workers_[1]->port(), "/metrics"), HasSubstr("status=\"404\"} 1\n"));
}

TEST_F(WorkersTest, OutliveClientsThatLeaveInTheMiddle) {
  for (int i = 0; i < 2'000; ++i) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), workers_[static_cast<std::size_t>(i % 2)]->port()});
    asio::write(socket, asio::buffer(std::string("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")));
  }
  EXPECT_THAT(Get(workers_[0]->port(), "/metrics"), HasSubstr("ccp_edge_open_requests"));
}

// The test's time limit is the assertion.
TEST_F(WorkersTest, EndInTheMiddleOfQuestions) {
  const std::array<std::uint16_t, 2> ports{workers_[0]->port(), workers_[1]->port()};
  std::array<std::atomic<int>, 2> answers{};
  std::array<std::thread, 2> clients;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i] = std::thread([&, i] {
      while (!Get(ports[i], "/metrics").empty()) ++answers[i];
    });
  }
  while (answers[0] < 20 || answers[1] < 20) std::this_thread::yield();
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace ccp::edge
