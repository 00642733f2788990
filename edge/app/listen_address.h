// --listen and where it may point. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp::edge {

struct ListenAddress {
  std::string host;         // An IP address, without brackets.
  std::uint16_t port = 0;
};

// "127.0.0.1:8082", "[::1]:0", "localhost:8082". kInvalidArgument for anything but a loopback address: who may use the
// edge is not checked yet, so nobody else may reach it.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

std::string FormatAddress(const ListenAddress& address);

}  // namespace ccp::edge
