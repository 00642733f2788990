#include "edge/http/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/http/client_connection.h"
#include "edge/http/client_wire.h"
#include "edge/http/connection_gate.h"
#include "edge/http/server_state.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds kShortestSweep{5};
constexpr std::chrono::milliseconds kLongestSweep{1'000};
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{100};

std::string DefaultErrorBody(const RequestError& error) { return ErrorBody(error, ""); }

// More of them are closed without a word: a flood must not be able to hold descriptors by being refused.
constexpr std::size_t kMostRefusals = 64;

RequestError Overloaded(std::string message) {
  RequestError error;
  error.http_status = 503;
  error.type = ErrorTypeForStatus(503);
  error.message = std::move(message);
  return error;
}

RequestError NoRoom(ConnectionGate::Verdict verdict, const ConnectionGate::Ceilings& ceilings) {
  if (verdict == ConnectionGate::Verdict::kAddressFull) {
    return Overloaded(Concat("this address already has its ", ceilings.per_address, " connections to this edge: close some, or ",
                             "raise --max-connections-per-address"));
  }
  return Overloaded(Concat("this edge already has its ", ceilings.total, " connections, and all of them are busy: try again ",
                           "in a moment, or raise --max-connections"));
}

// Often enough that a limit is exceeded by a quarter at most, seldom enough to cost nothing.
std::chrono::milliseconds SweepInterval(const HttpLimits& limits) {
  const auto shortest =
      std::min({limits.header_time, limits.body_stall, limits.keep_alive, limits.write_stall, limits.linger});
  return std::clamp(shortest / 4, kShortestSweep, kLongestSweep);
}

class Server final : public HttpServer {
 public:
  Server(asio::io_context& context, Options options, HttpHandler handler)
      : state_(std::make_shared<ServerState>(context, std::move(options), std::move(handler))),
        acceptor_(std::make_shared<TcpAcceptor>(context.get_executor())),
        sweep_timer_(std::make_shared<Timer>(context)) {}

  ~Server() override {
    if (membership_) state_->options.gate->Leave(*membership_);
    state_->options.on_quiet = nullptr;  // Connections may end when nobody is there to be told.
    state_->cut = true;
    StopAccepting();
    CloseAll();
    sweep_timer_->cancel();
  }

  absl::Status Bind() {
    const Options& options = state_->options;
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return InvalidArgument("listen address: got \"", options.address, "\", want an IP address");
    const asio::ip::tcp::endpoint endpoint(address, options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error && options.reuse_port) acceptor_->set_option(ReusePort(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (!error) return absl::OkStatus();
    const std::string what = Concat("cannot listen on ", options.address, ":", options.port, ": ", error.message());
    return error == asio::error::address_in_use ? absl::AlreadyExistsError(what) : absl::UnavailableError(what);
  }

  std::uint16_t port() const override { return port_; }

  void Start() override {
    membership_ = state_->options.gate->Join({state_->context.get_executor(), [state = std::weak_ptr(state_)] {
      const auto alive = state.lock();
      return alive == nullptr ? ConnectionGate::Pass() : GiveUpPlace(*alive);
    }});
    state_->accepting = true;
    asio::co_spawn(state_->context, Accept(state_, acceptor_, *membership_), asio::detached);
    asio::co_spawn(state_->context, Sweep(state_, sweep_timer_), asio::detached);
  }

  void UseTls(std::shared_ptr<const TlsIdentity> identity) override { state_->options.tls = std::move(identity); }

  void StopAccepting() override {
    state_->stopping = true;
    TakeBacklog();
    error_code ignored;
    acceptor_->close(ignored);
    state_->ForEachConnection([](ClientConnection& connection) { connection.CloseIfIdle(); });
    state_->TellIfQuiet();
  }

  void CloseAll() override {
    state_->cut = true;
    state_->ForEachConnection([](ClientConnection& connection) { connection.Cut(); });
  }

  std::size_t open_connections() const override { return state_->queue(Phase::kWaiting).size() + busy_connections(); }
  std::size_t busy_connections() const override { return state_->queue(Phase::kServing).size(); }
  DroppedConnections dropped_connections() const override { return state_->dropped; }

 private:
  // Parameters by value: these coroutines may outlive the Server until the loop has unwound them.
  static Awaitable<void> Accept(std::shared_ptr<ServerState> state, std::shared_ptr<TcpAcceptor> acceptor,
                                ConnectionGate::MemberId membership) {
    while (acceptor->is_open()) {
      TcpSocket socket(state->context.get_executor());
      const auto [error] = co_await acceptor->async_accept(socket, kAwaitTuple);
      if (error && acceptor->is_open()) {
        // Out of descriptors, most likely: connections wait in the backlog until some are free again.
        log::Warn(Concat("cannot accept a connection error=", error.message()));
        Timer pause(state->context, kPauseWithoutDescriptors);
        co_await pause.async_wait(kAwaitTuple);
        continue;
      }
      if (!error && !state->cut) co_await Admit(state, membership, std::move(socket));
    }
    state->accepting = false;
    state->TellIfQuiet();
  }

  // The kernel has let them in, and would reset them when the listener closes: one may have sent its request already.
  void TakeBacklog() {
    error_code none_left, has_left;
    acceptor_->non_blocking(true, none_left);
    for (int i = 0; i < asio::socket_base::max_listen_connections && !state_->cut; ++i) {
      TcpSocket socket(state_->context.get_executor());
      acceptor_->accept(socket, none_left);
      if (none_left) return;
      const auto client = socket.remote_endpoint(has_left);
      if (!has_left) Adopt(state_, std::move(socket), EnterOrDisplace(*state_, client.address()));
    }
  }

  static Awaitable<void> Admit(const std::shared_ptr<ServerState>& state, ConnectionGate::MemberId membership,
                               TcpSocket socket) {
    error_code error;
    const auto client = socket.remote_endpoint(error);
    if (error) co_return;  // It has left already.
    ConnectionGate::Answer answer = EnterOrDisplace(*state, client.address());
    if (answer.verdict == ConnectionGate::Verdict::kFull) {
      // Until the others have answered, whoever comes next waits in the backlog.
      ConnectionGate::Pass place = co_await state->options.gate->AskOthers(membership);
      answer = place ? state->options.gate->TakeOver(std::move(place), client.address())
                     : EnterOrDisplace(*state, client.address());  // Meanwhile one may have ended.
    }
    Adopt(state, std::move(socket), std::move(answer));
  }

  static void Adopt(const std::shared_ptr<ServerState>& state, TcpSocket socket, ConnectionGate::Answer answer) {
    if (state->cut) return;
    auto& [verdict, pass] = answer;
    if (verdict == ConnectionGate::Verdict::kFull) ++state->dropped.full;
    if (verdict == ConnectionGate::Verdict::kAddressFull) ++state->dropped.address_full;
    const bool admitted = verdict == ConnectionGate::Verdict::kAdmitted;
    if (!admitted && state->refusals >= kMostRefusals) return;
    auto connection = std::make_shared<ClientConnection>(MakeWire(*state, std::move(socket)), std::move(pass), state);
    auto life = admitted ? ClientConnection::Run(connection)
                         : ClientConnection::RunRefusal(connection, NoRoom(verdict, state->options.gate->ceilings()));
    // The cancellation's memory is the connection's: that goes behind all of the coroutine.
    asio::co_spawn(state->context, std::move(life),
                   asio::bind_cancellation_slot(connection->cancellation(), [connection](const std::exception_ptr&) {
                     ClientConnection::Retire(connection);
                   }));
  }

  static ConnectionGate::Answer EnterOrDisplace(ServerState& state, const asio::ip::address& address) {
    ConnectionGate& gate = *state.options.gate;
    ConnectionGate::Answer answer = gate.Enter(address);
    if (answer.verdict != ConnectionGate::Verdict::kFull) return answer;
    ConnectionGate::Pass place = GiveUpPlace(state);
    if (place) answer = gate.TakeOver(std::move(place), address);
    return answer;
  }

  // Whoever has waited longest for a request leaves: a client sends its request when it has connected, so that is an idle
  // connection or one of an attacker who holds places.
  static ConnectionGate::Pass GiveUpPlace(ServerState& state) {
    const ConnectionQueue& waiting = state.queue(Phase::kWaiting);
    if (waiting.empty()) return {};
    ++state.dropped.displaced;
    return waiting.front()->MakeRoom();
  }

  static std::unique_ptr<ClientWire> MakeWire(const ServerState& state, TcpSocket socket) {
    if (state.options.tls == nullptr) return MakePlainClientWire(std::move(socket));
    return MakeTlsClientWire(std::move(socket), *state.options.tls);
  }

  static Awaitable<void> Sweep(std::shared_ptr<ServerState> state, std::shared_ptr<Timer> timer) {
    const auto interval = SweepInterval(state->options.limits);
    while (true) {
      timer->expires_after(interval);
      const auto [error] = co_await timer->async_wait(kAwaitTuple);
      if (error) co_return;
      const auto now = std::chrono::steady_clock::now();
      for (const ConnectionQueue& queue : state->queues) {
        for (ClientConnection* connection : queue) connection->Expire(now);
      }
    }
  }

  std::shared_ptr<ServerState> state_;
  std::shared_ptr<TcpAcceptor> acceptor_;
  std::shared_ptr<Timer> sweep_timer_;
  std::optional<ConnectionGate::MemberId> membership_;  // While it can be asked for a place.
  std::uint16_t port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(asio::io_context& context, Options options,
                                                               HttpHandler handler) {
  if (!options.error_body) options.error_body = DefaultErrorBody;
  if (options.gate == nullptr) options.gate = ConnectionGate::Make({});
  auto server = std::make_unique<Server>(context, std::move(options), std::move(handler));
  if (const absl::Status status = server->Bind(); !status.ok()) return status;
  return server;
}

}  // namespace ccp::edge
