// The life of a turn against a scripted upstream: retries, fallback, errors before and after content, missing keys,
// departures. What stands here is what clients and the ledger may rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "common/base/text.h"
#include "common/json/document.h"
#include "edge/api/endpoints.h"
#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using usage::Outcome;
using End = ScriptedAnswer::End;

constexpr char kStreamed[] = R"({"model":"main","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kWhole[] = R"({"model":"main","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";

std::string Text(std::string_view text) {
  return Concat(R"(data: {"id":"c","choices":[{"index":0,"delta":{"content":")", text, "\"}}]}\n\n");
}
const std::string kStop = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kUsage = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
const std::string kDone = "data: [DONE]\n\n";
const std::string kStreamError = "data: {\"error\":{\"message\":\"the model broke\",\"code\":500}}\n\n";

ScriptedAnswer Good(std::string_view text) { return {.pieces = {Text(text), kStop, kUsage, kDone}}; }
ScriptedAnswer Refusal(int status, std::vector<Header> more = {}) {
  ScriptedAnswer answer{.status = status, .pieces = {R"({"error":{"message":"no, says the provider"}})"}};
  answer.headers = {{"content-type", "application/json"}};
  answer.headers.insert(answer.headers.end(), more.begin(), more.end());
  return answer;
}

class TurnTest : public testing::Test {
 protected:
  TurnTest() {
    config::Model main;
    main.name = "main";
    main.provider = "first";
    main.upstream_name = "gpt-main";
    main.api_base = "https://first.test/v1";
    main.api_key_name = "FIRST_KEY";
    main.attempts = 2;
    main.price = config::Price{.input = 1'000'000, .output = 2'000'000};
    config::Model spare = main;
    spare.name = "spare";
    spare.provider = "second";
    spare.api_base = "https://second.test/v1";
    spare.api_key_name = "SECOND_KEY";
    spare.attempts = 1;
    catalog_.models = {main, spare};
    catalog_.routing.slots[config::Slot::kDefault].targets = {{"main"}, {"spare"}};
    keys_.values = {{"FIRST_KEY", "secret-1"}, {"SECOND_KEY", "secret-2"}};
    context_.times.attempts.backoff_base = 1ms;
    context_.times.attempts.retry_after_cap = 1ms;
    context_.upstream = &upstream_;
    context_.keys = &keys_;
    context_.usage = &ledger_;
  }

  config::Model& model(std::size_t index) { return catalog_.models[index]; }

  void Publish() {
    auto policy = route::Policy::Compile(catalog_);
    ASSERT_TRUE(policy.ok()) << policy.status();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->revision = 7;
    snapshot->policy = *policy;
    snapshot->fleet_secret = "fleet";
    context_.snapshot = std::move(snapshot);
  }

  // "auto" names no model, so the default chain is tried; "main" would be the exact model alone.
  static std::string Routed(std::string body) { return body.replace(body.find("main"), 4, "auto"); }

  void Launch(std::string body) {
    Publish();
    request_.method = "POST";
    request_.target = "/v1/messages?beta=true";
    request_.body = std::move(body);
    asio::co_spawn(loop_, Messages(context_, request_, client_),
                   asio::bind_cancellation_slot(departure_.slot(), [this](std::exception_ptr failure) {
                     finished_ = true;
                     threw_ = failure != nullptr;
                   }));
  }

  void Run(std::string body) {
    Launch(std::move(body));
    while (!finished_ && loop_.run_one() > 0) {
    }
    ASSERT_TRUE(finished_);
    EXPECT_FALSE(threw_);
  }

  // All that can be done without what waits elsewhere.
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  // Before another Run().
  void AskAnew() {
    finished_ = false;
    client_.status = 0;
    client_.gone = false;
    client_.headers.clear();
    client_.body.clear();
    loop_.restart();
  }

  // What each row says: "attempt model outcome winner".
  std::vector<std::string> Rows() const {
    std::vector<std::string> lines;
    for (const usage::Record& row : ledger_.rows) {
      lines.push_back(Concat(row.attempt, " ", row.model, " ", usage::OutcomeName(row.outcome), row.winner ? " winner" : ""));
    }
    return lines;
  }

  asio::io_context loop_;
  config::Catalog catalog_;
  ScriptedUpstream upstream_;
  Keys keys_;
  Ledger ledger_;
  ApiContext context_;
  HttpRequest request_;
  RecordingWriter client_{ledger_.closed};
  asio::cancellation_signal departure_;
  bool finished_ = false;
  bool threw_ = false;
};

