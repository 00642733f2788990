#include "edge/app/listen_address.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

absl::Status Malformed(std::string_view text) {
  return InvalidArgument("--listen: got \"", text, "\", want ADDRESS:PORT as in 127.0.0.1:8082 (port 0 picks a free one)");
}

std::string_view WithoutBrackets(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Malformed(text);
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return Malformed(text);
  const std::string_view host = text.substr(0, colon);
  address.host = host == "localhost" ? "127.0.0.1" : std::string(WithoutBrackets(host));
  boost::system::error_code not_an_address;
  const auto ip = boost::asio::ip::make_address(address.host, not_an_address);
  if (not_an_address) return Malformed(text);
  if (!ip.is_loopback()) {
    return InvalidArgument("--listen: ", text, " can be reached from other machines, and this edge does not ask for client ",
                           "keys yet: listen on 127.0.0.1 or [::1]");
  }
  return address;
}

std::string FormatAddress(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? Concat("[", address.host, "]:", address.port) : Concat(address.host, ":", address.port);
}

}  // namespace ccp::edge
