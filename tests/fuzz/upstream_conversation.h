// An upstream's bytes through the real connection, as an attempt reads them: exchange, body, and back to the pool.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "edge/upstream/call.h"
#include "edge/upstream/origin.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/socket_pair.h"

namespace ccp::fuzz {

// What the caller got of an answer.
struct Fetched {
  std::optional<RequestError> error;  // Of the head or of the body.
  bool no_answer = false;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                   // As far as it came.
};

class UpstreamConversation {
 public:
  using Sink = std::function<void(std::string_view piece)>;  // Gets the body as it comes. A piece goes with the call.
  enum class End : std::uint8_t { kClose, kStay };           // kStay: as long as nobody waits for more.
  static inline const Sink kNoSink = [](std::string_view) {};

  UpstreamConversation() : work_(context_.get_executor()), resources_{edge::ConnectionPool({.idle_per_origin = 1, .idle_time = kNever}), {}} {}

  // One request on a connection of its own, answered with the pieces.
  Fetched Fetch(const std::string& method, const std::vector<std::string>& pieces, End end, const Sink& sink = kNoSink) {
    Close();
    auto [ours, theirs] = ConnectedSockets(context_);
    server_ = std::move(theirs);
    auto connection = std::make_unique<edge::Connection>(context_, origin_);
    connection->Upgrade(edge::MakePlainWire(std::move(ours)));

    Fetched fetched;
    bool done = false;
    Begin(std::move(connection), method, fetched, sink, done);
    TakeRequest();
    for (const std::string& piece : pieces) {
      SendAll(*server_, piece);
      context_.poll();
    }
    if (end == End::kClose || !done) server_->close();
    context_.poll();
    Require(done, "an answer does not end with its connection");
    return fetched;
  }

  // The next request, if a connection for it was kept: it has to get `body`, which answers it.
  // False: none was kept. REQUIRES: Fetch() before.
  bool FetchAgain(std::string_view body) {
    auto connection = resources_.pool.Take(*origin_);
    if (connection == nullptr) return false;
    Fetched fetched;
    bool done = false;
    Begin(std::move(connection), "POST", fetched, kNoSink, done);
    Require(!done, "an answer came before its request was read", fetched.body);
    TakeRequest();
    SendAll(*server_, Concat("HTTP/1.1 200 OK\r\ncontent-length: ", body.size(), "\r\n\r\n", body));
    context_.poll();
    Require(done && !fetched.error && fetched.status == 200 && fetched.body == body, "another answer", fetched.body);
    return true;
  }

 private:
  static constexpr std::chrono::hours kNever{24};  // An input takes no time, but the process may be stopped in the middle.
  static constexpr std::string_view kHead = "POST / HTTP/1.1\r\nhost: upstream\r\n";
  static constexpr std::string_view kEndOfHead = "content-length: 2\r\n\r\n";
  static constexpr std::string_view kBody = "{}";

  void Begin(std::unique_ptr<edge::Connection> connection, const std::string& method, Fetched& fetched, const Sink& sink,
             bool& done) {
    boost::asio::co_spawn(context_, Read(std::move(connection), method, fetched, sink),
                          [&done](const std::exception_ptr& failure) {
                            Require(failure == nullptr, "an exception instead of an error");
                            done = true;
                          });
    context_.poll();
  }

  void TakeRequest() {
    std::string request;
    TakeArrived(*server_, request);
    Require(request == Concat(kHead, kEndOfHead, kBody), "another request than the one that was sent", request);
  }

  // As the pump does: wait unless there is something, take it into a buffer that is used again, look at it at once.
  edge::Awaitable<void> Read(std::unique_ptr<edge::Connection> connection, std::string method, Fetched& fetched,
                             Sink sink) {
    edge::UpstreamRequest request;
    request.method = std::move(method);
    request.timeouts = {kNever, kNever, kNever};
    const auto buffer = [](std::string_view text) { return boost::asio::buffer(text.data(), text.size()); };
    const edge::RequestBuffers buffers{buffer(kHead), buffer(kEndOfHead), buffer(kBody)};
    edge::ExchangeOutcome outcome = co_await edge::Exchange(resources_, std::move(connection), buffers, request);
    fetched.no_answer = outcome.no_answer;
    if (!outcome.call.ok()) {
      fetched.error = outcome.call.error();
      co_return;
    }
    edge::UpstreamCall& call = **outcome.call;
    fetched.status = call.status();
    fetched.headers = call.headers();
    std::string in;
    while (true) {
      edge::ErrorCode waited;
      if (!call.ready()) std::tie(waited) = co_await call.Readable();
      in.clear();
      const auto taken = call.Take(waited, in);
      if (!taken) continue;
      if (!taken->ok()) fetched.error = taken->error();
      if (!taken->ok() || **taken == 0) co_return;
      fetched.body += in;
      sink(in);
    }
  }

  void Close() {
    server_.reset();
    resources_.pool.Take(*origin_).reset();
    context_.poll();
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<edge::Executor> work_;
  const std::shared_ptr<const edge::Origin> origin_ =
      std::make_shared<const edge::Origin>(edge::Origin{edge::Scheme::kHttp, "upstream", 80});
  edge::CallResources resources_;
  std::optional<edge::TcpSocket> server_;  // The upstream's end.
};

}  // namespace ccp::fuzz