TEST_F(TurnTest, StreamsAnAnswerAndAccountsForIt) {
  upstream_.answers = {Good("hello")};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(client_.header("cache-control"), "no-cache");
  EXPECT_EQ(client_.header("x-accel-buffering"), "no");
  EXPECT_EQ(client_.header("x-ccp-model"), "main");
  EXPECT_EQ(client_.header("x-ccp-route"), "exact");
  EXPECT_EQ(client_.header("x-ccp-attempts"), "1");
  EXPECT_EQ(client_.header("request-id"), client_.header("x-ccp-request-id"));
  EXPECT_THAT(client_.body, HasSubstr("hello"));
  EXPECT_THAT(client_.body, HasSubstr("event: message_stop"));
  EXPECT_EQ(client_.rows_closed_at_end, 1u) << "the row must be closed before the terminal event";
  ASSERT_THAT(Rows(), ElementsAre("1 main ok winner"));
  const usage::Record& row = ledger_.rows[0];
  EXPECT_EQ(row.tokens.input, 7);
  EXPECT_EQ(row.tokens.output, 2);
  EXPECT_EQ(row.quality, usage::Quality::kReported);
  EXPECT_EQ(row.cost_nano_usd, 11'000);
  EXPECT_EQ(row.config_revision, 7u);
  EXPECT_EQ(row.requested_model, "main");
  EXPECT_EQ(row.upstream_model, "gpt-main");
  EXPECT_TRUE(row.streamed);
  EXPECT_EQ(ledger_.handles[0], 1u);
}

TEST_F(TurnTest, AnswersWhole) {
  ScriptedAnswer answer{.pieces = {R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},)"
                                   R"("finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}})"}};
  answer.headers = {{"content-type", "application/json"}};
  upstream_.answers = {answer};
  Run(kWhole);
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.header("content-type"), "application/json");
  EXPECT_THAT(client_.body, HasSubstr(R"("type":"message")"));
  EXPECT_THAT(Rows(), ElementsAre("1 main ok winner"));
  EXPECT_EQ(client_.rows_closed_at_end, 1u);
}

TEST_F(TurnTest, SendsTheProvidersKeyAndNothingOfTheClients) {
  request_.headers = {{"x-api-key", "client-secret"}, {"authorization", "Bearer client-secret"}, {"cookie", "client-secret"}};
  upstream_.answers = {Good("hello")};
  Run(kStreamed);
  ASSERT_EQ(upstream_.sent.size(), 1u);
  EXPECT_EQ(upstream_.sent[0].url, "https://first.test/v1/chat/completions");
  EXPECT_EQ(upstream_.sent[0].header("authorization"), "Bearer secret-1");
  for (const auto& [name, value] : upstream_.sent[0].headers) EXPECT_THAT(value, Not(HasSubstr("client-secret"))) << name;
}

TEST_F(TurnTest, TriesAgainThenElsewhere) {
  upstream_.answers = {Refusal(529), {.no_answer = Unreachable("connection refused")}, Good("from the spare")};
  Run(Routed(kStreamed));
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.header("x-ccp-model"), "spare");
  EXPECT_EQ(client_.header("x-ccp-attempts"), "3");
  EXPECT_THAT(client_.body, HasSubstr("from the spare"));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main upstream_error", "3 spare ok winner"));
  EXPECT_EQ(ledger_.rows[0].http_status, 529);
  EXPECT_EQ(ledger_.rows[1].http_status, 0);
}

TEST_F(TurnTest, TakesAnErrorInTheFirstEventForAFailedAttempt) {
  upstream_.answers = {{.pieces = {kStreamError}}, Good("second try")};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 200);
  EXPECT_THAT(client_.body, HasSubstr("second try"));
  EXPECT_THAT(client_.body, Not(HasSubstr("the model broke")));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main ok winner"));
}

TEST_F(TurnTest, GivesTheLastErrorItsStatusWhenAllFail) {
  upstream_.answers = {Refusal(500), Refusal(503), Refusal(429, {{"retry-after", "30"}})};
  Run(Routed(kStreamed));
  EXPECT_EQ(client_.status, 429);
  EXPECT_EQ(client_.header("retry-after"), "30");
  EXPECT_EQ(client_.header("x-ccp-attempts"), "3");
  EXPECT_THAT(client_.body, HasSubstr(R"("type":"rate_limit_error")"));
  EXPECT_THAT(client_.body, HasSubstr("no, says the provider"));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main upstream_error", "3 spare upstream_error winner"));
}

TEST_F(TurnTest, HandsOnWhenToRetry) {
  model(0).attempts = 1;
  upstream_.answers = {Refusal(429, {{"retry-after-ms", "1500"}, {"retry-after", "9"}, {"x-should-retry", "false"}})};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 429);
  EXPECT_EQ(client_.header("retry-after"), "2") << "in whole seconds, rounded up";
  EXPECT_EQ(client_.header("retry-after-ms"), "1500");
  EXPECT_EQ(client_.header("x-should-retry"), "false");
}

TEST_F(TurnTest, TakesNoWishBeyondReasonForRetryAfter) {
  model(0).attempts = 1;
  for (const char* name : {"retry-after-ms", "retry-after"}) {
    AskAnew();
    upstream_.answers = {Refusal(429, {{name, "9223372036854775807"}})};
    Run(kStreamed);
    EXPECT_EQ(client_.status, 429);
    EXPECT_EQ(client_.header("retry-after"), "") << name;
  }
}

TEST_F(TurnTest, ReadsEveryFormOfRetryAfter) {
  model(0).attempts = 1;
  for (const auto& [value, want] : std::vector<std::pair<std::string, std::string>>{
           {"7", "7"}, {"0.25", "1"}, {"Wed, 21 Oct 2015 07:28:00 GMT", "0"}, {"soon", ""}, {"-1", ""}, {"1e3", ""}, {"", ""}}) {
    AskAnew();
    upstream_.answers = {Refusal(429, {{"retry-after", value}})};
    Run(kStreamed);
    EXPECT_EQ(client_.header("retry-after"), want) << value;
  }
}

