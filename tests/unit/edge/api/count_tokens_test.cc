// POST /v1/messages/count_tokens: who counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "edge/api/endpoints.h"
#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

class CountTokensTest : public testing::Test {
 protected:
  CountTokensTest() {
    model_.name = "main";
    model_.provider = "p";
    model_.upstream_name = "claude-up";
    model_.api_base = "https://anthropic.test";
    model_.direct = true;
    context_.upstream = &upstream_;
    context_.keys = &keys_;
    context_.usage = &ledger_;
  }

  void Run(const std::string& text = "hello there") {
    config::Catalog catalog;
    catalog.models = {model_};
    catalog.routing.slots[config::Slot::kDefault].targets = {{"main"}};
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->policy = *route::Policy::Compile(catalog);
    context_.snapshot = std::move(snapshot);
    request_.method = "POST";
    request_.target = "/v1/messages/count_tokens?beta=true";
    request_.body = R"({"model":"main","messages":[{"role":"user","content":")" + text + "\"}]}";
    loop_.restart();
    boost::asio::co_spawn(loop_, CountTokens(context_, request_, client_), boost::asio::detached);
    loop_.run();
  }

  static ScriptedAnswer Json(int status, std::string body) {
    ScriptedAnswer answer{.status = status, .pieces = {std::move(body)}};
    answer.headers = {{"content-type", "application/json"}};
    return answer;
  }

  boost::asio::io_context loop_;
  config::Model model_;
  ScriptedUpstream upstream_;
  Keys keys_;
  Ledger ledger_;
  ApiContext context_;
  HttpRequest request_;
  RecordingWriter client_{ledger_.closed};
};

// Tokens in the text of 400 words, as plain words count.
std::string Words() {
  std::string words;
  for (int i = 0; i < 400; ++i) words += "word ";
  return words;
}

constexpr char kCountedHere[] = R"({"input_tokens":9})";

TEST_F(CountTokensTest, AsksADirectUpstream) {
  upstream_.answers = {Json(200, R"({"input_tokens":4711})")};
  Run();
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.body, R"({"input_tokens":4711})");
  ASSERT_EQ(upstream_.sent.size(), 1u);
  EXPECT_EQ(upstream_.sent[0].url, "https://anthropic.test/v1/messages/count_tokens?beta=true");
  EXPECT_THAT(upstream_.sent[0].body, testing::HasSubstr(R"("model":"claude-up")"));
}

// One credential, the same as a turn would send.
TEST_F(CountTokensTest, PassesTheClientsCredentialOnAlone) {
  model_.api_base = "https://api.anthropic.com";
  model_.auth = config::Auth::kPassthrough;
  model_.api_key_name = "KEY";
  keys_.values = {{"KEY", "the-edges"}};
  request_.headers = {{"x-api-key", "the-clients"}};
  upstream_.answers = {Json(200, R"({"input_tokens":4711})")};
  Run();
  ASSERT_EQ(upstream_.sent.size(), 1u);
  std::vector<std::string> sent;
  for (const auto& [name, value] : upstream_.sent[0].headers) {
    if (name == "x-api-key" || name == "authorization") sent.push_back(value);
  }
  EXPECT_THAT(sent, testing::ElementsAre("the-clients"));
}

TEST_F(CountTokensTest, CountsHereWhereTheCredentialWouldGoToAStranger) {
  model_.auth = config::Auth::kPassthrough;
  Run();
  EXPECT_EQ(client_.body, kCountedHere);
  EXPECT_TRUE(upstream_.sent.empty());
}

TEST_F(CountTokensTest, CountsHereWhereADirectUpstreamCannot) {
  upstream_.answers = {Json(404, R"({"error":{"message":"no such path"}})")};
  Run();
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.body, kCountedHere);
}

// GLM answers 200 for a path that it does not have; others send a page.
TEST_F(CountTokensTest, CountsHereWhereADirectUpstreamAnswersWithSomethingElse) {
  for (const std::string body : {R"({"code":500,"msg":"404 NOT_FOUND","success":false})", "<html>welcome</html>", "",
                                 R"({"input_tokens":null})", R"({"type":"error","error":{"type":"x","message":"y"}})"}) {
    upstream_.answers = {Json(200, body)};
    client_.body.clear();
    Run();
    EXPECT_EQ(client_.body, kCountedHere) << body;
  }
}

TEST_F(CountTokensTest, CorrectsTheEstimateByWhatTheModelReported) {
  model_.direct = false;
  Run(Words());
  const std::string plain = client_.body;
  context_.calibrations.Share({{"p/claude-up", {2.0, 10}}});
  Run(Words());
  EXPECT_NE(client_.body, plain);
  const auto number = [](const std::string& body) { return std::stoll(body.substr(body.find(':') + 1)); };
  EXPECT_EQ(number(client_.body), 2 * number(plain));
}

TEST_F(CountTokensTest, CountsHereForAllOthers) {
  model_.direct = false;
  Run();
  EXPECT_EQ(client_.body, kCountedHere);
  EXPECT_TRUE(upstream_.sent.empty());
}

}  // namespace
}  // namespace ccp::edge
