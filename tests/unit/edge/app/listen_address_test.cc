#include "edge/app/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string want;  // The address, or a part of the refusal.
  bool accepted;
};

class ListenAddressTest : public testing::TestWithParam<Case> {};

TEST_P(ListenAddressTest, IsParsedOrRefusedWithReason) {
  const auto address = ParseListenAddress(GetParam().text);
  ASSERT_EQ(address.ok(), GetParam().accepted) << address.status();
  if (address.ok()) {
    EXPECT_EQ(FormatAddress(*address), GetParam().want);
  } else {
    EXPECT_THAT(std::string(Message(address.status())), testing::HasSubstr(GetParam().want));
  }
}

INSTANTIATE_TEST_SUITE_P(Addresses, ListenAddressTest, testing::ValuesIn(std::vector<Case>{
    {"V4", "127.0.0.1:8082", "127.0.0.1:8082", true},
    {"OtherLoopback", "127.0.0.2:0", "127.0.0.2:0", true},
    {"V6", "[::1]:8082", "[::1]:8082", true},
    {"Localhost", "localhost:80", "127.0.0.1:80", true},
    {"Everyone", "0.0.0.0:8082", "client keys", false},
    {"EveryoneV6", "[::]:8082", "client keys", false},
    {"OtherMachine", "192.168.1.5:8082", "client keys", false},
    {"NoPort", "127.0.0.1", "want ADDRESS:PORT", false},
    {"PortOutOfRange", "127.0.0.1:70000", "want ADDRESS:PORT", false},
    {"PortWithLetters", "127.0.0.1:80a", "want ADDRESS:PORT", false},
    {"Name", "example.com:80", "want ADDRESS:PORT", false},
}), [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ccp::edge
