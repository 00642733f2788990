#include "edge/upstream/proxy.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <utility>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

std::string Base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock() ends its output with a NUL.
  const int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> ParseIpv4(std::string_view text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v4(std::string(text), error);
  if (error) return std::nullopt;
  return static_cast<std::uint32_t>(address.to_uint());
}

bool IsWithin(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size() || host.substr(host.size() - domain.size()) != domain) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

// "host", "host:port", "[v6]:port" or a bare IPv6 address.
std::pair<std::string_view, std::uint16_t> SplitPort(std::string_view entry) {
  if (!entry.empty() && entry[0] == '[') {
    const std::size_t end = std::min(entry.find(']'), entry.size());
    const std::string_view rest = entry.substr(std::min(end + 1, entry.size()));
    const auto port = rest.empty() ? std::nullopt : ParseNumber<std::uint16_t>(rest.substr(1), 65535);
    return {entry.substr(1, end - 1), port.value_or(0)};
  }
  const std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos || entry.find(':') != colon) return {entry, 0};
  return {entry.substr(0, colon), ParseNumber<std::uint16_t>(entry.substr(colon + 1), 65535).value_or(0)};
}

}  // namespace

absl::StatusOr<Proxy> ParseProxy(std::string_view url) {
  constexpr std::string_view kWant = "want http://[user:password@]host[:port]";
  const std::string text = url.find("://") == std::string_view::npos ? Concat("http://", url) : std::string(url);
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || !IsPathAfterAuthority(*parsed)) return InvalidArgument("proxy URL is malformed; ", kWant);
  const boost::urls::url_view view = *parsed;
  if (view.scheme_id() != boost::urls::scheme::http) {
    return InvalidArgument("proxy URL has the scheme \"", std::string(view.scheme()), "\"; ", kWant);
  }
  Proxy proxy;
  proxy.origin.scheme = Scheme::kHttp;
  proxy.origin.host = ToLower(view.host_address());
  proxy.origin.port = view.port_number() != 0 ? view.port_number() : 80;
  if (proxy.origin.host.empty()) return InvalidArgument("proxy URL has no host; ", kWant);
  if (view.has_userinfo()) proxy.authorization = Concat("Basic ", Base64(Concat(view.user(), ":", view.password())));
  return proxy;
}

NoProxy::NoProxy(std::string_view list) {
  std::string commas(list);
  std::replace(commas.begin(), commas.end(), ' ', ',');
  for (std::string_view entry : Split(commas, ',')) {
    entry = Trim(entry);
    if (entry.empty()) continue;
    if (entry == "*") {
      everything_ = true;
      continue;
    }
    if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
      const auto address = ParseIpv4(entry.substr(0, slash));
      const auto bits = ParseNumber<std::uint32_t>(entry.substr(slash + 1), 32);
      if (!address || !bits)
        continue;  // Other programs read this variable too: what only they understand is not an error.
      const std::uint32_t mask = *bits == 0 ? 0 : ~std::uint32_t{0} << (32 - *bits);
      networks_.push_back({*address & mask, mask});
      continue;
    }
    auto [host, port] = SplitPort(entry);
    if (host.substr(0, 2) == "*.") host.remove_prefix(1);
    if (!host.empty() && host[0] == '.') host.remove_prefix(1);
    if (!host.empty()) names_.push_back({ToLower(host), port});
  }
}

bool NoProxy::Matches(const Origin& origin) const {
  if (everything_) return true;
  if (const auto address = ParseIpv4(origin.host)) {
    const auto holds = [&](const Network& network) { return (*address & network.mask) == network.address; };
    if (std::any_of(networks_.begin(), networks_.end(), holds)) return true;
  }
  return std::any_of(names_.begin(), names_.end(), [&](const Name& name) {
    return IsWithin(origin.host, name.host) && (name.port == 0 || name.port == origin.port);
  });
}

absl::StatusOr<ProxyRules> ProxyRules::Make(std::string_view https_proxy, std::string_view http_proxy,
                                            std::string_view no_proxy) {
  ProxyRules rules(no_proxy);
  const auto set = [](std::string_view name, std::string_view url, std::optional<Proxy>& to) {
    if (Trim(url).empty()) return absl::OkStatus();
    auto proxy = ParseProxy(Trim(url));
    if (!proxy.ok()) return InvalidArgument(name, ": ", Message(proxy.status()));
    to = *std::move(proxy);
    return absl::OkStatus();
  };
  if (auto status = set("HTTPS_PROXY", https_proxy, rules.https_); !status.ok()) return status;
  if (auto status = set("HTTP_PROXY", http_proxy, rules.http_); !status.ok()) return status;
  return rules;
}

const Proxy* ProxyRules::For(const Origin& origin) const {
  const std::optional<Proxy>& proxy = origin.scheme == Scheme::kHttps ? https_ : http_;
  if (!proxy.has_value() || origin.IsLoopback() || exceptions_.Matches(origin)) return nullptr;
  return &*proxy;
}

}  // namespace ccp::edge