TEST_F(TurnTest, TellsTheLossesOfAWholeAnswer) {
  ScriptedAnswer answer{.pieces = {R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})"}};
  answer.headers = {{"content-type", "application/json"}};
  upstream_.answers = {answer};
  Run(kWhole);
  EXPECT_EQ(client_.status, 200);
  EXPECT_EQ(client_.header("x-ccp-losses"), "usage_estimated");
}

// 400 words are more than 200 tokens: enough to learn from.
std::string LongPrompt() {
  std::string body(kStreamed);
  std::string words;
  for (int i = 0; i < 400; ++i) words += "word ";
  return body.replace(body.find("hi\""), 2, words);
}

ScriptedAnswer Reporting(int prompt_tokens) {
  return {.pieces = {Text("x"), kStop,
                     Concat(R"(data: {"id":"c","choices":[],"usage":{"prompt_tokens":)", prompt_tokens,
                            R"(,"completion_tokens":2}})", "\n\n"),
                     kDone}};
}

TEST_F(TurnTest, LearnsFromWhatTheModelReports) {
  for (int i = 0; i < 3; ++i) {
    AskAnew();
    upstream_.answers = {Reporting(900)};
    Run(LongPrompt());
  }
  ASSERT_TRUE(context_.calibrations.Knows("first/gpt-main"));
  EXPECT_EQ(context_.calibrations.learned().at("first/gpt-main").samples, 3u);
  EXPECT_GT(context_.calibrations.learned().at("first/gpt-main").factor, 1.5);
  EXPECT_EQ(context_.calibrations.learned().size(), 1u);
}

// No limit and no rule looks at it here: then it is measured behind the sending.
TEST_F(TurnTest, TellsTheSizeThatTheModelWouldReport) {
  const auto told = [this](double factor) {
    AskAnew();
    context_.calibrations.Share({{"first/gpt-main", {factor, 10}}});
    upstream_.answers = {Refusal(400)};
    upstream_.answers[0].pieces = {R"({"error":{"message":"maximum context length exceeded","code":"context_length_exceeded"}})"};
    Run(LongPrompt());
    json::Document body;
    EXPECT_TRUE(body.Parse(client_.body).ok()) << client_.body;
    return std::string(body.root()["error"]["message"].str());
  };
  const std::string plain = told(1.0);
  EXPECT_THAT(plain, HasSubstr("prompt is too long"));
  EXPECT_NE(told(2.0), plain);
}

// Another attempt may need it until then; a stream may be silent for an hour behind it.
TEST_F(TurnTest, KeepsTheRequestUntilContentWentOut) {
  upstream_.answers = {{.pieces = {kStreamError}}, {.pieces = {Text("hello")}, .end = End::kHang}};
  Launch(kStreamed);
  while (client_.body.find("hello") == std::string::npos) ASSERT_GT(loop_.run_one(), 0u);
  loop_.poll();
  EXPECT_EQ(request_.body, "");
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
}

TEST_F(TurnTest, RoutesByTheSizeThatTheModelWouldReport) {
  model(0).max_input_tokens = 600;
  upstream_.answers = {Good("from main"), Good("from the spare")};
  Run(Routed(LongPrompt()));
  EXPECT_EQ(client_.header("x-ccp-model"), "main");
  AskAnew();
  context_.calibrations.Share({{"first/gpt-main", {2.0, 10}}});
  Run(Routed(LongPrompt()));
  EXPECT_EQ(client_.header("x-ccp-model"), "spare");
}

TEST_F(TurnTest, DoesNotRepeatARequestThatIsAtFault) {
  upstream_.answers = {Refusal(400), Good("never asked")};
  Run(Routed(kStreamed));
  EXPECT_EQ(client_.status, 400);
  EXPECT_EQ(upstream_.sent.size(), 1u);
}

TEST_F(TurnTest, TellsTheUpstreamsRateLimitsInAnthropicsHeaders) {
  const std::vector<Header> limits = {{"x-ratelimit-remaining-tokens", "41"}, {"x-ratelimit-reset-tokens", "6m0s"}};
  ScriptedAnswer good = Good("hello");
  good.headers.insert(good.headers.end(), limits.begin(), limits.end());
  model(0).attempts = 1;
  for (const ScriptedAnswer& answer : {good, Refusal(429, limits)}) {
    AskAnew();
    upstream_.answers = {answer};
    Run(kStreamed);
    EXPECT_EQ(client_.status, answer.status);
    EXPECT_EQ(client_.header("anthropic-ratelimit-tokens-remaining"), "41");
    EXPECT_THAT(client_.header("anthropic-ratelimit-tokens-reset"), MatchesRegex("20..-..-..T..:..:..Z"));
    EXPECT_EQ(client_.header("x-ratelimit-remaining-tokens"), "");
  }
}

TEST_F(TurnTest, NamesTheMissingKeyAndForbidsRetries) {
  keys_.values.erase("FIRST_KEY");
  Run(kStreamed);
  EXPECT_EQ(client_.status, 403);
  EXPECT_EQ(client_.header("x-should-retry"), "false");
  EXPECT_THAT(client_.body, HasSubstr("permission_error"));
  EXPECT_THAT(client_.body, HasSubstr("FIRST_KEY"));
  EXPECT_TRUE(upstream_.sent.empty());
  EXPECT_THAT(Rows(), ElementsAre("1 main rejected winner"));
}

