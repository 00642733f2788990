// The real thread, beside a loop: with a thread sanitizer this shows that nothing is touched by both.
#include "edge/app/offload_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/text.h"
#include "edge/api/endpoints.h"
#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

TEST(OffloadThread, DoesOneWorkAfterAnotherOnAThreadOfItsOwn) {
  OffloadThread thread;
  std::vector<int> done;
  std::thread::id where;
  for (int i = 0; i < 100; ++i) {
    thread.Add([&, i] {
      done.push_back(i);
      where = std::this_thread::get_id();
    });
  }
  thread.Join();
  ASSERT_EQ(done.size(), 100u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_NE(where, std::this_thread::get_id());
}

// Clients with large requests, all at once; every other one leaves when it likes.
class LargeTurnsTest : public testing::Test {
 protected:
  struct Client {
    explicit Client(const Ledger& ledger) : writer(ledger.closed) {}
    HttpRequest request;
    RecordingWriter writer;
    asio::cancellation_signal departure;
    bool finished = false;
  };

  LargeTurnsTest() {
    config::Model model;
    model.name = "main";
    model.provider = "p";
    model.upstream_name = "gpt-main";
    model.api_base = "https://first.test/v1";
    config::Catalog catalog;
    catalog.models = {model};
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->policy = *route::Policy::Compile(catalog);
    context_.snapshot = std::move(snapshot);
    context_.upstream = &upstream_;
    context_.keys = &keys_;
    context_.usage = &ledger_;
    context_.offload = &offload_;
  }

  Client& Ask(std::size_t index) {
    Client& client = clients_.emplace_back(ledger_);
    client.request.method = "POST";
    client.request.target = "/v1/messages";
    client.request.body = Concat(R"({"model":"main","max_tokens":9,"messages":[{"role":"user","content":")",
                                 std::string(kLargeRequest, 'x'), index, "\"}]}");
    ScriptedAnswer answer;
    answer.pieces = {R"({"choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}]})"};
    answer.headers = {{"content-type", "application/json"}};
    upstream_.answers.push_back(std::move(answer));
    const auto end = [&client](const std::exception_ptr&) { client.finished = true; };
    asio::co_spawn(loop_, Messages(context_, client.request, client.writer),
                   asio::bind_cancellation_slot(client.departure.slot(), end));
    return client;
  }

  asio::io_context loop_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  OffloadThread offload_;
  ScriptedUpstream upstream_;
  Keys keys_;
  Ledger ledger_;
  ApiContext context_;
  std::deque<Client> clients_;
};

TEST_F(LargeTurnsTest, AreAnsweredEach) {
  for (std::size_t i = 0; i < 10; ++i) Ask(i);
  loop_.run();
  EXPECT_EQ(upstream_.sent.size(), 10u);
  for (const Client& client : clients_) {
    EXPECT_TRUE(client.finished);
    EXPECT_THAT(client.writer.body, testing::HasSubstr("hello"));
  }
}

TEST_F(LargeTurnsTest, EndWhenTheirClientsLeave) {
  for (std::size_t i = 0; i < 10; ++i) Ask(i);
  for (std::size_t i = 0; i < 10; i += 2) {
    loop_.run_one();
    clients_[i].departure.emit(asio::cancellation_type::terminal);
  }
  loop_.run();
  for (const Client& client : clients_) EXPECT_TRUE(client.finished);
}

}  // namespace
}  // namespace ccp::edge
