#include "edge/app/options.h"

#include <CLI/CLI.hpp>
#include <array>

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

// A time limit of HttpLimits and its flag.
struct LimitFlag {
  std::string name;
  std::chrono::milliseconds HttpLimits::*limit;
  std::string help;
  std::string text = FormatDuration(HttpLimits().*limit);  // Default, then what was given.
};

std::array<LimitFlag, 4> LimitFlags() {
  return {LimitFlag{"--header-timeout", &HttpLimits::header_time, "A client has this long to send a request's head"},
          LimitFlag{"--body-timeout", &HttpLimits::body_stall, "And may be silent this long within its body"},
          LimitFlag{"--idle-timeout", &HttpLimits::keep_alive, "Connections are closed after so long without a request"},
          LimitFlag{"--write-timeout", &HttpLimits::write_stall, "A client that takes nothing for so long is gone"}};
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine command;
  std::string grace = "600s";
  std::array<LimitFlag, 4> limits = LimitFlags();
  CLI::App parser("ccp-edge: the HTTP face of ccp. Serves the Anthropic Messages API, takes its models and routes from "
                  "ccp-control and reports token usage to it.", "ccp-edge");
  parser.set_version_flag("--version", Concat("ccp-edge ", kVersion));
  parser.footer(kExamples);
  parser.add_option("--control", command.edge.control, "HOST:PORT of ccp-control")->required();
  parser.add_option("--listen", command.edge.listen, "Address to serve HTTP on; port 0 picks a free one")->capture_default_str();
  parser.add_option("--tls-cert", command.edge.tls.certificate,
                    "Serve HTTPS with this certificate chain (PEM); read again when it changes and on SIGHUP");
  parser.add_option("--tls-key", command.edge.tls.key, "The certificate's key (PEM, no passphrase)");
  parser.add_option("--host-name", command.edge.host_names, "Another name that clients may call this edge; repeatable");
  parser.add_option("--allow-origin", command.edge.allowed_origins,
                    "Web origin whose pages may use this edge, as https://app.example; repeatable");
  parser.add_option("--max-connections", command.edge.max_connections,
                    "Client connections at once; 0: 10000, or half of the descriptors if that is less");
  parser.add_option("--max-connections-per-address", command.edge.max_connections_per_address,
                    "The same from one client address (IPv6: /64); 0: no ceiling of its own");
  for (LimitFlag& flag : limits) {
    parser.add_option(flag.name, flag.text, flag.help)->capture_default_str()->check(CheckDuration);
  }
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
  for (const LimitFlag& flag : limits) command.edge.limits.*flag.limit = *ParseDuration(flag.text);
  for (std::string& name : command.edge.host_names) name = ToLower(name);
  command.edge.grace = std::chrono::duration_cast<std::chrono::seconds>(*ParseDuration(grace));
  return {std::move(command), 0};
}

}  // namespace ccp::edge