TEST_F(TurnTest, GoesOnInTheChainPastAMissingKey) {
  keys_.values.erase("FIRST_KEY");
  upstream_.answers = {Good("from the spare")};
  Run(Routed(kStreamed));
  EXPECT_EQ(client_.status, 200);
  EXPECT_THAT(Rows(), ElementsAre("1 main rejected", "2 spare ok winner"));
}

TEST_F(TurnTest, EndsWithAnErrorEventWhenTheUpstreamBreaksOffInContent) {
  upstream_.answers = {{.pieces = {Text("half an")}, .end = End::kCut}, Good("never asked")};
  Run(kStreamed);
  EXPECT_THAT(client_.body, HasSubstr("half an"));
  EXPECT_THAT(client_.body, HasSubstr("event: error"));
  EXPECT_THAT(client_.body, Not(HasSubstr("message_stop")));
  EXPECT_TRUE(client_.ended);
  EXPECT_EQ(upstream_.sent.size(), 1u);
  EXPECT_THAT(Rows(), ElementsAre("1 main cut_mid_stream winner"));
}

TEST_F(TurnTest, EndsWithAnErrorEventWhenTheUpstreamFallsSilentInContent) {
  upstream_.answers = {{.pieces = {Text("half an")}, .end = End::kTimeout}};
  Run(kStreamed);
  EXPECT_THAT(client_.body, HasSubstr("event: error"));
  EXPECT_THAT(Rows(), ElementsAre("1 main timeout winner"));
}

TEST_F(TurnTest, EndsWithAnErrorEventWhenTheUpstreamReportsOneInContent) {
  upstream_.answers = {{.pieces = {Text("half an"), kStreamError}}};
  Run(kStreamed);
  EXPECT_THAT(client_.body, HasSubstr("the model broke"));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error winner"));
}

TEST_F(TurnTest, ContentAndErrorInOneReadStillReachTheClient) {
  upstream_.answers = {{.pieces = {Text("half an") + kStreamError}}, Good("never asked")};
  Run(kStreamed);
  EXPECT_THAT(client_.body, HasSubstr("half an"));
  EXPECT_THAT(client_.body, HasSubstr("event: error"));
  EXPECT_EQ(upstream_.sent.size(), 1u);
}

