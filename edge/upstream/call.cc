#include "edge/upstream/call.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstdint>
#include <tuple>
#include <utility>

#include "common/base/text.h"
#include "edge/http/buffers.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/content_decoder.h"
#include "edge/upstream/dialer.h"
#include "edge/upstream/response_parser.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using Retry = RequestError::Retry;

class Call final : public UpstreamCall {
 public:
  Call(CallResources& resources, std::unique_ptr<Connection> connection, ResponseParser::Expect expect,
       std::chrono::milliseconds idle)
      : resources_(resources),
        connection_(std::move(connection)),
        parser_(expect),
        idle_(idle) {}

  int status() const override { return parser_.status(); }
  std::string_view header(std::string_view lower_case_name) const override { return parser_.header(lower_case_name); }
  const std::vector<std::pair<std::string, std::string>>& headers() const override { return parser_.headers(); }
  void ForgetHeaders() override { parser_.ForgetHeaders(); }

  bool ready() const override { return finished_ || !early_.empty(); }

  // The limit is on the upstream's silence: a wait that was broken off and is taken up again gets no more time.
  Awaitable<std::tuple<ErrorCode>> Readable() override {
    if (std::exchange(heard_, false)) connection_->SetTimeout(idle_);
    return connection_->wire().Readable();
  }

  std::optional<Result<std::size_t>> Take(ErrorCode waited, std::string& out) override {
    const std::size_t before = out.size();
    if (!early_.empty()) {
      out += std::exchange(early_, {});
    } else if (!finished_) {
      if (auto error = TakeArrived(waited, out)) return *std::move(error);
      if (out.size() == before && !finished_) return std::nullopt;
    }
    return out.size() - before;
  }

  void StopWaiting() override {
    ErrorCode ignored;
    connection_->wire().socket().cancel(ignored);
  }

  // Until the head is complete; the deadline is the caller's. Body bytes that come along are kept for Take().
  Awaitable<std::optional<RequestError>> ReadHead() {
    while (!parser_.head_done()) {
      const auto [wait_error] = co_await connection_->wire().Readable();
      if (auto error = TakeArrived(wait_error, early_)) co_return error;
    }
    co_return std::nullopt;
  }

  bool complete() const override { return finished_; }

  bool answer_started() const { return parser_.started(); }
  bool timed_out() const { return connection_ != nullptr && connection_->timed_out(); }
  void DoNotReuse() { reusable_ = false; }

 private:
  std::optional<RequestError> TakeArrived(ErrorCode error, std::string& out) {
    const std::size_t bytes = error ? 0 : connection_->wire().Take(resources_.scratch, error);
    if (error == asio::error::would_block) return std::nullopt;
    if (connection_->timed_out()) return Fail(UpstreamTimeout(TimeoutText()));
    if (error == asio::error::eof) return TakeEof();
    if (error) return Fail(UpstreamFailure(Retry::kAgain, Concat(origin().Text(), ": the connection broke: ", error.message())));
    heard_ = true;
    return TakeBytes({resources_.scratch.data(), bytes}, out);
  }

  std::optional<RequestError> TakeBytes(std::string_view bytes, std::string& out) {
    const bool in_head = !parser_.head_done();  // Whether there is anything to decode is known behind the head.
    const std::size_t before = out.size();
    std::string encoded;  // Freed from framing, not yet decoded.
    if (auto status = parser_.Feed(bytes, decoder_ != nullptr ? encoded : out); !status.ok()) return Fail(Broken(origin(), status));
    if (!parser_.head_done()) return std::nullopt;
    if (in_head) {
      if (auto error = ChooseDecoder()) return error;
      if (decoder_ != nullptr) {
        encoded = out.substr(before);
        out.resize(before);
      }
    }
    if (!encoded.empty()) {
      if (auto status = decoder_->Feed(encoded, out); !status.ok()) return Fail(Broken(origin(), status));
    }
    return parser_.done() ? Finish() : std::nullopt;
  }

  std::optional<RequestError> TakeEof() {
    if (auto status = parser_.FeedEof(); !status.ok()) return Fail(Broken(origin(), status));
    return Finish();
  }

  std::optional<RequestError> ChooseDecoder() {
    auto decoder = ContentDecoder::For(parser_.header("content-encoding"));
    if (!decoder.ok()) return Fail(Broken(origin(), decoder.status()));
    decoder_ = *std::move(decoder);
    return std::nullopt;
  }

  // The answer is complete: the connection goes back at once, not when the caller is done with the call.
  std::optional<RequestError> Finish() {
    finished_ = true;
    std::unique_ptr<Connection> connection = std::move(connection_);
    if (decoder_ != nullptr) {
      if (auto status = decoder_->Finish(); !status.ok()) return Broken(connection->origin(), status);
    }
    if (reusable_ && parser_.reusable()) resources_.pool.Put(std::move(connection));
    return std::nullopt;
  }

  RequestError Fail(RequestError error) {
    connection_->Close();
    return error;
  }

  static RequestError Broken(const Origin& origin, const absl::Status& status) {
    return UpstreamFailure(Retry::kAgain, Concat(origin.Text(), ": ", Message(status)));
  }

  std::string TimeoutText() const {
    return parser_.head_done() ? Concat(origin().Text(), " sent nothing more for too long")
                               : Concat(origin().Text(), " did not answer in time");
  }

  const Origin& origin() const { return connection_->origin(); }

  CallResources& resources_;
  std::unique_ptr<Connection> connection_;  // Null once the answer is complete.
  ResponseParser parser_;
  std::unique_ptr<ContentDecoder> decoder_;
  std::string early_;    // Body that came with the head.
  std::chrono::duration<std::int32_t, std::milli> idle_;  // Small, beside the flags: there is a call for each stream.
  bool finished_ = false;
  bool reusable_ = true;
  bool heard_ = true;    // Something came since Readable() last set the limit.
};

}  // namespace

Awaitable<ExchangeOutcome> Exchange(CallResources& resources, std::unique_ptr<Connection> connection, RequestBuffers bytes,
                                    const UpstreamRequest& request) {
  const auto expect = request.method == "HEAD" ? ResponseParser::Expect::kNoBody : ResponseParser::Expect::kBody;
  Wire& wire = connection->wire();
  Connection& busy = *connection;
  auto call = std::make_unique<Call>(resources, std::move(connection), expect, request.timeouts.idle);

  ErrorCode write_error;
  DropFront(bytes, wire.WriteNow(bytes, write_error));
  if (!write_error && asio::buffer_size(bytes) > 0) {
    busy.SetTimeout(request.timeouts.idle);
    std::tie(write_error, std::ignore) = co_await wire.Write(bytes);
  }
  // An upstream may refuse a request before it has read all of it, and close. Its answer is worth more than our error.
  if (write_error) call->DoNotReuse();
  busy.SetTimeout(request.timeouts.first_byte);
  if (request.meanwhile) request.meanwhile();
  if (auto error = co_await call->ReadHead()) {
    const bool no_answer = !call->answer_started() && !call->timed_out();
    co_return ExchangeOutcome{*std::move(error), no_answer};
  }
  co_return ExchangeOutcome{std::unique_ptr<UpstreamCall>(std::move(call)), false};
}

}  // namespace ccp::edge
