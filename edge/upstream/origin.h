// Where an upstream lives: scheme, host and port of a URL. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace boost::urls {
class url_view;
}

namespace ccp::edge {

enum class Scheme : std::uint8_t { kHttp, kHttps };

// Connections to one origin are interchangeable; connections to two are not.
struct Origin {
  Scheme scheme = Scheme::kHttps;
  std::string host;         // Lower case; an IPv6 address without brackets.
  std::uint16_t port = 443;
  auto operator<=>(const Origin&) const = default;

  std::string Authority() const;   // "host:port", with brackets where needed: what CONNECT wants.
  std::string HostHeader() const;  // The same without the scheme's default port.
  std::string Text() const;        // "https://host:port", for messages.
  bool IsLoopback() const;         // localhost, *.localhost, 127.0.0.0/8, ::1; by name, nothing is resolved.
};

struct UrlParts {
  Origin origin;
  std::string target;  // Path and query as they stand, at least "/".
};

// Takes http and https URLs. kInvalidArgument for anything else, for credentials in the URL and for a fragment; the
// message never repeats user information.
absl::StatusOr<UrlParts> ParseUrl(std::string_view url);

// False where Boost.URL 1.81 took what follows a broken port for a path: "http://host:12x/".
bool IsPathAfterAuthority(const boost::urls::url_view& view);

}  // namespace ccp::edge
