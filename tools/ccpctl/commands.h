// The commands: one function each, with the options it takes. Declared for main.cc, which owns the command line.
// Every function returns the process's exit code and prints what went wrong itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/ccpctl/session.h"

namespace ccp::ctl {

// cmd_apply.cc
struct ApplyOptions {
  std::string file;
  bool yes = false;
  std::string message;
  std::optional<std::chrono::milliseconds> wait;  // Given: all connected edges must acknowledge within it.
};
Exit Apply(const Session& session, const ApplyOptions& options);
Exit Diff(const Session& session, const std::string& file);

// cmd_validate.cc: needs no control.
Exit Validate(const Session& session, const std::string& file);
Exit PrintSchema(const Session& session);

// cmd_get.cc
struct GetOptions {
  std::string noun;  // models routes edges revisions config; singular and short forms too.
  std::string name;  // Only the one of that name (or unique prefix); empty: all.
  std::uint64_t revision = 0;
  std::uint32_t limit = 20;
};
Exit Get(const Session& session, const GetOptions& options);

// cmd_stats.cc
struct StatsOptions {
  std::string by = "day,model";
  std::string since = "7d";
  std::string until = "now";
};
Exit Stats(const Session& session, const StatsOptions& options);

// cmd_explain.cc
struct ExplainOptions {
  std::string subject;               // A field path, a code or a request id; or
  std::string file;                  // a request file, and
  std::vector<std::string> headers;  // "name: value", as the client would send them.
};
Exit Explain(const Session& session, const ExplainOptions& options);

// cmd_rollout.cc
struct UndoOptions {
  std::uint64_t to_revision = 0;  // 0: the one before the head.
  bool yes = false;
};
Exit RolloutUndo(const Session& session, const UndoOptions& options);
Exit RolloutHistory(const Session& session, std::uint32_t limit);

// cmd_up.cc
struct UpOptions {
  std::string file;
  bool mock = false;
  std::string listen = "127.0.0.1:8082";
  std::string control_listen = kDefaultServer;
  std::string state_dir;  // Default: $XDG_STATE_HOME/ccp
  std::string env_file;
  std::string port_file;
  std::string control_port_file;
  int workers = 0;
  std::chrono::seconds grace{30};
};
Exit Up(const Session& session, const UpOptions& options);

// cmd_code.cc
struct EnvOptions {
  std::string shell = "bash";  // bash zsh fish json
  std::string edge;            // http://host:port; empty: asked of control, else the default port.
};
Exit PrintEnvironment(const Session& session, const EnvOptions& options);
Exit Code(const Session& session, const std::string& edge, const std::vector<std::string>& arguments);

// topics.cc
Exit HelpTopic(const Session& session, const std::string& topic);
Exit Version(const Session& session);

}  // namespace ccp::ctl
