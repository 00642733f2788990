#include "common/base/host_port.h"

#include <gtest/gtest.h>

namespace ccp {
namespace {

TEST(SplitHostPort, TakesAnAddressAndNothingElse) {
  const struct {
    const char* address;
    const char* host;  // nullptr: refused.
    const char* port;
  } kCases[] = {
      {"127.0.0.1:7443", "127.0.0.1", "7443"},
      {"localhost:0", "localhost", "0"},
      {"[::1]:65535", "[::1]", "65535"},
      {"127.0.0.1", nullptr, nullptr},
      {"127.0.0.1:", nullptr, nullptr},
      {":7443", nullptr, nullptr},
      {"127.0.0.1:72979", nullptr, nullptr},
      {"127.0.0.1:-1", nullptr, nullptr},
      {"127.0.0.1:80a", nullptr, nullptr},
      {"http://127.0.0.1:7443", nullptr, nullptr},
      {"", nullptr, nullptr},
  };
  for (const auto& row : kCases) {
    const auto got = SplitHostPort(row.address);
    ASSERT_EQ(got.has_value(), row.host != nullptr) << row.address;
    if (!got) continue;
    EXPECT_EQ(got->host, row.host);
    EXPECT_EQ(got->port, row.port);
  }
}

}  // namespace
}  // namespace ccp
