#include "edge/upstream/origin.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "edge/upstream/address_guard.h"

namespace ccp::edge {
namespace {

struct UrlRow {
  std::string name;
  std::string url;
  std::string want;  // "origin target Host", or a part of the error behind "error: ".
};

class ParseUrlTest : public testing::TestWithParam<UrlRow> {};

TEST_P(ParseUrlTest, Parses) {
  const UrlRow& row = GetParam();
  const auto url = ParseUrl(row.url);
  constexpr std::string_view kError = "error: ";
  if (row.want.rfind(kError, 0) == 0) {
    ASSERT_FALSE(url.ok());
    EXPECT_NE(Message(url.status()).find(row.want.substr(kError.size())), std::string_view::npos) << url.status();
    EXPECT_EQ(Message(url.status()).find("secret"), std::string_view::npos);
    return;
  }
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(Concat(url->origin.Text(), " ", url->target, " ", url->origin.HostHeader()), row.want);
}

INSTANTIATE_TEST_SUITE_P(Urls, ParseUrlTest, testing::ValuesIn(std::vector<UrlRow>{
    {"Https", "https://api.example.com/v1/x", "https://api.example.com:443 /v1/x api.example.com"},
    {"Http", "http://api.example.com/v1", "http://api.example.com:80 /v1 api.example.com"},
    {"Port", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000 /v1 127.0.0.1:8000"},
    {"DefaultPortSaid", "https://a.example:443/", "https://a.example:443 / a.example"},
    {"OtherSchemesPort", "https://a.example:80/", "https://a.example:80 / a.example:80"},
    {"UpperCase", "HTTPS://API.Example.COM/V1", "https://api.example.com:443 /V1 api.example.com"},
    {"Query", "https://a.example/v1?beta=true&x=%20", "https://a.example:443 /v1?beta=true&x=%20 a.example"},
    {"NoPath", "https://a.example", "https://a.example:443 / a.example"},
    {"QueryWithoutPath", "https://a.example?x=1", "https://a.example:443 /?x=1 a.example"},
    {"Ipv6", "http://[::1]:9000/v1", "http://[::1]:9000 /v1 [::1]:9000"},
    {"Credentials", "https://user:secret@a.example/", "error: credentials"},
    {"Fragment", "https://a.example/v1#secret", "error: fragment"},
    {"OtherScheme", "ftp://a.example/", "error: want http or https"},
    {"NoScheme", "a.example/v1", "error: malformed"},
    {"NoHost", "https:///v1", "error: no host"},
    {"Space", "https://a.example/v 1", "error: malformed"},
    {"LineBreak", "https://a.example/v1\r\nX: y", "error: malformed"},
    {"PortZero", "https://a.example:0/", "error: port"},
    {"PortWithLetter", "https://a.example:12x/v1", "error: malformed"},
    {"PortTooLarge", "https://a.example:70000/", "error: "},
}), [](const auto& row_info) { return row_info.param.name; });

TEST(Origin, KnowsLoopback) {
  for (const char* host : {"localhost", "models.localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE((Origin{Scheme::kHttp, host, 80}.IsLoopback())) << host;
  }
  for (const char* host : {"localhost.example.com", "127.example.com", "10.0.0.1", "notlocalhost", "::2"}) {
    EXPECT_FALSE((Origin{Scheme::kHttp, host, 80}.IsLoopback())) << host;
  }
}

TEST(AddressGuard, ForbidsWhatNoUpstreamMayHave) {
  for (const char* address : {"0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1",
                              "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe"}) {
    EXPECT_TRUE(IsForbiddenAddress(boost::asio::ip::make_address(address))) << address;
  }
  for (const char* address : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "8.8.8.8", "169.253.1.1", "::1",
                              "2001:db8::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::808:808"}) {
    EXPECT_FALSE(IsForbiddenAddress(boost::asio::ip::make_address(address))) << address;
  }
}

}  // namespace
}  // namespace ccp::edge
