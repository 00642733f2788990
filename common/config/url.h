// The URLs that api_base may hold. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp::config {

struct Url {
  enum class Scheme : std::uint8_t { kHttp, kHttps };
  Scheme scheme = Scheme::kHttps;
  std::string host;         // Lower-case; an IPv6 address without its brackets.
  std::uint16_t port = 0;   // Always set: 80 or 443 when the text has none.
  std::string path;         // "" or "/v1"; no slash at the end.
};

// http or https, a host, perhaps a port and a path. Errors: kInvalidArgument, which says what is wrong with the text;
// a user or password, a query and a fragment are errors.
absl::StatusOr<Url> ParseUrl(std::string_view text);

// localhost, 127.0.0.0/8 or ::1.
bool IsLoopbackHost(std::string_view host);

// The host that issued the clients' own credentials: the only one `auth: passthrough` may send them to.
bool IsFirstPartyHost(std::string_view host);

// The dialect a host is known to speak, "openai" when nothing is known. `upstream_name` tells OpenAI's reasoning models.
std::string_view GuessDialect(const Url& url, std::string_view upstream_name);

}  // namespace ccp::config
