// ccp-mock: a scripted model provider on loopback.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/stop_signals.h"
#include "common/base/text.h"
#include "common/base/version.h"
#include "tools/mock_provider/mock.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr const char* kExamples = R"(
Examples:
  ccp-mock --listen 127.0.0.1:9000                 echoes: "mock answer to: ..."
  ccp-mock --listen 127.0.0.1:0 --port-file port --script faults.yaml
  ccp-mock --canned 100 --rate 50                  a load target: 100 events a stream, 50 a second

A script:
  rules:
    - match: { contains: weather }
      reply: { tool_calls: [{ name: get_weather, arguments: { city: Paris } }] }
    - replies: [{ status: 529 }, { text: "back again" }]       # one after another, the last stays

  match: contains body_contains model path header stream has_tools has_tool_result has_image nth; beside it: times
  reply: text reasoning tool_calls finish usage status headers body content_type raw error_event delay_ms event_delay_ms
         piece_chars write_bytes cut_after_events cut_after_bytes hang_after_events hang no_done no_usage interleave

Endpoints: POST .../chat/completions, .../messages, .../messages/count_tokens; GET .../models, /healthz;
  GET and DELETE /requests (what was received); POST /script (replaces the script)
)";

int Fail(int code, const std::string& message) {
  std::cerr << "ccp-mock: " << message << '\n';
  return code;
}

bool SplitListen(const std::string& listen, ccp::mock::MockOptions& options) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon + 1 == listen.size()) return false;
  const std::string port = listen.substr(colon + 1);
  if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > 65'535)
    return false;
  options.address = listen.substr(0, colon);
  options.port = static_cast<std::uint16_t>(std::stoi(port));
  return !options.address.empty();
}

}  // namespace

int main(int argc, char** argv) {
  ccp::mock::MockOptions options;
  ccp::log::Options log;
  std::string listen = "127.0.0.1:0";
  std::string port_file;
  std::string script_file;

  CLI::App app{"A scripted model provider: OpenAI Chat Completions and Anthropic Messages on one port."};
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("ccp-mock ") + ccp::kVersion);
  app.add_option("--listen", listen, "Address and port; port 0 picks a free one")->capture_default_str();
  app.add_option("--port-file", port_file, "Write the chosen port to this file");
  app.add_option("--script", script_file, "Rules, as YAML or JSON; see below");
  app.add_option("--rate", options.tokens_per_second, "Events a second in streams; 0: as fast as possible")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--canned", options.canned_events,
                 "No script: streams of so many events, made in advance; in one write, but one "
                 "each where the path holds /writes/; three tool calls where it holds /tools/. "
                 "With --rate each text is the time it was written, for ccp-load --stamps");
  app.add_option("--keep-log", options.kept_requests, "Requests kept for GET /requests")->capture_default_str();
  app.add_option("--log-level", log.level, "trace debug info warn error off")->capture_default_str();
  app.add_option("--log-format", log.format, "text or json")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (auto status = ccp::log::Configure(log); !status.ok()) return Fail(kExitUsage, std::string(ccp::Message(status)));
  if (!SplitListen(listen, options)) {
    return Fail(kExitUsage, "--listen: got \"" + listen + "\", want ADDRESS:PORT, for example 127.0.0.1:9000");
  }
  if (!script_file.empty()) {
    std::ifstream file(script_file, std::ios::binary);
    if (!file) return Fail(kExitUsage, script_file + ": cannot be opened; check --script");
    options.script = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const ccp::StopSignals signals;
  const auto provider = ccp::mock::MockProvider::Start(std::move(options));
  if (!provider.ok()) return Fail(kExitFailed, std::string(ccp::Message(provider.status())));
  ccp::log::Info("mock provider listening url=" + (*provider)->base_url());
  if (!port_file.empty()) {
    const absl::Status written = ccp::WriteWholeFile(port_file, ccp::Concat((*provider)->port(), "\n"));
    if (!written.ok()) return Fail(kExitFailed, ccp::Concat("--port-file: ", ccp::Message(written)));
  }
  signals.Wait();
  return 0;
}
