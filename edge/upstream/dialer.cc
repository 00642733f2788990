#include "edge/upstream/dialer.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <utility>

#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/address_guard.h"
#include "edge/upstream/response_parser.h"

namespace ccp::edge {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = Watchdog::Clock;
using Retry = RequestError::Retry;

namespace {


// A lookup that its caller may abandon: getaddrinfo() cannot be interrupted.
struct PendingLookup {
  using Executor = asio::io_context::executor_type;
  explicit PendingLookup(asio::io_context& context) : resolver(context), done(context) {}
  asio::ip::basic_resolver<tcp, Executor> resolver;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> done;
  tcp::resolver::results_type results;
  ErrorCode error;
  bool finished = false;
};

// Each address gets its share of what time is left, so that one that swallows packets does not use up all of it.
Clock::time_point ShareOf(Clock::time_point deadline, std::size_t addresses_left) {
  const auto now = Clock::now();
  return now + (deadline - now) / static_cast<int>(addresses_left);
}

// Asio watched the socket for writing in order to connect it, and would go on: each wait for bytes would then wake at once,
// because one may write. Registered anew, it is watched for writing only when a write has to wait.
void WatchOnlyForReading(Socket& socket) {
  ErrorCode error;
  const auto protocol = socket.local_endpoint(error).protocol();
  if (error) return;
  const auto descriptor = socket.release(error);
  if (!error) socket.assign(protocol, descriptor, error);
}

RequestError ConnectFailure(const Origin& peer, const Connection& connection, const ErrorCode& error) {
  if (connection.timed_out()) return UpstreamTimeout(Concat("connecting to ", peer.Text(), " took too long"));
  return UpstreamFailure(Retry::kAgain, Concat("cannot connect to ", peer.Text(), ": ", error.message()));
}

RequestError ForbiddenAddress(const Origin& peer) {
  return UpstreamFailure(Retry::kElsewhere, Concat(peer.Text(), " is at a link-local, metadata or multicast address, ",
                                                   "where no request is sent; check api_base"));
}

}  // namespace

RequestError UpstreamFailure(Retry retry, std::string what) {
  RequestError error;
  error.origin = RequestError::Origin::kUpstream;
  error.retry = retry;
  error.http_status = 502;
  error.type = ErrorTypeForStatus(error.http_status);
  error.message = std::move(what);
  return error;
}

RequestError UpstreamTimeout(std::string what) {
  RequestError error = UpstreamFailure(Retry::kAgain, std::move(what));
  error.http_status = 504;
  error.type = ErrorTypeForStatus(error.http_status);
  error.timed_out = true;
  return error;
}

Dialer::Dialer(asio::io_context& context, std::shared_ptr<TlsSettings> tls, ProxyRules proxies)
    : context_(context), tls_(std::move(tls)), proxies_(std::move(proxies)) {}

Awaitable<Result<std::unique_ptr<Connection>>> Dialer::Dial(std::shared_ptr<const Origin> origin,
                                                              std::shared_ptr<TlsSessions> sessions,
                                                              std::chrono::milliseconds connect) {
  const auto deadline = Clock::now() + connect;
  const Proxy* proxy = proxies_.For(*origin);
  auto connection = std::make_unique<Connection>(context_, origin);
  if (auto error = co_await Connect(*connection, proxy != nullptr ? proxy->origin : *origin, deadline)) {
    co_return *std::move(error);
  }
  connection->SetDeadline(deadline);
  if (origin->scheme == Scheme::kHttps) {
    if (proxy != nullptr) {
      if (auto error = co_await Tunnel(*connection, *proxy)) co_return *std::move(error);
    }
    if (auto error = co_await StartTls(*connection, std::move(sessions))) co_return *std::move(error);
  }
  co_return std::move(connection);
}

Awaitable<Result<Dialer::Endpoints>> Dialer::Lookup(Origin origin, Deadline deadline) {
  ErrorCode not_an_address;
  const auto address = asio::ip::make_address(origin.host, not_an_address);
  if (!not_an_address) co_return Endpoints{tcp::endpoint(address, origin.port)};

  const auto lookup = std::make_shared<PendingLookup>(context_);
  lookup->done.expires_at(deadline);
  lookup->resolver.async_resolve(origin.host, std::to_string(origin.port), tcp::resolver::numeric_service,
                                 [lookup](const ErrorCode& error, tcp::resolver::results_type results) {
                                   lookup->error = error;
                                   lookup->results = std::move(results);
                                   lookup->finished = true;
                                   lookup->done.cancel();
                                 });
  co_await lookup->done.async_wait(kAwaitTuple);
  if (!lookup->finished) co_return UpstreamTimeout(Concat("looking up ", origin.host, " took too long"));
  if (lookup->error) {
    co_return UpstreamFailure(Retry::kAgain, Concat("cannot look up ", origin.host, ": ", lookup->error.message()));
  }
  Endpoints endpoints;
  for (const auto& entry : lookup->results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Awaitable<std::optional<RequestError>> Dialer::Connect(Connection& connection, Origin peer, Deadline deadline) {
  auto found = co_await Lookup(peer, deadline);
  if (!found.ok()) co_return std::move(found).error();
  std::erase_if(*found, [](const tcp::endpoint& endpoint) { return IsForbiddenAddress(endpoint.address()); });
  if (found->empty()) co_return ForbiddenAddress(peer);

  ErrorCode error;
  for (std::size_t i = 0; i < found->size(); ++i) {
    // A fresh connection for each address: a watchdog that has bitten is spent.
    if (i > 0) connection.Reset(context_);
    connection.SetDeadline(ShareOf(deadline, found->size() - i));
    Socket& socket = connection.wire().socket();
    std::tie(error) = co_await socket.async_connect((*found)[i], kAwaitTuple);
    if (!error && !connection.timed_out()) {
      socket.set_option(tcp::no_delay(true), error);
      WatchOnlyForReading(socket);
      co_return std::nullopt;
    }
  }
  co_return ConnectFailure(peer, connection, error);
}

Awaitable<std::optional<RequestError>> Dialer::Tunnel(Connection& connection, Proxy proxy) {
  const std::string authority = connection.origin().Authority();
  std::string head = Concat("CONNECT ", authority, " HTTP/1.1\r\nHost: ", authority, "\r\n");
  if (!proxy.authorization.empty()) head += Concat("Proxy-Authorization: ", proxy.authorization, "\r\n");
  head += "\r\n";
  auto [write_error, written] = co_await connection.wire().Write({asio::buffer(head), asio::const_buffer(), asio::const_buffer()});
  if (write_error) co_return ConnectFailure(proxy.origin, connection, write_error);

  ResponseParser parser(ResponseParser::Expect::kNoBody);
  std::array<char, 4096> buffer;
  std::string no_body;
  while (!parser.done()) {
    auto [error] = co_await connection.wire().Readable();
    const std::size_t bytes = error ? 0 : connection.wire().Take(buffer, error);
    if (error == asio::error::would_block) continue;
    if (error) co_return ConnectFailure(proxy.origin, connection, error);
    const auto status = parser.Feed({buffer.data(), bytes}, no_body);
    if (!status.ok()) {
      co_return UpstreamFailure(Retry::kElsewhere, Concat("proxy ", proxy.origin.Text(), ": ", Message(status)));
    }
  }
  if (parser.status() >= 200 && parser.status() < 300) co_return std::nullopt;
  co_return UpstreamFailure(Retry::kElsewhere, Concat("proxy ", proxy.origin.Text(), " refused a tunnel to ", authority,
                                                      " with status ", parser.status()));
}

Awaitable<std::optional<RequestError>> Dialer::StartTls(Connection& connection,
                                                              std::shared_ptr<TlsSessions> sessions) {
  const Origin& origin = connection.origin();
  auto tls = MakeTlsWire(std::move(connection.wire().socket()), origin.host, tls_, std::move(sessions));
  if (!tls.ok()) co_return UpstreamFailure(Retry::kElsewhere, std::string(Message(tls.status())));
  TlsWire& wire = **tls;
  connection.Upgrade(*std::move(tls));
  const auto [error] = co_await wire.Handshake();
  if (!error) co_return std::nullopt;
  if (connection.timed_out()) co_return ConnectFailure(origin, connection, error);
  const Retry retry = wire.refused_certificate() ? Retry::kElsewhere : Retry::kAgain;
  co_return UpstreamFailure(retry, Concat("TLS with ", origin.Text(), ": ", wire.HandshakeProblem(error)));
}

}  // namespace ccp::edge
