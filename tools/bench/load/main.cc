// ccp-load: puts an HTTP server that answers model requests under load, and says what it cost and whether it was right.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/base/version.h"
#include "common/config/url.h"
#include "common/json/document.h"
#include "tools/bench/load/generator.h"
#include "tools/bench/load/process_usage.h"
#include "tools/bench/load/report.h"

namespace {

namespace bench = ccp::bench;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr const char* kFooter = R"(
An open loop (--rate) counts each latency from the time the request was due, whether or not a connection was free for it
then. A closed loop (--closed) keeps N connections busy and shows capacity and cost.

Every answer is checked: status 200; a stream (the body says "stream": true) must end with message_stop or [DONE] and hold
no error; anything else must be a Message or a Chat Completion. The exit code is 1 if one was wrong.

stdout has one JSON object, stderr the same in words.

Examples:
  ccp-load --url http://127.0.0.1:8082/v1/messages --body request.json --closed 16 --requests 10000 --pid $(pidof ccp-edge)
  ccp-load --url http://127.0.0.1:8082/v1/messages --body stream.json --rate 100 --duration 10 --min-events 100
)";

struct Arguments {
  std::string url;
  std::string body_file;
  std::vector<std::string> headers;
  double rate = 0;
  int closed = 0;
  int connections = 256;
  std::int64_t requests = 0;
  double seconds = 0;
  std::int64_t warm_up = 0;
  std::int64_t least_events = 0;
  bool stamped = false;
  double timeout_seconds = 60;
  std::vector<pid_t> processes;
};

int Fail(int code, std::string_view message) {
  std::cerr << "ccp-load: " << message << '\n';
  return code;
}

std::chrono::nanoseconds FromSeconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

