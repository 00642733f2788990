// The worlds around a turn, by script: an upstream that answers as told, a client that remembers, a ledger in memory.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "edge/api/context.h"
#include "edge/api/offload.h"
#include "edge/http/awaitable.h"
#include "edge/http/server.h"
#include "edge/upstream/client.h"
#include "edge/upstream/keys.h"
#include "edge/usage/sink.h"

namespace ccp::edge {

inline Awaitable<void> WaitForEver() {
  Timer timer(co_await boost::asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
  co_await timer.async_wait(kAwait);
}

inline RequestError Unreachable(std::string message) {
  RequestError error;
  error.origin = RequestError::Origin::kUpstream;
  error.retry = RequestError::Retry::kAgain;
  error.http_status = 502;
  error.message = std::move(message);
  return error;
}

// One answer of the scripted upstream.
struct ScriptedAnswer {
  enum class End { kClean, kCut, kTimeout, kHang };
  int status = 200;
  std::vector<std::string> pieces = {};            // One Take() each.
  End end = End::kClean;
  std::vector<Header> headers{{"content-type", "text/event-stream"}};
  std::optional<RequestError> no_answer = std::nullopt;  // Send() fails so.
  bool never = false;                              // Send() waits until it is broken off, and then fails.
  bool throws = false;                             // Send() does.
};

struct SentRequest {
  std::string url;
  std::vector<Header> headers;
  std::string body;
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

class ScriptedCall final : public UpstreamCall {
 public:
  explicit ScriptedCall(ScriptedAnswer answer) : answer_(std::move(answer)) {}
  int status() const override { return answer_.status; }
  std::string_view header(std::string_view name) const override {
    for (const auto& [key, value] : answer_.headers) {
      if (key == name) return value;
    }
    return {};
  }
  const std::vector<Header>& headers() const override { return answer_.headers; }

  bool ready() const override { return next_ < answer_.pieces.size() || answer_.end != ScriptedAnswer::End::kHang; }
  Awaitable<std::tuple<boost::system::error_code>> Readable() override {
    Timer never(co_await boost::asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    waiting_ = &never;
    const auto waited = co_await never.async_wait(kAwaitTuple);
    waiting_ = nullptr;
    co_return waited;
  }
  std::optional<Result<std::size_t>> Take(boost::system::error_code, std::string& out) override {
    if (next_ < answer_.pieces.size()) {
      const std::string& piece = answer_.pieces[next_++];
      out += piece;
      return piece.size();
    }
    complete_ = answer_.end == ScriptedAnswer::End::kClean;
    if (complete_) return std::size_t{0};
    RequestError error = Unreachable("the upstream broke off");
    error.timed_out = answer_.end == ScriptedAnswer::End::kTimeout;
    return error;
  }
  void StopWaiting() override { waiting_->cancel(); }
  bool complete() const override { return complete_; }

 private:
  ScriptedAnswer answer_;
  std::size_t next_ = 0;
  Timer* waiting_ = nullptr;
  bool complete_ = false;
};

class ScriptedUpstream final : public UpstreamClient {
 public:
  Awaitable<Result<std::unique_ptr<UpstreamCall>>> Send(UpstreamRequest request) override {
    sent.push_back({request.url, request.headers, std::string(request.body)});
    if (answers.empty()) co_return Unreachable("the script has no more answers");
    ScriptedAnswer answer = std::move(answers.front());
    answers.pop_front();
    if (request.meanwhile) request.meanwhile();
    if (answer.throws) throw std::runtime_error("out of everything");
    if (answer.never) {
      Timer never(co_await boost::asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
      co_await never.async_wait(kAwaitTuple);
      co_return Unreachable("the connection broke: operation canceled");
    }
    if (answer.no_answer) co_return *answer.no_answer;
    std::unique_ptr<UpstreamCall> call = std::make_unique<ScriptedCall>(std::move(answer));
    co_return call;
  }
  void CloseIdle() override {}

  std::deque<ScriptedAnswer> answers;
  std::vector<SentRequest> sent;
};

// Remembers what a client would have seen, and in which order the ledger learned of it.
class RecordingWriter final : public ResponseWriter {
 public:
  explicit RecordingWriter(const std::size_t& rows_closed) : rows_closed_(rows_closed) {}
  std::chrono::milliseconds write_time{0};  // How long the client takes over each piece.
  Awaitable<void> Send(int new_status, std::vector<Header> new_headers, std::string_view new_body) override {
    Start(new_status, std::move(new_headers));
    body = new_body;
    Finish();
    co_return;
  }
  Awaitable<void> Begin(int new_status, std::vector<Header> new_headers) override {
    Start(new_status, std::move(new_headers));
    co_return;
  }
  Awaitable<void> Write(std::string_view piece) override {
    if (write_time.count() > 0) {
      Timer timer(co_await boost::asio::this_coro::executor, write_time);
      co_await timer.async_wait(kAwait);
    }
    body += piece;
    ++writes;
    co_return;
  }
  using ResponseWriter::End;
  Awaitable<void> End(std::string_view last_piece) override {
    body += last_piece;
    Finish();
    co_return;
  }
  bool begun() const override { return status != 0; }
  bool client_gone() const override { return gone; }
  void CloseAfter() override {}
  void Abort() override { cut = true; }

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }

  int status = 0;
  std::vector<Header> headers;
  std::string body;
  int writes = 0;
  bool ended = false;
  bool cut = false;
  bool gone = false;
  std::size_t rows_closed_at_end = 0;

 private:
  void Start(int new_status, std::vector<Header> new_headers) {
    status = new_status;
    headers = std::move(new_headers);
  }
  void Finish() {
    ended = true;
    rows_closed_at_end = rows_closed_;
  }
  const std::size_t& rows_closed_;
};

class Ledger final : public UsageSink {
 public:
  std::uint64_t Open(const usage::Record&) override { return ++opened; }
  void Close(std::uint64_t handle, const usage::Record& record) override {
    handles.push_back(handle);
    rows.push_back(record);
    closed = rows.size();
  }
  std::uint64_t opened = 0;
  std::size_t closed = 0;
  std::vector<std::uint64_t> handles;
  std::vector<usage::Record> rows;
};

// Works on large requests wait until they are told to be done.
class ScriptedOffload final : public Offload {
 public:
  void Add(Work work) override { waiting.push_back(std::move(work)); }
  void DoNext() {
    Work work = std::move(waiting.front());
    waiting.pop_front();
    work();
  }
  std::deque<Work> waiting;
};

class Keys final : public KeyStore {
 public:
  std::string Find(std::string_view name) const override {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::string() : found->second;
  }
  std::map<std::string, std::string> values;
};

}  // namespace ccp::edge
