#include "edge/http/client_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/http/bulk_turns.h"
#include "edge/http/gradual_release.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::size_t kSlowestBodyBytesPerSecond = 1024;  // On average, once body_stall is over: less is an attack.
// After a refusal the client may still be sending. Closing at once would reset the connection and lose the answer.
constexpr std::size_t kLingerBytes = 64 * 1024 * 1024;
// A client that sends as fast as it is read must not keep the thread: after so much the others have their turn.
constexpr std::size_t kBytesATurn = 64 * 1024;
// Beyond so much each page of a body is a new one, for which the kernel takes several times as long as for its bytes.
constexpr std::size_t kLargeBody = 1024 * 1024;
constexpr std::size_t kLargeBodyBytesATurn = 16 * 1024;

// Received at once until the head is there: most requests whole, and little of a large body, which goes to its own place.
constexpr std::size_t kHeadBytes = 16 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

// A request in the handler.
class ClientConnection::Turn {
 public:
  Turn(ClientConnection& connection, Response::Form form)
      : response(*connection.wire_, connection.deadline_, *connection.server_, form), connection_(connection) {
    connection_.Enter(Phase::kServing);
    connection_.turn_ = this;
    ++connection_.turns_;
  }
  ~Turn() {
    connection_.turn_ = nullptr;
    connection_.Enter(Phase::kWaiting);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  Response response;
  bool watched = false;  // A wait for the client is going on.
  std::exception_ptr failure;

 private:
  ClientConnection& connection_;
};

ClientConnection::ClientConnection(std::unique_ptr<ClientWire> wire, ConnectionGate::Pass pass,
                                   std::shared_ptr<ServerState> server)
    : wire_(std::move(wire)),
      pass_(std::move(pass)),
      server_(std::move(server)),
      parser_(server_->options.limits),
      phase_(pass_ ? Phase::kWaiting : Phase::kClosing) {
  ConnectionQueue& queue = server_->queue(phase_);
  place_ = queue.insert(queue.end(), this);
}

ClientConnection::~ClientConnection() {
  DropBody();
  server_->queue(phase_).erase(place_);
  server_->TellIfQuiet();
}

void ClientConnection::Enter(Phase phase) {
  if (phase_ == Phase::kClosing) return;
  ConnectionQueue& queue = server_->queue(phase);
  queue.splice(queue.end(), server_->queue(phase_), place_);
  phase_ = phase;
}

// One place to wait, and nothing more to remember there: a connection spends its life in it.
Awaitable<void> ClientConnection::Run(std::shared_ptr<ClientConnection> self) {
  Step step = Step::kHandshake;
  while (co_await self->Take(step)) step = step == Step::kRead ? Step::kServe : Step::kRead;
  self->wire_->Close();
}

Awaitable<bool> ClientConnection::Take(Step step) {
  switch (step) {
    case Step::kHandshake: return Handshake();
    case Step::kRead: return ReadRequest();
    case Step::kServe: return ServeRequest();
  }
  return {};
}

Awaitable<void> ClientConnection::RunRefusal(std::shared_ptr<ClientConnection> self, RequestError error) {
  ++self->server_->refusals;
  const bool open = co_await self->Handshake();
  if (open) co_await self->Refuse(std::move(error));
  self->wire_->Close();
  --self->server_->refusals;
}

void ClientConnection::Retire(std::shared_ptr<ClientConnection> self) {
  asio::io_context& context = self->server_->context;
  asio::post(context, [self = std::move(self)] {});
}

bool ClientConnection::reading() const {
  return parser_.state() != RequestParser::State::kComplete && parser_.state() != RequestParser::State::kFailed;
}

Awaitable<bool> ClientConnection::Handshake() {
  deadline_ = Clock::now() + server_->options.limits.header_time;
  while (true) {
    error_code error;
    wire_->Handshake(error);
    if (!error) co_return true;
    if (SpeaksPlainHttp(error)) {
      wire_ = MakePlainClientWire(wire_->TakeSocket());
      co_await Refuse(ClientError(400, "this port speaks TLS, but the client sent plain HTTP: use https:// in the base URL"));
      co_return false;
    }
    if (!WouldBlock(error) || server_->stopping) co_return false;
    const auto [wait_error] = co_await wire_->Readable();
    if (wait_error && !server_->stopping) co_return false;
  }
}

Awaitable<bool> ClientConnection::ReadRequest() {
  bool continued = false;
  DropBody();
  parser_.Reset();
  deadline_ = Clock::now() + server_->options.limits.keep_alive;
  FeedLeftover();
  while (reading()) {
    idle_ = parser_.state() == RequestParser::State::kIdle;
    if (parser_.state() == RequestParser::State::kBody && parser_.expects_continue() && !std::exchange(continued, true)) {
      error_code error;
      // So little fits, or the client does not take its answers.
      if (wire_->Send({asio::buffer(kContinue)}, error) < kContinue.size()) co_return false;
    }
    error_code error;
    const RequestParser::State before = parser_.state();
    const std::size_t bytes = Receive(error);
    if (WouldBlock(error)) {
      if (idle_ && server_->stopping) co_return false;
      turn_bytes_ = 0;
      const auto [wait_error] = co_await wire_->Readable();
      if (!wait_error || (idle_ && server_->stopping)) continue;
      if (!expired_ || idle_) co_return false;
      co_await Refuse(ClientError(408, "the request did not come to its end in time"));
      co_return false;
    }
    if (error || bytes == 0) co_return false;
    SetReadDeadline(before);
    if (TurnIsOver(bytes)) co_await NextTurn();
    if (phase_ == Phase::kClosing) co_return false;  // Meanwhile its place was given to another.
  }
  idle_ = false;
  deadline_ = kNoDeadline;
  if (parser_.state() == RequestParser::State::kComplete) co_return true;
  co_await Refuse(parser_.error());
  co_return false;
}

void ClientConnection::DropBody() {
  ReleaseGradually(server_->context.get_executor(), std::exchange(parser_.request().body, {}));
}

std::size_t ClientConnection::Receive(error_code& error) {
  const auto receive = [&](std::span<char> into) { return wire_->Receive(into, error); };
  if (parser_.body_left() > 0) return parser_.ReceiveBody(receive);
  const bool in_body = parser_.state() == RequestParser::State::kBody;
  const std::span<char> scratch(server_->scratch);
  const std::size_t bytes = receive(scratch.first(in_body ? BytesATurn() : kHeadBytes));
  if (error || bytes == 0) return 0;
  const std::string_view input(scratch.data(), bytes);
  const std::string_view rest = input.substr(parser_.Feed(input));
  if (!rest.empty()) leftover_ = std::make_unique<std::string>(rest);
  return bytes;
}

std::size_t ClientConnection::BytesATurn() const {
  return parser_.request().body.size() < kLargeBody ? kBytesATurn : kLargeBodyBytesATurn;
}

bool ClientConnection::TurnIsOver(std::size_t bytes) {
  turn_bytes_ += bytes;
  if (turn_bytes_ < BytesATurn()) return false;
  turn_bytes_ = 0;
  return true;
}

// A request that is whole is served in turn with all others; to read more of one is bulk work.
Awaitable<void> ClientConnection::NextTurn() {
  const Executor executor = server_->context.get_executor();
  return reading() ? BulkTurn(executor) : asio::post(executor, kAwait);
}

void ClientConnection::FeedLeftover() {
  if (leftover_ == nullptr) return;
  const RequestParser::State before = parser_.state();
  leftover_->erase(0, parser_.Feed(*leftover_));
  if (leftover_->empty()) leftover_.reset();
  SetReadDeadline(before);
}

void ClientConnection::SetReadDeadline(RequestParser::State before) {
  const HttpLimits& limits = server_->options.limits;
  const RequestParser::State state = parser_.state();
  if (state == RequestParser::State::kComplete) return;
  const auto now = Clock::now();
  if (state == RequestParser::State::kHead && before == RequestParser::State::kIdle) deadline_ = now + limits.header_time;
  if (state != RequestParser::State::kBody) return;
  if (before != RequestParser::State::kBody) {
    body_begin_ = now;
    Enter(Phase::kWaiting);  // It came forward: those that are still at their head go first.
  }
  const std::chrono::seconds earned(parser_.request().body.size() / kSlowestBodyBytesPerSecond);
  deadline_ = std::min(now + limits.body_stall, body_begin_ + limits.body_stall + earned);
}

namespace {

// Behind the handler, however it ended.
class HandlerEnd {
 public:
  explicit HandlerEnd(const HttpServer::Options& options) : options_(options) {}
  ~HandlerEnd() {
    if (options_.on_handler_end) options_.on_handler_end();
  }
  HandlerEnd(const HandlerEnd&) = delete;
  HandlerEnd& operator=(const HandlerEnd&) = delete;