TEST_F(TurnTest, RepeatsAWholeAnswerThatWasCut) {
  ScriptedAnswer cut{.pieces = {R"({"id":"c","choi)"}, .end = End::kCut};
  cut.headers = {{"content-type", "application/json"}};
  ScriptedAnswer stream = Good("hello");
  upstream_.answers = {cut, stream};
  Run(kWhole);
  EXPECT_EQ(client_.status, 200);
  EXPECT_THAT(client_.body, HasSubstr("hello"));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main ok winner"));
}

TEST_F(TurnTest, ShowsLifeWhileTheUpstreamIsSilent) {
  context_.times.hold = 1ms;
  context_.times.ping = 1ms;
  upstream_.answers = {{.pieces = {}, .end = End::kHang}};
  Launch(kStreamed);
  while (client_.body.find("event: ping") == std::string::npos) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_THAT(client_.body, StartsWith("event: message_start"));
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
}

TEST_F(TurnTest, DoesNotWaitForeverForTokenCounts) {
  context_.times.usage_grace = 1ms;
  upstream_.answers = {{.pieces = {Text("hello"), kStop}, .end = End::kHang}};
  Run(kStreamed);
  EXPECT_THAT(client_.body, HasSubstr("event: message_stop"));
  ASSERT_THAT(Rows(), ElementsAre("1 main ok winner"));
  EXPECT_NE(ledger_.rows[0].quality, usage::Quality::kReported);
}

TEST_F(TurnTest, LetsASlowClientTakeItsPieceBeforeItEndsWithoutTokenCounts) {
  context_.times.usage_grace = 1ms;
  client_.write_time = 20ms;
  upstream_.answers = {{.pieces = {Text("hello") + kStop}, .end = End::kHang}};
  Run(kStreamed);
  EXPECT_THAT(client_.body, AllOf(HasSubstr("hello"), HasSubstr("event: message_stop")));
  EXPECT_THAT(Rows(), ElementsAre("1 main ok winner"));
}

TEST_F(TurnTest, RecordsADepartureOnce) {
  upstream_.answers = {{.pieces = {Text("hello")}, .end = End::kHang}};
  Launch(kStreamed);
  while (client_.writes == 0) ASSERT_GT(loop_.run_one(), 0u);
  client_.gone = true;
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_TRUE(threw_);
  EXPECT_FALSE(client_.ended);
  EXPECT_THAT(Rows(), ElementsAre("1 main client_cancelled winner"));
}

// The call that was broken off looks as if the upstream had failed, and is not to be made again.
TEST_F(TurnTest, RecordsADepartureBeforeTheUpstreamAnswered) {
  upstream_.answers = {{.never = true}, Good("never asked")};
  Launch(kStreamed);
  while (upstream_.sent.empty()) ASSERT_GT(loop_.run_one(), 0u);
  loop_.poll();
  client_.gone = true;
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_EQ(upstream_.sent.size(), 1u);
  EXPECT_THAT(Rows(), ElementsAre("1 main client_cancelled winner"));
}

TEST_F(TurnTest, RecordsADepartureBetweenTwoAttempts) {
  context_.times.attempts.retry_after_cap = 10s;
  upstream_.answers = {Refusal(529, {{"retry-after", "5"}}), Good("never asked")};
  Launch(kStreamed);
  while (ledger_.rows.empty()) ASSERT_GT(loop_.run_one(), 0u);
  loop_.poll();
  ASSERT_FALSE(finished_);
  client_.gone = true;
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_EQ(upstream_.sent.size(), 1u);
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main client_cancelled winner"));
}

// What the client waited is no part of the attempt.
TEST_F(TurnTest, MeasuresAnAttemptFromItsOwnBeginning) {
  context_.times.attempts.retry_after_cap = 1s;
  upstream_.answers = {Refusal(529, {{"retry-after-ms", "50"}}), Good("second try")};
  Run(kStreamed);
  ASSERT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main ok winner"));
  EXPECT_GE(ledger_.rows[1].started_us - ledger_.rows[0].started_us, 50'000);
}

// However late a turn fails, it counts with the status that its client got.
TEST_F(TurnTest, CountsTheStatusThatTheClientGot) {
  model(0).attempts = 1;
  const std::string begun = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
  for (const std::string& before : {begun, Text("hello")}) {
    AskAnew();
    upstream_.answers = {{.pieces = {before, kStreamError}}};
    Run(kStreamed);
    EXPECT_EQ(client_.status, 200);
    EXPECT_THAT(client_.body, HasSubstr("event: error"));
  }
  EXPECT_THAT(context_.metrics.PrometheusText(0),
              AllOf(HasSubstr("status=\"200\"} 2\n"), Not(HasSubstr("status=\"500\""))));
}

// The server answers a request whose handler threw, and has that counted.
TEST_F(TurnTest, LeavesTheCountToTheServerWhenItThrows) {
  upstream_.answers = {{.throws = true}};
  Launch(kStreamed);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_TRUE(threw_);
  EXPECT_THAT(Rows(), ElementsAre("1 main edge_crash"));
  EXPECT_EQ(context_.metrics.requests(), 0u);
}

TEST_F(TurnTest, RefusesWhatIsNoRequestAndLeavesARow) {
  for (const char* body : {"", "not json", "[]", "{}", R"({"model":1,"max_tokens":1,"messages":[]})"}) {
    RecordingWriter client(ledger_.closed);
    const std::size_t rows = ledger_.rows.size();
    Publish();
    HttpRequest request;
    request.body = body;
    asio::co_spawn(loop_, Messages(context_, request, client), asio::detached);
    loop_.restart();
    loop_.run();
    EXPECT_EQ(client.status, 400) << body;
    EXPECT_THAT(client.body, HasSubstr("invalid_request_error")) << body;
    ASSERT_EQ(ledger_.rows.size(), rows + 1) << body;
    EXPECT_EQ(ledger_.rows.back().attempt, 0u);
    EXPECT_EQ(ledger_.rows.back().outcome, Outcome::kRejected);
  }
}

TEST_F(TurnTest, TurnsGarbageFromUpstreamIntoAnError) {
  for (const char* garbage : {"<html>502 Bad Gateway</html>", "", "data: {\"choices\":[", "\x01\x02\x03"}) {
    RecordingWriter client(ledger_.closed);
    model(0).attempts = 1;
    Publish();
    ScriptedAnswer answer{.pieces = {}};
    if (*garbage != '\0') answer.pieces = {garbage};
    upstream_.answers = {answer};
    HttpRequest request;
    request.body = kStreamed;
    asio::co_spawn(loop_, Messages(context_, request, client), asio::detached);
    loop_.restart();
    loop_.run();
    EXPECT_GE(client.status, 500) << garbage;
    EXPECT_THAT(client.body, HasSubstr(R"("type":"error")")) << garbage;
    EXPECT_EQ(ledger_.rows.back().outcome, Outcome::kUpstreamError) << garbage;
  }
}

// Kimi's search: the upstream calls a function that the edge answers, and goes on when it is asked again.
class SearchTurnTest : public TurnTest {
 protected:
  SearchTurnTest() {
    model(0).dialect = "kimi";
    model(0).upstream_name = "kimi-k2.6";
    model(0).attempts = 1;
  }
  static std::string Body(bool stream) {
    return Concat(R"({"model":"main","max_tokens":100,"stream":)", stream ? "true" : "false",
                  R"(,"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":"hi"}]})");
  }
  static std::string Call() {
    return "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"s1\",\"type\":"
           "\"builtin_function\",\"function\":{\"name\":\"$web_search\",\"arguments\":\"{\\\"q\\\":1}\"}}]},"
           "\"finish_reason\":\"tool_calls\"}]}\n\n";
  }
  static ScriptedAnswer Search() { return {.pieces = {Text("I look. ") + Call(), kUsage + kDone}}; }
  static constexpr char kEcho[] =
      R"({"role":"assistant","content":"I look. ","reasoning_content":" ","tool_calls":[{"id":"s1","type":"function",)"
      R"("function":{"name":"$web_search","arguments":"{\"q\":1}"}}]},)"
      R"({"role":"tool","tool_call_id":"s1","name":"$web_search","content":"{\"q\":1}"}])";
};

