#include "edge/upstream/origin.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <utility>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::uint16_t DefaultPort(Scheme scheme) { return scheme == Scheme::kHttps ? kHttpsPort : kHttpPort; }

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : Concat("[", host, "]");
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool IsPathAfterAuthority(const boost::urls::url_view& view) {
  const auto path = view.encoded_path();
  return path.empty() || path.front() == '/';
}

std::string Origin::Authority() const { return Concat(Bracketed(host), ":", port); }

std::string Origin::HostHeader() const { return port == DefaultPort(scheme) ? Bracketed(host) : Authority(); }

std::string Origin::Text() const { return Concat(scheme == Scheme::kHttps ? "https://" : "http://", Authority()); }

bool Origin::IsLoopback() const {
  if (host == "localhost" || EndsWith(host, ".localhost") || host == "::1") return true;
  // Four numbers, so that 127.example.com is a name like any other.
  return host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
}

absl::StatusOr<UrlParts> ParseUrl(std::string_view url) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed || !IsPathAfterAuthority(*parsed))
    return InvalidArgument("upstream URL is malformed; want https://host[:port]/path");
  const boost::urls::url_view view = *parsed;
  if (view.has_userinfo())
    return InvalidArgument("upstream URL holds credentials; name the key by api_key_name instead");
  if (view.has_fragment()) return InvalidArgument("upstream URL has a #fragment, which is never sent; remove it");

  UrlParts parts;
  if (view.scheme_id() == boost::urls::scheme::https) {
    parts.origin.scheme = Scheme::kHttps;
  } else if (view.scheme_id() == boost::urls::scheme::http) {
    parts.origin.scheme = Scheme::kHttp;
  } else {
    return InvalidArgument("upstream URL has the scheme \"", std::string(view.scheme()), "\"; want http or https");
  }
  parts.origin.host = ToLower(view.host_address());
  if (parts.origin.host.empty()) return InvalidArgument("upstream URL has no host; want https://host[:port]/path");
  if (view.has_port() && !view.port().empty() && view.port_number() == 0) {
    return InvalidArgument("upstream URL has the port \"", std::string(view.port()), "\"; want 1 to 65535");
  }
  parts.origin.port = view.port_number() != 0 ? view.port_number() : DefaultPort(parts.origin.scheme);
  parts.target = std::string(view.encoded_target());
  if (parts.target.empty() || parts.target[0] != '/') parts.target.insert(0, "/");
  return parts;
}

}  // namespace ccp::edge
