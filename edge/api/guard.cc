#include "edge/api/guard.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::array<std::string_view, 3> kLoopbackNames{"localhost", "127.0.0.1", "[::1]"};

std::string_view WithoutPort(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

bool HostIsOurs(std::string_view host, const std::vector<std::string>& host_names) {
  const std::string name = ToLower(WithoutPort(host));
  return std::find(kLoopbackNames.begin(), kLoopbackNames.end(), name) != kLoopbackNames.end() ||
         std::find(host_names.begin(), host_names.end(), name) != host_names.end();
}

// Links, pictures and scripts of a page come without Origin, but browsers say from where they were asked for.
bool IsAskedForByAPage(std::string_view fetch_site) { return fetch_site == "cross-site" || fetch_site == "same-site"; }

bool PageIsAllowed(const HttpRequest& request, const std::vector<std::string>& allowed_origins) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return !IsAskedForByAPage(request.header("sec-fetch-site"));
  return std::find(allowed_origins.begin(), allowed_origins.end(), origin) != allowed_origins.end();
}

bool IsJson(std::string_view content_type) {
  return EqualsIgnoreCase(Trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

}  // namespace

// No refusal repeats what a header says: it is kept in the journal and the ledger, and a header may hold anything.
std::optional<RequestError> CheckCaller(const HttpRequest& request, const std::vector<std::string>& host_names,
                                        const std::vector<std::string>& allowed_origins) {
  const std::string_view host = request.header("host");
  if (!host.empty() && !HostIsOurs(host, host_names)) {
    return ClientError(403, "host: this edge does not answer to that name: use localhost or 127.0.0.1, or --host-name");
  }
  if (!PageIsAllowed(request, allowed_origins)) {
    return ClientError(403, "origin: requests of web pages are refused, unless the edge runs with --allow-origin for them");
  }
  if (request.method != "POST") return std::nullopt;
  if (!IsJson(request.header("content-type"))) return ClientError(415, "content-type: want application/json");
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && !EqualsIgnoreCase(encoding, "identity")) {
    return ClientError(415, "content-encoding: compressed request bodies are not accepted");
  }
  return std::nullopt;
}

}  // namespace ccp::edge