TEST_F(SearchTurnTest, AsksAgainAndGivesOneAnswer) {
  for (const bool stream : {true, false}) {
    AskAnew();
    ledger_.rows.clear();
    upstream_.sent.clear();
    upstream_.answers = {Search(), Good("found")};
    Run(Body(stream));
    EXPECT_EQ(client_.status, 200);
    EXPECT_THAT(client_.body, AllOf(HasSubstr("I look. "), HasSubstr("server_tool_use"), HasSubstr("found")));
    EXPECT_THAT(client_.body, AllOf(Not(HasSubstr("$web_search")), Not(HasSubstr("\"tool_use\""))));
    ASSERT_EQ(upstream_.sent.size(), 2u);
    EXPECT_THAT(upstream_.sent[0].body, HasSubstr(R"({"type":"builtin_function","function":{"name":"$web_search"}})"));
    const std::string& first = upstream_.sent[0].body;
    const std::size_t end = first.find("],\"tools\"");
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(upstream_.sent[1].body, Concat(first.substr(0, end), ",", kEcho, first.substr(end + 1)));
    EXPECT_EQ(upstream_.sent[1].url, upstream_.sent[0].url);
    EXPECT_EQ(upstream_.sent[1].header("authorization"), "Bearer secret-1");
    ASSERT_THAT(Rows(), ElementsAre("1 main ok winner"));
    EXPECT_EQ(ledger_.rows[0].tokens.input, 14);
    EXPECT_EQ(ledger_.rows[0].tokens.output, 4);
    EXPECT_EQ(ledger_.rows[0].cost_nano_usd, 22'000);
    EXPECT_EQ(ledger_.rows[0].quality, usage::Quality::kReported);
    EXPECT_EQ(client_.rows_closed_at_end, 1u);
  }
}

TEST_F(SearchTurnTest, AnswersWholeFromWholeAnswers) {
  const auto whole = [](const std::string& message, const char* finish) {
    ScriptedAnswer answer{.pieces = {Concat(R"({"id":"c","choices":[{"index":0,"message":)", message, R"(,"finish_reason":")", finish,
                                            R"("}],"usage":{"prompt_tokens":7,"completion_tokens":2}})")}};
    answer.headers = {{"content-type", "application/json"}};
    return answer;
  };
  upstream_.answers = {whole(R"({"content":"I look. ","tool_calls":[{"id":"s1","type":"builtin_function","function":)"
                             R"({"name":"$web_search","arguments":"{\"q\":1}"}}]})", "tool_calls"),
                       whole(R"({"content":"found"})", "stop")};
  Run(Body(false));
  EXPECT_EQ(client_.status, 200);
  EXPECT_THAT(client_.body, AllOf(HasSubstr("server_tool_use"), HasSubstr("found"), HasSubstr("\"input_tokens\":14")));
  EXPECT_THAT(upstream_.sent[1].body, HasSubstr(kEcho));
}

TEST_F(SearchTurnTest, FailsInTheMiddleWhenTheSecondRoundDoes) {
  const std::vector<ScriptedAnswer> failures = {Refusal(429), {.no_answer = Unreachable("connection refused")},
                                                {.pieces = {kStreamError}}, {.pieces = {Text("fou")}, .end = End::kCut},
                                                {.pieces = {}, .end = End::kTimeout}};
  for (const ScriptedAnswer& failure : failures) {
    AskAnew();
    ledger_.rows.clear();
    client_.ended = false;
    upstream_.answers = {Search(), failure, Good("never asked")};
    Run(Body(true));
    EXPECT_THAT(client_.body, AllOf(HasSubstr("I look. "), HasSubstr("event: error"), Not(HasSubstr("message_stop"))));
    EXPECT_TRUE(client_.ended);
    EXPECT_EQ(upstream_.answers.size(), 1u);
    ASSERT_EQ(ledger_.rows.size(), 1u);
    EXPECT_NE(ledger_.rows[0].outcome, Outcome::kOk);
    EXPECT_GE(ledger_.rows[0].tokens.input, 7);  // The first round is paid for.
    EXPECT_NE(ledger_.rows[0].quality, usage::Quality::kReported);
  }
}

// The round's finish reason has come: what breaks off behind it was only its token counts.
TEST_F(SearchTurnTest, GoesOnWhereARoundBreaksOffBehindItsEnd) {
  for (const bool stream : {true, false}) {
    for (const auto end : {ScriptedAnswer::End::kCut, ScriptedAnswer::End::kTimeout}) {
      AskAnew();
      ledger_.rows.clear();
      upstream_.answers = {{.pieces = {Call()}, .end = end}, Good("found")};
      Run(Body(stream));
      EXPECT_THAT(client_.body, AllOf(HasSubstr("server_tool_use"), HasSubstr("found")));
      EXPECT_THAT(Rows(), ElementsAre("1 main ok winner"));
    }
  }
}

TEST_F(SearchTurnTest, BeginsAnewForAClientThatHasNothingYet) {
  model(0).attempts = 2;
  upstream_.answers = {Search(), Refusal(429), Search(), Good("found")};
  Run(Body(false));
  EXPECT_EQ(client_.status, 200);
  EXPECT_THAT(client_.body, HasSubstr("found"));
  EXPECT_THAT(Rows(), ElementsAre("1 main upstream_error", "2 main ok winner"));
  EXPECT_EQ(ledger_.rows[0].tokens.input, 7);
  EXPECT_EQ(upstream_.sent[2].body, upstream_.sent[0].body);
}

TEST_F(SearchTurnTest, DoesNotWaitForeverForTheTokenCountsOfARound) {
  context_.times.usage_grace = 1ms;
  upstream_.answers = {{.pieces = {Call()}, .end = End::kHang}, Good("found")};
  Run(Body(true));
  EXPECT_THAT(client_.body, AllOf(HasSubstr("found"), HasSubstr("event: message_stop")));
  ASSERT_THAT(Rows(), ElementsAre("1 main ok winner"));
  EXPECT_EQ(ledger_.rows[0].quality, usage::Quality::kEstimated);
}