void Declare(CLI::App& app, Arguments& arguments) {
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("ccp-load ") + ccp::kVersion);
  app.add_option("--url", arguments.url, "Where each request goes: http://ADDRESS:PORT/PATH")->required();
  app.add_option("--body", arguments.body_file, "File with the JSON body of each request")->required();
  app.add_option("--header", arguments.headers, "One more header, \"name: value\"; may be repeated");
  auto* rate = app.add_option("--rate", arguments.rate, "Open loop: requests a second")->check(CLI::PositiveNumber);
  auto* closed =
      app.add_option("--closed", arguments.closed, "Closed loop: connections")->check(CLI::Range(1, 100'000));
  rate->excludes(closed);
  app.add_option("--connections", arguments.connections, "Open loop: connections at most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--requests", arguments.requests, "End after so many")->check(CLI::PositiveNumber);
  app.add_option("--duration", arguments.seconds, "End after so many seconds")->check(CLI::PositiveNumber);
  app.add_option("--warm-up", arguments.warm_up, "Requests before, which are not measured");
  app.add_option("--min-events", arguments.least_events, "A stream with fewer events is wrong");
  app.add_flag("--stamps", arguments.stamped,
               "Events hold the time they were written (ccp-mock --canned N --rate R): report how long they were under way");
  app.add_option("--timeout", arguments.timeout_seconds, "Seconds for one answer")->capture_default_str();
  app.add_option("--pid", arguments.processes, "Process under test, for CPU and memory; may be repeated");
}

// The kind of answer to expect, by what the request asks for.
absl::StatusOr<bench::AnswerChecker::Kind> KindOf(const std::string& body) {
  ccp::json::Document document;
  if (absl::Status status = document.Parse(body); !status.ok()) return status;
  const bool stream = document.root()["stream"].boolean().value_or(false);
  return stream ? bench::AnswerChecker::Kind::kStream : bench::AnswerChecker::Kind::kWhole;
}

absl::StatusOr<bench::Generator::Options> Prepare(const Arguments& arguments) {
  const auto url = ccp::config::ParseUrl(arguments.url);
  if (!url.ok()) return ccp::InvalidArgument("--url: ", ccp::Message(url.status()));
  std::ifstream file(arguments.body_file, std::ios::binary);
  if (!file) return ccp::InvalidArgument("--body: ", arguments.body_file, " cannot be opened");
  const std::string body{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto kind = KindOf(body);
  if (!kind.ok()) return ccp::InvalidArgument("--body: ", arguments.body_file, ": ", ccp::Message(kind.status()));

  bench::Generator::Options options;
  options.address = url->host == "localhost" ? "127.0.0.1" : url->host;
  options.port = url->port;
  options.kind = *kind;
  options.least_events = arguments.least_events;
  options.stamped = arguments.stamped;
  options.connections = arguments.closed > 0 ? arguments.closed : arguments.connections;
  options.timeout = FromSeconds(arguments.timeout_seconds);
  options.request = ccp::Concat("POST ", url->path.empty() ? "/" : url->path, " HTTP/1.1\r\nhost: ", url->host, ":",
                                url->port, "\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n");
  for (const std::string& header : arguments.headers) options.request += header + "\r\n";
  options.request += ccp::Concat("content-length: ", body.size(), "\r\n\r\n", body);
  return options;
}

absl::StatusOr<std::chrono::nanoseconds> TimeOf(const std::vector<pid_t>& processes) {
  std::chrono::nanoseconds total{};
  for (const pid_t process : processes) {
    const auto time = bench::ProcessorTime(process);
    if (!time.ok()) return time.status();
    total += *time;
  }
  return total;
}

absl::StatusOr<std::int64_t> MemoryOf(const std::vector<pid_t>& processes) {
  std::int64_t total = 0;
  for (const pid_t process : processes) {
    const auto bytes = bench::ProportionalSetBytes(process);
    if (!bytes.ok()) return bytes.status();
    total += *bytes;
  }
  return total;
}

int Measure(const Arguments& arguments, bench::Generator& generator) {
  const bench::Schedule::Bounds bounds{arguments.requests, FromSeconds(arguments.seconds)};
  const auto schedule =
      arguments.closed > 0 ? bench::Schedule::Closed(bounds) : bench::Schedule::Open(arguments.rate, bounds);
  if (arguments.warm_up > 0) {
    const auto warm = generator.Run(bench::Schedule::Closed({arguments.warm_up, {}}));
    if (!warm.ok()) return Fail(kExitFailed, ccp::Message(warm.status()));
  }
  const auto before = TimeOf(arguments.processes);
  if (!before.ok()) return Fail(kExitFailed, ccp::Message(before.status()));
  const auto results = generator.Run(schedule);
  if (!results.ok()) return Fail(kExitFailed, ccp::Message(results.status()));

  std::optional<bench::ServerUsage> usage;
  if (!arguments.processes.empty()) {
    const auto after = TimeOf(arguments.processes);
    const auto memory = MemoryOf(arguments.processes);
    if (!after.ok()) return Fail(kExitFailed, ccp::Message(after.status()));
    if (!memory.ok()) return Fail(kExitFailed, ccp::Message(memory.status()));
    usage = bench::ServerUsage{*after - *before, *memory};
  }
  std::cout << bench::ReportJson(*results, usage) << '\n';
  std::cerr << bench::ReportText(*results, usage);
  return results->wrong_count() == 0 ? 0 : kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"An HTTP load generator that checks every answer of a model server."};
  Declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (arguments.rate <= 0 && arguments.closed == 0) return Fail(kExitUsage, "want --rate R or --closed N");
  if (arguments.requests == 0 && arguments.seconds <= 0)
    return Fail(kExitUsage, "want --requests N or --duration SECONDS");
  auto options = Prepare(arguments);
  if (!options.ok()) return Fail(kExitUsage, ccp::Message(options.status()));
  const auto generator = bench::Generator::Make(*std::move(options));
  if (!generator.ok()) return Fail(kExitUsage, ccp::Message(generator.status()));
  return Measure(arguments, **generator);
}
