#include "edge/app/options.h"

#include <CLI/CLI.hpp>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/base/version.h"

namespace ccp::edge {
namespace {

constexpr int kExitUsage = 2;

constexpr char kExamples[] = R"(
Examples:
  ccp-edge --control 127.0.0.1:7443
  ccp-edge --control 127.0.0.1:7443 --listen 127.0.0.1:0 --port-file edge.addr --env-file .env
  ANTHROPIC_BASE_URL=http://127.0.0.1:8082 ANTHROPIC_AUTH_TOKEN=none claude

Provider keys are read from the environment, then from --env-file. SIGTERM drains; a second SIGTERM stops at once.
Exit codes: 0 ended well, 1 failed or requests were cut, 2 wrong usage.
)";

std::string CheckDuration(const std::string& text) {
  const auto duration = ParseDuration(text);
  return duration.ok() ? std::string() : std::string(Message(duration.status()));
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine command;
  std::string grace = "600s";
  CLI::App parser("ccp-edge: the HTTP face of ccp. Serves the Anthropic Messages API, takes its models and routes from "
                  "ccp-control and reports token usage to it.", "ccp-edge");
  parser.set_version_flag("--version", Concat("ccp-edge ", kVersion));
  parser.footer(kExamples);
  parser.add_option("--control", command.edge.control, "HOST:PORT of ccp-control")->required();
  parser.add_option("--listen", command.edge.listen, "Address to serve HTTP on; port 0 picks a free one")->capture_default_str();
  parser.add_option("--state-dir", command.edge.state_dir,
                    "Last good configuration and usage journal (default: $XDG_STATE_HOME/ccp/edge)");
  parser.add_option("--workers", command.edge.workers, "Threads; 0: one a CPU")->check(CLI::Range(0, 1024));
  parser.add_option("--env-file", command.edge.env_file, "File of NAME=value lines with provider keys");
  parser.add_option("--port-file", command.edge.port_file, "Write the address in use to this file");
  parser.add_option("--name", command.edge.name, "What people see this edge as (default: the host name)");
  parser.add_option("--grace", grace, "How long open requests may go on after SIGTERM")->capture_default_str()->check(CheckDuration);
  parser.add_option("--log-level", command.log.level, "trace, debug, info, warn, error or off")->capture_default_str();
  parser.add_option("--log-format", command.log.format, "text or json")->capture_default_str();
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = parser.exit(error);  // Prints help and version to stdout, errors to stderr.
    return {std::nullopt, code == 0 ? 0 : kExitUsage};
  }
  command.edge.grace = std::chrono::duration_cast<std::chrono::seconds>(*ParseDuration(grace));
  return {std::move(command), 0};
}

}  // namespace ccp::edge
