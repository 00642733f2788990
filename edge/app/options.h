// The command line of ccp-edge.
#pragma once

#include <optional>

#include "common/base/log.h"
#include "edge/app/app.h"

namespace ccp::edge {

struct CommandLine {
  Options edge;
  log::Options log;
};

// What the command line asks for; or the exit code, when it was --help, --version or wrong (then everything was said).
struct ParsedCommandLine {
  std::optional<CommandLine> command;
  int exit_code = 0;
};
ParsedCommandLine ParseCommandLine(int argc, char** argv);

}  // namespace ccp::edge
