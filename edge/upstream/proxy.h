// Which upstreams are reached through which proxy. Pure.
//
// As with curl: HTTPS_PROXY for https upstreams (a CONNECT tunnel, so the proxy sees no request), HTTP_PROXY for http ones
// (the whole URL in the request line), NO_PROXY for exceptions. Unlike curl, loopback upstreams never go through a proxy:
// a model on this machine must work wherever HTTPS_PROXY is set for the rest.
// Errors: kInvalidArgument for a proxy that is not http://[user:password@]host[:port]; never with its credentials.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "edge/upstream/origin.h"

namespace ccp::edge {

struct Proxy {
  Origin origin;
  std::string authorization;  // Value of Proxy-Authorization, or empty. Secret.
};

// "host[:port]" without a scheme is taken as http. Port 80 by default, as the scheme says.
absl::StatusOr<Proxy> ParseProxy(std::string_view url);

// Hosts that are reached directly. Entries are separated by commas or spaces: "*", "example.com" and ".example.com" (the
// name and everything below it), addresses, "host:port", IPv4 networks as "10.0.0.0/8".
class NoProxy {
 public:
  explicit NoProxy(std::string_view list);
  bool Matches(const Origin& origin) const;

 private:
  struct Network {
    std::uint32_t address;
    std::uint32_t mask;
  };
  struct Name {
    std::string host;            // Lower case, without a leading dot.
    std::uint16_t port;          // 0: every port.
  };
  bool everything_ = false;
  std::vector<Network> networks_;
  std::vector<Name> names_;
};

class ProxyRules {
 public:
  static absl::StatusOr<ProxyRules> Make(std::string_view https_proxy, std::string_view http_proxy,
                                         std::string_view no_proxy);
  const Proxy* For(const Origin& origin) const;  // nullptr: directly. Valid as long as the rules.

 private:
  explicit ProxyRules(std::string_view no_proxy) : exceptions_(no_proxy) {}
  std::optional<Proxy> https_;
  std::optional<Proxy> http_;
  NoProxy exceptions_;
};

}  // namespace ccp::edge
