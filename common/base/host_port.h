// HOST:PORT as people write it on a command line: 127.0.0.1:7443, localhost:0, [::1]:7443.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ccp {

struct HostPort {
  std::string host;  // With its brackets, if it has some.
  std::string port;  // Digits, 0 to 65535.
};

// Absent: not of that form. gRPC would take other things for an address: no port for one of its own, 72979 for 7443.
std::optional<HostPort> SplitHostPort(std::string_view address);

}  // namespace ccp
