// The mock provider as a whole, seen through the edge's own upstream client.
#include "tools/mock_provider/mock.h"

#include "common/base/text.h"
#include "tests/unit/edge/upstream/client_fixture.h"

namespace ccp::mock {
namespace {

class MockProviderTest : public edge::ClientFixture {
 protected:
  MockProviderTest() { Open({}); }

  void Play(std::string script) {
    MockOptions options;
    options.script = std::move(script);
    auto provider = MockProvider::Start(std::move(options));
    ASSERT_TRUE(provider.ok()) << provider.status();
    provider_ = *std::move(provider);
  }

  edge::Answer Ask(std::string_view method, std::string_view path, std::string_view body) {
    edge::UpstreamRequest request = To(Concat(provider_->base_url(), path));
    request.method = method;
    request.body = body;
    return Fetch(std::move(request));
  }
  edge::Answer Chat(std::string_view body) { return Ask("POST", "/v1/chat/completions", body); }

  std::unique_ptr<MockProvider> provider_;
};

constexpr std::string_view kHello = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
constexpr std::string_view kHelloStream = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]})";

TEST_F(MockProviderTest, EchoesAndRemembers) {
  Play("");
  EXPECT_NE(Chat(kHello).body.find("mock answer to: hello"), std::string::npos);
  EXPECT_NE(Chat(kHelloStream).body.find("data: [DONE]"), std::string::npos);
  EXPECT_NE(Ask("POST", "/v1/messages", kHelloStream).body.find("event: message_stop"), std::string::npos);
  EXPECT_EQ(Ask("POST", "/v1/messages/count_tokens", kHello).body.rfind("{\"input_tokens\":", 0), 0u);
  EXPECT_NE(Ask("GET", "/v1/models", "").body.find("mock-model"), std::string::npos);
  const std::string log = Ask("GET", "/requests", "").body;
  EXPECT_NE(log.find(R"("path":"/v1/messages/count_tokens")"), std::string::npos);
  EXPECT_NE(log.find(R"("content-type":"application/json")"), std::string::npos);
  EXPECT_EQ(Ask("DELETE", "/requests", "").body, R"({"requests":[]})");
}

TEST_F(MockProviderTest, PlaysItsScriptAndTakesAnother) {
  Play("rules: [{replies: [{status: 529, headers: {retry-after: '1'}}, {text: again}]}]");
  EXPECT_EQ(Chat(kHello).status, 529);
  EXPECT_NE(Chat(kHello).body.find("again"), std::string::npos);
  EXPECT_EQ(Ask("POST", "/script", "rules: [{reply: {body: <html>, content_type: text/html}}]").status, 200);
  EXPECT_EQ(Chat(kHello).body, "<html>");
  EXPECT_EQ(Ask("POST", "/script", "rules: [{reply: {txt: a}}]").status, 400);
  EXPECT_EQ(Chat(kHello).content_type, "text/html") << "a bad script changes nothing";
}

TEST_F(MockProviderTest, CutsWhereItIsTold) {
  Play("rules: [{match: {stream: true}, reply: {cut_after_events: 2}}, {reply: {cut_after_bytes: 0}}]");
  const edge::Answer in_stream = Chat(kHelloStream);
  EXPECT_EQ(in_stream.status, 200);
  EXPECT_TRUE(in_stream.error.has_value());
  EXPECT_NE(in_stream.body.find("data: "), std::string::npos);
  const edge::Answer at_once = Chat(kHello);
  EXPECT_EQ(at_once.status, 0);
  EXPECT_TRUE(at_once.error.has_value());
}

TEST_F(MockProviderTest, HangsUntilTheClientGivesUp) {
  Play("rules: [{reply: {hang: true}}]");
  edge::UpstreamRequest request = To(Concat(provider_->base_url(), "/v1/chat/completions"));
  request.body = kHello;
  request.timeouts.first_byte = std::chrono::milliseconds(30);
  EXPECT_TRUE(Fetch(std::move(request)).error->timed_out);
}

TEST_F(MockProviderTest, RefusesABadRequest) {
  Play("");
  EXPECT_EQ(Chat("nonsense").status, 400);
  EXPECT_EQ(Ask("GET", "/nowhere", "").status, 404);
}

TEST_F(MockProviderTest, AnswersFromTheCan) {
  MockOptions options;
  options.canned_events = 3;
  auto provider = MockProvider::Start(options);
  ASSERT_TRUE(provider.ok());
  provider_ = *std::move(provider);
  EXPECT_NE(Chat(kHelloStream).body.find("data: [DONE]"), std::string::npos);
  EXPECT_NE(Chat(kHello).body.find("token token token"), std::string::npos);
}

TEST_F(MockProviderTest, HasToolCallsInTheCan) {
  MockOptions options;
  options.canned_events = 3;
  auto provider = MockProvider::Start(options);
  ASSERT_TRUE(provider.ok());
  provider_ = *std::move(provider);
  const std::string stream = Ask("POST", "/tools/v1/chat/completions", kHelloStream).body;
  constexpr std::string_view kKey = R"("arguments")";
  int fragments = 0;
  for (std::size_t at = stream.find(kKey); at != std::string::npos; at = stream.find(kKey, at + 1)) ++fragments;
  EXPECT_EQ(fragments, 3 * (1 + 50));  // Each call begins with an empty one.
  EXPECT_NE(stream.find("data: [DONE]"), std::string::npos);
}

TEST(MockProvider, RefusesABadScript) {
  MockOptions options;
  options.script = "rules: 1";
  EXPECT_FALSE(MockProvider::Start(options).ok());
}

}  // namespace
}  // namespace ccp::mock