 private:
  const HttpServer::Options& options_;
};

}  // namespace

// The handler runs in the connection's own coroutine: a stream may last for an hour.
Awaitable<bool> ClientConnection::ServeRequest() {
  Turn turn(*this, Response::Form{.head_only = parser_.request().method == "HEAD",
                                  .chunks = !parser_.http_1_0(),
                                  .keep_alive = parser_.keep_alive()});
  WatchClient();
  try {
    const HandlerEnd end(server_->options);
    co_await server_->handler(parser_.request(), turn.response);
  } catch (...) {
    turn.failure = std::current_exception();
  }
  if (turn.watched) wire_->Cancel();
  if (turn.response.client_gone()) co_return false;
  if (!turn.response.whole()) co_await Repair(turn);
  co_return turn.response.whole() && turn.response.keep_alive();
}

// Beside the handler. Cancels it if the client goes away first.
void ClientConnection::WatchClient() {
  turn_->watched = true;
  wire_->WhenReadable([self = shared_from_this(), turn = turns_](const error_code& error) { self->SeeClient(error, turn); });
}

void ClientConnection::SeeClient(error_code waited, unsigned turn) {
  if (turn_ == nullptr || turn != turns_) return;
  turn_->watched = false;
  const ClientWire::Sight sight = waited ? ClientWire::Sight::kGone : wire_->Look();
  if (sight == ClientWire::Sight::kNothing) return WatchClient();
  // After a pipelined request the socket stays readable: there is nothing more to watch for.
  if (sight == ClientWire::Sight::kBytes) return;
  turn_->response.ClientLeft();
  cancel_.emit(asio::cancellation_type::terminal);
}

// The handler left without a whole response: an answer if none was begun, else a visible cut.
Awaitable<void> ClientConnection::Repair(Turn& turn) {
  if (turn.failure) {
    try {
      std::rethrow_exception(turn.failure);
    } catch (const std::exception& problem) {
      log::Error(Concat("request handler failed path=", parser_.request().path(), " error=", problem.what()));
    }
  }
  if (turn.response.begun()) {
    wire_->Abort();
    co_return;
  }
  RequestError error;
  error.message = "internal error: the request was not answered";
  co_await Refuse(std::move(error));
}

Awaitable<void> ClientConnection::Refuse(RequestError error) {
  DropBody();  // The connection may stay for a while yet.
  idle_ = false;
  Response response(*wire_, deadline_, *server_,
                    {.head_only = parser_.request().method == "HEAD", .chunks = true, .keep_alive = false});
  const std::string body = server_->options.error_body(error);
  std::vector<Header> headers{{"content-type", "application/json"}};
  try {
    co_await response.Send(error.http_status, std::move(headers), body);
  } catch (const boost::system::system_error&) {
    co_return;  // The client did not wait for it.
  }
  co_await Linger();
}

Awaitable<void> ClientConnection::Linger() {
  wire_->EndSending();
  deadline_ = Clock::now() + server_->options.limits.linger;
  expired_ = true;  // Nothing more is due of it: however long it stays, it does not count as slow for that.
  std::size_t discarded = 0;
  error_code error;
  while (!error && discarded < kLingerBytes) {
    const std::size_t bytes = wire_->Discard(server_->scratch, error);
    if (WouldBlock(error)) {
      const auto [wait_error] = co_await wire_->Readable();
      error = wait_error;
      continue;
    }
    if (bytes == 0) co_return;
    discarded += bytes;
    if (TurnIsOver(bytes)) co_await BulkTurn(server_->context.get_executor());
  }
}

void ClientConnection::Expire(Clock::time_point now) {
  if (now < deadline_) return;
  if (!idle_ && !expired_) ++server_->dropped.slow;
  expired_ = true;
  wire_->Cancel();  // And at the next sweep again, if just now it waited for its turn and not for the wire.
}

// Its coroutine looks once more: a request may have arrived unread.
void ClientConnection::CloseIfIdle() {
  if (idle_) wire_->Cancel();
}

ConnectionGate::Pass ClientConnection::MakeRoom() {
  Enter(Phase::kClosing);
  wire_->Close();
  return std::move(pass_);
}

void ClientConnection::Cut() {
  wire_->Abort();
  if (turn_ == nullptr) return;
  turn_->response.ClientLeft();  // Whether or not its client is watched.
  cancel_.emit(asio::cancellation_type::terminal);
}

}  // namespace ccp::edge
