// The generator against the mock provider: on loopback, in this process.
#include "tools/bench/load/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tools/mock_provider/mock.h"

namespace ccp::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Kind = AnswerChecker::Kind;

constexpr const char* kWhole = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* kStream = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::unique_ptr<mock::MockProvider> StartMock(mock::MockOptions options) {
  auto provider = mock::MockProvider::Start(std::move(options));
  EXPECT_TRUE(provider.ok()) << provider.status();
  return *std::move(provider);
}

std::unique_ptr<mock::MockProvider> Canned(std::size_t events) {
  mock::MockOptions options;
  options.canned_events = events;
  return StartMock(std::move(options));
}

std::unique_ptr<mock::MockProvider> Scripted(const char* script) {
  mock::MockOptions options;
  options.script = script;
  return StartMock(std::move(options));
}

Generator::Options OptionsFor(std::uint16_t port, Kind kind, int connections) {
  const std::string_view body = kind == Kind::kStream ? kStream : kWhole;
  Generator::Options options;
  options.address = "127.0.0.1";
  options.port = port;
  options.kind = kind;
  options.connections = connections;
  options.timeout = std::chrono::minutes(1);
  options.request =
      Concat("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ", body.size(),
             "\r\n\r\n", body);
  return options;
}

LoadResults Measure(const Generator::Options& options, const Schedule& schedule) {
  const auto generator = Generator::Make(options);
  EXPECT_TRUE(generator.ok()) << generator.status();
  auto results = (*generator)->Run(schedule);
  EXPECT_TRUE(results.ok()) << results.status();
  return *std::move(results);
}

TEST(Generator, CountsWholeAnswersOfAClosedLoop) {
  const auto provider = Canned(3);
  const LoadResults results = Measure(OptionsFor(provider->port(), Kind::kWhole, 4), Schedule::Closed({100, {}}));
  EXPECT_EQ(results.right, 100);
  EXPECT_THAT(results.wrong, IsEmpty());
  EXPECT_EQ(results.latency.count(), 100u);
  EXPECT_EQ(results.first_event.count(), 100u);
  EXPECT_EQ(results.events, 0);
}

TEST(Generator, CountsTheEventsOfStreams) {
  const auto provider = Canned(10);
  const LoadResults results = Measure(OptionsFor(provider->port(), Kind::kStream, 2), Schedule::Closed({20, {}}));
  EXPECT_EQ(results.right, 20);
  EXPECT_GE(results.events, 20 * 10);
  EXPECT_EQ(results.events % 20, 0);
  EXPECT_EQ(results.first_event.count(), 20u);
  EXPECT_EQ(results.event_gap.count(), static_cast<std::uint64_t>(results.events) - 20);
}

TEST(Generator, KnowsHowLongStampedEventsWereUnderWay) {
  mock::MockOptions mock;
  mock.canned_events = 10;
  mock.tokens_per_second = 1'000;
  const auto provider = StartMock(std::move(mock));
  Generator::Options options = OptionsFor(provider->port(), Kind::kStream, 1);
  options.stamped = true;
  const LoadResults results = Measure(options, Schedule::Closed({2, {}}));
  EXPECT_EQ(results.right, 2);
  EXPECT_EQ(results.transit.count(), 20u);
  EXPECT_LT(results.transit.max(), results.elapsed);
}

TEST(Generator, SendsAnOpenLoopAtItsPace) {
  const auto provider = Canned(3);
  const LoadResults results = Measure(OptionsFor(provider->port(), Kind::kWhole, 8), Schedule::Open(1'000, {50, {}}));
  EXPECT_EQ(results.right, 50);
  EXPECT_GE(results.elapsed, std::chrono::milliseconds(49));  // The last one is due then, and not before.
}

// One connection, answers of 20 ms, a request due each millisecond: the tenth waits for nine others, and that counts.
TEST(Generator, ChargesTheServerForRequestsThatHadToWait) {
  const auto provider = Scripted(R"({"rules":[{"reply":{"text":"x","delay_ms":20}}]})");
  const LoadResults results = Measure(OptionsFor(provider->port(), Kind::kWhole, 1), Schedule::Open(1'000, {10, {}}));
  EXPECT_EQ(results.right, 10);
  EXPECT_GE(results.latency.max(), std::chrono::milliseconds(10 * 20 - 9));
  EXPECT_GE(results.lateness.max(), std::chrono::milliseconds(9 * 20 - 9));
}

TEST(Generator, TellsWrongAnswersApartAndGoesOn) {
  const auto provider = Scripted(R"({"rules":[{"replies":[
      {"text":"a b c","cut_after_events":2}, {"status":529}, {"text":"x","no_done":true}, {"text":"right"}]}]})");
  const LoadResults results = Measure(OptionsFor(provider->port(), Kind::kStream, 1), Schedule::Closed({6, {}}));
  EXPECT_EQ(results.right, 3);
  EXPECT_EQ(results.wrong_count(), 3);
  EXPECT_THAT(results.wrong,
              ElementsAre(Pair("answer cut short", 1), Pair("status not 200", 1), Pair("stream without end", 1)));
}

TEST(Generator, GivesUpOnAnAnswerThatDoesNotCome) {
  const auto provider = Scripted(R"({"rules":[{"reply":{"hang":true}}]})");
  Generator::Options options = OptionsFor(provider->port(), Kind::kWhole, 1);
  options.timeout = std::chrono::milliseconds(1);
  EXPECT_THAT(Measure(options, Schedule::Closed({1, {}})).wrong, ElementsAre(Pair("timed out", 1)));
}

TEST(Generator, CountsRefusedConnections) {
  auto provider = Canned(1);
  const std::uint16_t port = provider->port();
  provider.reset();  // Nobody listens there any more.
  EXPECT_THAT(Measure(OptionsFor(port, Kind::kWhole, 1), Schedule::Closed({2, {}})).wrong,
              ElementsAre(Pair("connection refused", 2)));
}

TEST(Generator, RefusesAnAddressThatIsNone) {
  Generator::Options options = OptionsFor(1, Kind::kWhole, 1);
  options.address = "example.com";
  EXPECT_TRUE(absl::IsInvalidArgument(Generator::Make(options).status()));
}

}  // namespace
}  // namespace ccp::bench