TEST_F(SearchTurnTest, ShowsLifeWhileTheUpstreamSearches) {
  context_.times.ping = 1ms;
  upstream_.answers = {Search(), {.pieces = {}, .end = End::kHang}};
  Launch(Body(true));
  while (client_.body.find("event: ping") == std::string::npos) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_THAT(client_.body, HasSubstr("server_tool_use"));
  client_.gone = true;
  departure_.emit(asio::cancellation_type::terminal);
  while (!finished_) ASSERT_GT(loop_.run_one(), 0u);
  EXPECT_THAT(Rows(), ElementsAre("1 main client_cancelled winner"));
}

class LargeTurnTest : public TurnTest {
 protected:
  LargeTurnTest() { context_.offload = &offload_; }
  ~LargeTurnTest() override {
    while (!offload_.waiting.empty()) DoNext();
  }

  // What is asked is at its end, so that whoever looks at it has come through all.
  static std::string Large(std::string body) {
    return body.replace(body.find("\"hi\""), 4, Concat("\"", std::string(kLargeRequest, 'x'), "\""));
  }

  void DoNext() {
    offload_.DoNext();
    Poll();
  }

  // How many works it took.
  int DoAll() {
    int works = 0;
    for (; !offload_.waiting.empty(); ++works) DoNext();
    return works;
  }

  void Finish() {
    while (!finished_) {
      if (!offload_.waiting.empty()) {
        DoNext();
      } else {
        ASSERT_GT(loop_.run_one(), 0u);
      }
    }
  }

  void Leave() {
    client_.gone = true;
    departure_.emit(asio::cancellation_type::terminal);
    Poll();
  }

  ScriptedOffload offload_;
};

TEST_F(LargeTurnTest, BecomesWhatItBecomesOnTheLoop) {
  for (const bool direct : {false, true}) {
    model(0).direct = direct;
    for (Offload* offload : {static_cast<Offload*>(nullptr), static_cast<Offload*>(&offload_)}) {
      AskAnew();
      context_.offload = offload;
      upstream_.answers = {Refusal(400)};
      Launch(Large(kStreamed));
      Poll();
      DoAll();
      EXPECT_TRUE(finished_);
      EXPECT_EQ(client_.status, 400);
    }
    ASSERT_EQ(upstream_.sent.size(), 2u);
    EXPECT_EQ(upstream_.sent[0].body, upstream_.sent[1].body);
    EXPECT_GT(upstream_.sent[0].body.size(), kLargeRequest);
    upstream_.sent.clear();
  }
}

TEST_F(LargeTurnTest, LetsSmallOnesOvertakeIt) {
  upstream_.answers = {Good("for the small one"), Good("for the large one")};
  Launch(Large(kStreamed));
  Poll();
  EXPECT_EQ(offload_.waiting.size(), 1u);

  HttpRequest small;
  small.body = kStreamed;
  RecordingWriter client(ledger_.closed);
  asio::co_spawn(loop_, Messages(context_, small, client), asio::detached);
  Poll();
  EXPECT_THAT(client.body, HasSubstr("for the small one"));
  EXPECT_EQ(client_.status, 0);
  EXPECT_EQ(offload_.waiting.size(), 1u) << "a small request has nothing done elsewhere";

  EXPECT_EQ(DoAll(), 4) << "reading, translating, and the memory of both";
  EXPECT_TRUE(finished_);
  EXPECT_THAT(client_.body, HasSubstr("for the large one"));
}

// While its first attempt streamed, nothing but its text was kept.
TEST_F(LargeTurnTest, IsReadAgainForAnotherAttempt) {
  upstream_.answers = {{.pieces = {kStreamError}}, Good("the second time")};
  Launch(Large(kStreamed));
  Finish();
  EXPECT_THAT(client_.body, HasSubstr("the second time"));
  ASSERT_EQ(upstream_.sent.size(), 2u);
  EXPECT_EQ(upstream_.sent[0].body, upstream_.sent[1].body);
}

TEST_F(LargeTurnTest, IsRoutedByItsSize) {
  model(0).max_input_tokens = 600;
  upstream_.answers = {Good("from the spare")};
  Launch(Routed(Large(kStreamed)));
  Poll();
  DoAll();
  EXPECT_EQ(client_.header("x-ccp-model"), "spare");
}

TEST_F(LargeTurnTest, IsRefusedWhenItIsNoRequest) {
  Launch(std::string(kLargeRequest, 'x'));
  Poll();
  EXPECT_EQ(DoAll(), 1);
  EXPECT_TRUE(finished_);
  EXPECT_EQ(client_.status, 400);
  EXPECT_THAT(Rows(), ElementsAre("0  rejected winner"));
}

TEST_F(LargeTurnTest, IsNotBuiltWithoutAKey) {
  keys_.values.clear();
  Launch(Large(kStreamed));
  Poll();
  DoAll();
  EXPECT_EQ(client_.status, 403);
  EXPECT_THAT(Rows(), ElementsAre("1 main rejected winner"));
}

