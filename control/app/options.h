// The command line of ccp-control.
#pragma once

#include <optional>
#include <string>

#include "common/base/log.h"
#include "control/app/app.h"

namespace ccp::control {

struct CommandLine {
  Options options;
  log::Options log;
};

// Absent: the program is to end now with `exit_code`; help, version or what was wrong has been printed.
std::optional<CommandLine> ParseCommandLine(int argc, char** argv, int& exit_code);

}  // namespace ccp::control
