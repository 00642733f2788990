// Makes connections: resolve, check the address, connect, tunnel through a proxy, TLS.
//
// Threading: on the io_context's thread; name lookups run on a thread of Asio's own and cannot hold up a deadline.
// Errors: RequestError of origin kUpstream. Refused, reset, DNS, timeout: kAgain. A certificate that is not the host's, a
//   forbidden address, a proxy that refuses: kElsewhere, since another try would end the same.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/error.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/connection.h"
#include "edge/upstream/proxy.h"

namespace ccp::edge {

// What went wrong between us and an upstream. `what` has no secret in it.
RequestError UpstreamFailure(RequestError::Retry retry, std::string what);
RequestError UpstreamTimeout(std::string what);

class Dialer {
 public:
  Dialer(boost::asio::io_context& context, std::shared_ptr<TlsSettings> tls, ProxyRules proxies);

  const ProxyRules& proxies() const { return proxies_; }

  // `connect` limits everything together, from the lookup to the end of the TLS handshake.
  Awaitable<Result<std::unique_ptr<Connection>>> Dial(std::shared_ptr<const Origin> origin,
                                                       std::shared_ptr<TlsSessions> sessions,
                                                       std::chrono::milliseconds connect);

 private:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  using Deadline = Watchdog::Clock::time_point;
  Awaitable<Result<Endpoints>> Lookup(Origin origin, Deadline deadline);
  Awaitable<std::optional<RequestError>> Connect(Connection& connection, Origin peer, Deadline deadline);
  Awaitable<std::optional<RequestError>> Tunnel(Connection& connection, Proxy proxy);
  Awaitable<std::optional<RequestError>> StartTls(Connection& connection,
                                                               std::shared_ptr<TlsSessions> sessions);

  boost::asio::io_context& context_;
  std::shared_ptr<TlsSettings> tls_;
  ProxyRules proxies_;
};

}  // namespace ccp::edge
