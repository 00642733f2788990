// What stands before a turn: who may call, which path leads where, what goes upstream beside the body.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/api/guard.h"
#include "edge/api/headers.h"
#include "edge/api/router.h"

namespace ccp::edge {
namespace {

struct CallerCase {
  const char* name;
  std::string method;
  std::vector<Header> headers;
  int status;  // 0: welcome.
};

class CallerTest : public testing::TestWithParam<CallerCase> {};

TEST_P(CallerTest, IsJudged) {
  HttpRequest request;
  request.method = GetParam().method;
  request.headers = GetParam().headers;
  const auto error = CheckCaller(request, {"edge.example"}, {"https://app.example"});
  ASSERT_EQ(error ? error->http_status : 0, GetParam().status);
  if (!error) return;
  // It is kept in the journal, where nothing of a client's headers may be.
  for (const auto& [name, value] : request.headers) EXPECT_THAT(error->message, testing::Not(testing::HasSubstr(value)));
}

INSTANTIATE_TEST_SUITE_P(Callers, CallerTest, testing::ValuesIn(std::vector<CallerCase>{
    {"Localhost", "GET", {{"host", "localhost:8082"}}, 0},
    {"LoopbackAddress", "GET", {{"host", "127.0.0.1:8082"}}, 0},
    {"LoopbackAddressV6", "GET", {{"host", "[::1]:8082"}}, 0},
    {"NoPort", "GET", {{"host", "LocalHost"}}, 0},
    {"ConfiguredName", "GET", {{"host", "edge.example:80"}}, 0},
    {"NoHost", "GET", {}, 0},
    {"ReboundName", "GET", {{"host", "evil.example:8082"}}, 403},
    {"NameWithAPrefixOfOurs", "GET", {{"host", "localhost.evil.example"}}, 403},
    {"WebPage", "GET", {{"host", "localhost"}, {"origin", "https://evil.example"}}, 403},
    {"SandboxedPage", "POST", {{"host", "localhost"}, {"origin", "null"}}, 403},
    {"Json", "POST", {{"host", "localhost"}, {"content-type", "application/json; charset=utf-8"}}, 0},
    {"AllowedPage", "GET", {{"host", "localhost"}, {"origin", "https://app.example"}, {"sec-fetch-site", "cross-site"}}, 0},
    {"PageOfAnotherScheme", "GET", {{"host", "localhost"}, {"origin", "http://app.example"}}, 403},
    {"PictureOfAPage", "GET", {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}, 403},
    {"PictureOfASister", "GET", {{"host", "localhost"}, {"sec-fetch-site", "same-site"}}, 403},
    {"TypedIntoTheBrowser", "GET", {{"host", "localhost"}, {"sec-fetch-site", "none"}}, 0},
    {"NoType", "POST", {{"host", "localhost"}}, 415},
    {"Form", "POST", {{"host", "localhost"}, {"content-type", "text/plain"}}, 415},
    {"Compressed", "POST", {{"host", "localhost"}, {"content-type", "application/json"}, {"content-encoding", "gzip"}}, 415},
    {"NotCompressed", "POST",
     {{"host", "localhost"}, {"content-type", "application/json"}, {"content-encoding", "identity"}}, 0},
}), [](const auto& row) { return std::string(row.param.name); });

struct RouteCase {
  const char* name;
  std::string method;
  std::string path;
  Endpoint endpoint;
  std::string allow;
};

class RouterTest : public testing::TestWithParam<RouteCase> {};

TEST_P(RouterTest, FindsTheEndpoint) {
  const RouteMatch match = FindRoute(GetParam().method, GetParam().path);
  EXPECT_EQ(match.endpoint, GetParam().endpoint);
  EXPECT_EQ(match.allow, GetParam().allow);
}

INSTANTIATE_TEST_SUITE_P(Paths, RouterTest, testing::ValuesIn(std::vector<RouteCase>{
    {"Messages", "POST", "/v1/messages", Messages, ""},
    {"TrailingSlash", "POST", "/v1/messages/", Messages, ""},
    {"Prefix", "POST", "/anthropic/v1/messages", Messages, ""},
    {"PrefixAlone", "HEAD", "/anthropic", Hello, ""},
    {"LooksLikeThePrefix", "POST", "/anthropical/v1/messages", nullptr, ""},
    {"CountTokens", "POST", "/v1/messages/count_tokens", CountTokens, ""},
    {"Models", "GET", "/v1/models", ListModels, ""},
    {"OneModel", "GET", "/v1/models/a/b", GetModel, ""},
    {"Root", "HEAD", "/", Hello, ""},
    {"Metrics", "GET", "/metrics", PrometheusMetrics, ""},
    {"Telemetry", "POST", "/api/event_logging/batch", SwallowEvents, ""},
    {"WrongMethod", "GET", "/v1/messages", nullptr, "POST"},
    {"WrongMethodOnAProbe", "DELETE", "/healthz", nullptr, "GET, HEAD"},
    {"Nowhere", "GET", "/v2/messages", nullptr, ""},
}), [](const auto& row) { return std::string(row.param.name); });

struct UrlCase {
  const char* name;
  bool direct;
  std::string api_base;
  UpstreamPath path;
  std::string query;
  std::string url;
};

class UpstreamUrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(UpstreamUrlTest, IsBuiltFromTheBase) {
  config::Model model;
  model.direct = GetParam().direct;
  model.api_base = GetParam().api_base;
  EXPECT_EQ(UpstreamUrl(model, GetParam().path, GetParam().query), GetParam().url);
}

INSTANTIATE_TEST_SUITE_P(Urls, UpstreamUrlTest, testing::ValuesIn(std::vector<UrlCase>{
    {"Chat", false, "https://a/v1", UpstreamPath::kMessages, "beta=true", "https://a/v1/chat/completions"},
    {"Direct", true, "https://a", UpstreamPath::kMessages, "", "https://a/v1/messages"},
    {"DirectWithVersion", true, "https://a/v1", UpstreamPath::kMessages, "", "https://a/v1/messages"},
    {"DirectKeepsTheQuery", true, "https://a", UpstreamPath::kMessages, "beta=true", "https://a/v1/messages?beta=true"},
    {"DirectCount", true, "https://a/x", UpstreamPath::kCountTokens, "", "https://a/x/v1/messages/count_tokens"},
}), [](const auto& row) { return std::string(row.param.name); });

TEST(UpstreamHeaders, NeverCarryWhatTheClientMeantForUs) {
  HttpRequest client;
  for (const char* name : {"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization", "x-forwarded-for",
                           "forwarded", "host", "connection", "x-anything", "origin"}) {
    client.headers.emplace_back(name, "sentinel");
  }
  config::Model model;
  for (const auto& headers : {ChatHeaders(model, "key"), DirectHeaders(model, client, "key")}) {
    for (const auto& [name, value] : headers) EXPECT_THAT(value, testing::Not(testing::HasSubstr("sentinel"))) << name;
  }
}

TEST(UpstreamHeaders, TheOperatorsWordReplacesOurs) {
  config::Model model;
  model.extra_headers = {{"User-Agent", "mine"}, {"X-Title", "t"}};
  int agents = 0;
  for (const auto& [name, value] : ChatHeaders(model, "")) {
    if (name == "user-agent") {
      ++agents;
      EXPECT_EQ(value, "mine");
    }
    EXPECT_NE(name, "authorization");
  }
  EXPECT_EQ(agents, 1);
}

TEST(UpstreamHeaders, APassedCredentialGoesToTheExactHostOnly) {
  config::Model model;
  model.auth = config::Auth::kPassthrough;
  for (const auto& [base, may] : std::vector<std::pair<std::string, bool>>{{"https://api.anthropic.com", true},
                                                                         {"https://api.anthropic.com/v1", true},
                                                                         {"http://api.anthropic.com", false},
                                                                         {"https://api.anthropic.com.evil.example", false},
                                                                         {"https://api.anthropic.com:444", false},
                                                                         {"https://api.anthropic.com@evil.example", false}}) {
    model.api_base = base;
    EXPECT_EQ(MayPassCredential(model), may) << base;
  }
}

}  // namespace
}  // namespace ccp::edge
