#include "control/app/options.h"

#include <CLI/CLI.hpp>

#include "common/base/version.h"

namespace ccp::control {

std::optional<CommandLine> ParseCommandLine(int argc, char** argv, int& exit_code) {
  CommandLine line;
  CLI::App app("Keeps models and routing policy, pushes them to edges, and keeps the usage they report.",
               "ccp-control");
  app.set_version_flag("--version", std::string("ccp-control ") + kVersion);
  app.add_option("--listen", line.options.listen,
                 "Address for edges and ccpctl; loopback only, port 0 picks a free one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  app.add_option("--store", line.options.store,
                 "Where everything is kept (default sqlite:$XDG_STATE_HOME/ccp/control/ccp.db)")
      ->type_name("sqlite:PATH");
  app.add_option("--port-file", line.options.port_file, "Write the address here once it is open")->type_name("FILE");
  app.add_option("--log-level", line.log.level, "trace debug info warn error off")->capture_default_str();
  app.add_option("--log-format", line.log.format, "text json")->capture_default_str();
  app.footer(
      "Examples:\n"
      "  ccp-control\n"
      "  ccp-control --listen 127.0.0.1:7443 --store sqlite:/var/lib/ccp/ccp.db\n"
      "  ccp-control --listen 127.0.0.1:0 --port-file /run/ccp/control.port\n"
      "Exit codes: 0 stopped on SIGTERM or SIGINT, 1 could not start, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  return line;
}

}  // namespace ccp::control