// The work may be at it just now: what it looks at stays until it is done.
TEST_F(LargeTurnTest, OutlivesItsClientUntilTheWorkIsDone) {
  for (const int works_before : {0, 1}) {
    AskAnew();
    ledger_.rows.clear();
    Launch(Large(kStreamed));
    Poll();
    for (int i = 0; i < works_before; ++i) DoNext();
    ASSERT_EQ(offload_.waiting.size(), 1u);
    Leave();
    EXPECT_FALSE(finished_);
    DoNext();
    EXPECT_TRUE(finished_);
    EXPECT_TRUE(threw_);
    EXPECT_TRUE(upstream_.sent.empty());
    EXPECT_EQ(client_.status, 0);
    EXPECT_EQ(ledger_.rows.size(), static_cast<std::size_t>(works_before)) << "one, if there was an attempt";
    DoAll();
  }
}

class DirectTurnTest : public TurnTest {
 protected:
  DirectTurnTest() {
    model(0).direct = true;
    model(0).api_base = "https://anthropic.test";
  }
  static constexpr char kStart[] =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
      "\"assistant\",\"model\":\"x\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
  static constexpr char kBlock[] =
      "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
      "\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
      "{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n";
  static constexpr char kEnd[] =
      "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":"
      "\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
};

TEST_F(DirectTurnTest, RelaysBytesAndHeaders) {
  request_.headers = {{"anthropic-beta", "a,b"}, {"anthropic-future", "kept"}, {"x-api-key", "client-secret"}};
  ScriptedAnswer answer{.pieces = {kStart, kBlock, kEnd}};
  answer.headers.emplace_back("anthropic-ratelimit-requests-remaining", "41");
  answer.headers.emplace_back("request-id", "req_theirs");
  upstream_.answers = {answer};
  Run(kStreamed);
  EXPECT_EQ(client_.body, std::string(kStart) + kBlock + kEnd);
  EXPECT_EQ(client_.header("anthropic-ratelimit-requests-remaining"), "41");
  EXPECT_EQ(client_.header("request-id"), "req_theirs");
  EXPECT_THAT(client_.header("x-ccp-request-id"), StartsWith("req_"));
  EXPECT_NE(client_.header("x-ccp-request-id"), "req_theirs");
  ASSERT_EQ(upstream_.sent.size(), 1u);
  EXPECT_EQ(upstream_.sent[0].url, "https://anthropic.test/v1/messages?beta=true");
  EXPECT_EQ(upstream_.sent[0].header("x-api-key"), "secret-1");
  EXPECT_EQ(upstream_.sent[0].header("anthropic-beta"), "a,b");
  EXPECT_EQ(upstream_.sent[0].header("anthropic-future"), "kept");
  EXPECT_EQ(upstream_.sent[0].header("anthropic-version"), "2023-06-01");
  ASSERT_THAT(Rows(), ElementsAre("1 main ok winner"));
  EXPECT_EQ(ledger_.rows[0].tokens.output, 4);
}

TEST_F(DirectTurnTest, LetsTheUpstreamSayItsErrorsItself) {
  const std::string body =
      R"({"type":"error","error":{"type":"conflict_error","message":"a newer request runs"},"request_id":"req_theirs"})";
  ScriptedAnswer answer{.status = 409, .pieces = {body}};
  answer.headers = {{"content-type", "application/json"}, {"request-id", "req_theirs"}, {"anthropic-organization-id", "org"}};
  upstream_.answers = {answer};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 409);
  EXPECT_EQ(client_.body, body);
  EXPECT_EQ(client_.header("request-id"), "req_theirs");
  EXPECT_EQ(client_.header("anthropic-organization-id"), "org");
}

TEST_F(DirectTurnTest, CutsTheClientWhenTheUpstreamBreaksOff) {
  upstream_.answers = {{.pieces = {kStart, kBlock}, .end = End::kCut}};
  Run(kStreamed);
  EXPECT_EQ(client_.body, std::string(kStart) + kBlock);
  EXPECT_TRUE(client_.cut);
  EXPECT_FALSE(client_.ended);
  EXPECT_THAT(Rows(), ElementsAre("1 main cut_mid_stream winner"));
}

TEST_F(DirectTurnTest, CutsTheClientWhenTheUpstreamEndsTooEarly) {
  upstream_.answers = {{.pieces = {kStart, kBlock}, .end = End::kClean}};
  Run(kStreamed);
  EXPECT_TRUE(client_.cut);
  EXPECT_THAT(Rows(), ElementsAre("1 main cut_mid_stream winner"));
}

TEST_F(DirectTurnTest, PassesTheClientsCredentialToNobodyElse) {
  model(0).auth = config::Auth::kPassthrough;
  request_.headers = {{"authorization", "Bearer client-secret"}};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 403);
  EXPECT_TRUE(upstream_.sent.empty());
}

TEST_F(DirectTurnTest, PassesTheClientsCredentialToItsOwner) {
  model(0).auth = config::Auth::kPassthrough;
  model(0).api_base = "https://api.anthropic.com";
  request_.headers = {{"authorization", "Bearer client-secret"}};
  upstream_.answers = {{.pieces = {kStart, kBlock, kEnd}}};
  Run(kStreamed);
  EXPECT_EQ(client_.status, 200);
  ASSERT_EQ(upstream_.sent.size(), 1u);
  EXPECT_EQ(upstream_.sent[0].header("authorization"), "Bearer client-secret");
}

}  // namespace
}  // namespace ccp::edge
