#include "common/base/host_port.h"

#include <charconv>
#include <cstdint>

namespace ccp {

std::optional<HostPort> SplitHostPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.find('/') != std::string_view::npos) return std::nullopt;  // A URL.
  std::uint16_t number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  return HostPort{std::string(host), std::string(port)};
}

}  // namespace ccp
