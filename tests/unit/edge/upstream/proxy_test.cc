#include "edge/upstream/proxy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

struct NoProxyRow {
  std::string name;
  std::string list;
  std::string url;
  bool direct;
};

class NoProxyTest : public testing::TestWithParam<NoProxyRow> {};

TEST_P(NoProxyTest, Matches) {
  const auto url = ParseUrl(GetParam().url);
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(NoProxy(GetParam().list).Matches(url->origin), GetParam().direct);
}

INSTANTIATE_TEST_SUITE_P(Lists, NoProxyTest, testing::ValuesIn(std::vector<NoProxyRow>{
    {"Empty", "", "https://a.example/", false},
    {"Star", "*", "https://a.example/", true},
    {"Name", "a.example", "https://a.example/", true},
    {"NameIgnoresCase", "A.Example", "https://a.example/", true},
    {"Below", "example", "https://a.example/", true},
    {"DottedBelow", ".example", "https://a.example/", true},
    {"DottedItself", ".a.example", "https://a.example/", true},
    {"StarBelow", "*.example", "https://a.example/", true},
    {"NotAtALabel", "xample", "https://a.example/", false},
    {"Second", "b.example, a.example", "https://a.example/", true},
    {"SpacesOnly", "b.example a.example", "https://a.example/", true},
    {"Port", "a.example:8443", "https://a.example:8443/", true},
    {"OtherPort", "a.example:8443", "https://a.example/", false},
    {"Address", "10.1.2.3", "http://10.1.2.3/", true},
    {"OtherAddress", "10.1.2.3", "http://10.1.2.30/", false},
    {"Network", "10.0.0.0/8", "http://10.1.2.3/", true},
    {"NetworkWithHostBits", "10.9.9.9/8", "http://10.1.2.3/", true},
    {"OtherNetwork", "10.0.0.0/8", "http://11.1.2.3/", false},
    {"WholeNetwork", "0.0.0.0/0", "http://11.1.2.3/", true},
    {"SingleHostNetwork", "10.1.2.3/32", "http://10.1.2.4/", false},
    {"NetworkIsNoName", "10.0.0.0/8", "https://a.example/", false},
    {"BadNetwork", "10.0.0.0/99,a.example", "https://a.example/", true},
    {"Ipv6", "::2", "http://[::2]/", true},
    {"Ipv6Port", "[::2]:80", "http://[::2]/", true},
    {"Ipv6OtherPort", "[::2]:81", "http://[::2]/", false},
}), [](const auto& row_info) { return row_info.param.name; });

std::string Chosen(const ProxyRules& rules, const char* url) {
  const Proxy* proxy = rules.For(ParseUrl(url)->origin);
  return proxy == nullptr ? "direct" : proxy->origin.Text();
}

TEST(ProxyRules, ChoosesByScheme) {
  const auto rules = ProxyRules::Make("http://s.example:1", "p.example:2", "b.example");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(Chosen(*rules, "https://a.example/"), "http://s.example:1");
  EXPECT_EQ(Chosen(*rules, "http://a.example/"), "http://p.example:2");
  EXPECT_EQ(Chosen(*rules, "https://b.example/"), "direct");
  EXPECT_EQ(Chosen(*rules, "https://localhost:8443/"), "direct");
  EXPECT_EQ(Chosen(*rules, "http://127.0.0.1:8000/"), "direct");
}

TEST(ProxyRules, WithoutProxiesEverythingIsDirect) {
  const auto rules = ProxyRules::Make("", " ", "");
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(Chosen(*rules, "https://a.example/"), "direct");
}

TEST(Proxy, ReadsCredentials) {
  const auto proxy = ParseProxy("http://Aladdin:open%20sesame@proxy.example:3128");
  ASSERT_TRUE(proxy.ok());
  EXPECT_EQ(proxy->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(proxy->origin.Text(), "http://proxy.example:3128");
  EXPECT_EQ(ParseProxy("proxy.example")->origin.port, 80);
  EXPECT_EQ(ParseProxy("proxy.example")->authorization, "");
}

TEST(Proxy, RefusesWhatItCannotSpeakWithoutRepeatingIt) {
  for (const char* url : {"socks5://u:secret@p:1", "https://u:secret@p:1", "http://u:secret@", "http://u:secret@p:x"}) {
    const auto proxy = ParseProxy(url);
    ASSERT_FALSE(proxy.ok()) << url;
    EXPECT_EQ(Message(proxy.status()).find("secret"), std::string_view::npos) << url;
  }
}

}  // namespace
}  // namespace ccp::edge
