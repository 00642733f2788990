// ccpctl: the command line. One row in Declare() a command, one cmd_*.cc behind it. The only file that knows CLI11.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/host_port.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/base/version.h"
#include "control/admin_service.h"
#include "tools/ccpctl/code_arguments.h"
#include "tools/ccpctl/commands.h"

namespace ccp::ctl {
namespace {

struct GlobalFlags {
  std::string server = Environment("CCP_SERVER", kDefaultServer);
  std::string output = Environment("CCP_OUTPUT", "table");
  std::string timeout = "10s";
  bool no_color = false;
  log::Options log{.level = "warn", .format = "text"};
};

// What was typed, one struct a command; filled by CLI11.
struct Typed {
  GlobalFlags global;
  ApplyOptions apply;
  std::string apply_wait;
  std::string file;
  GetOptions get;
  StatsOptions stats;
  ExplainOptions explain;
  UndoOptions undo;
  std::uint32_t history_limit = 20;
  UpOptions up;
  int up_port = -1;
  std::string up_grace = "30s";
  EnvOptions env;
  std::string topic;
  std::vector<std::string> claude_arguments;
};

using Run = std::function<Exit(const Session&)>;

// Collects the commands with what runs them; CLI11 calls the callback of the chosen one after parsing.
class CommandTable {
 public:
  CommandTable(CLI::App& app, Run& chosen) : app_(app), chosen_(chosen) {}

  CLI::App* Add(CLI::App* parent, const std::string& name, const std::string& summary, const std::string& examples,
                Run run) {
    CLI::App* command = (parent == nullptr ? &app_ : parent)->add_subcommand(name, summary);
    command->fallthrough();  // Global flags may stand anywhere.
    command->footer("Examples:\n" + examples);
    if (run) command->callback([this, run = std::move(run)] { chosen_ = run; });
    return command;
  }

 private:
  CLI::App& app_;
  Run& chosen_;
};

void DeclareGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--server", flags.server, "Address of control (CCP_SERVER)")->capture_default_str();
  app.add_option("-o,--output", flags.output, "table, wide, json, yaml, csv or name (CCP_OUTPUT)")
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "How long control may take")->capture_default_str();
  app.add_flag("--no-color", flags.no_color, "No colours, as NO_COLOR=1");
  app.add_option("--log-level", flags.log.level, "trace, debug, info, warn, error or off (for up)");
  app.add_option("--log-format", flags.log.format, "text or json")->capture_default_str();
  app.set_version_flag("--version", std::string("ccpctl ") + kVersion);
}

void DeclareStart(CommandTable& table, Typed& typed) {
  CLI::App* up = table.Add(nullptr, "up", "Run control and one edge in this process, on loopback",
                           "  ccpctl up -f models.yaml       run this file\n"
                           "  ccpctl up                      run ~/.config/ccp/models.yaml, or write one from the "
                           "provider keys that are set\n"
                           "  ccpctl up --mock               no key needed: a mock provider answers\n",
                           [&typed](const Session& session) { return Up(session, typed.up); });
  up->add_option("-f,--file", typed.up.file, "models.yaml to apply at start");
  up->add_flag("--mock", typed.up.mock, "Use the built-in mock provider");
  auto* listen = up->add_option("--listen", typed.up.listen, "Address of the edge")->capture_default_str();
  up->add_option("--port", typed.up_port, "Port of the edge on 127.0.0.1; 0: a free one")->excludes(listen);
  up->add_option("--control-listen", typed.up.control_listen, "Address of control")->capture_default_str();
  up->add_option("--state-dir", typed.up.state_dir, "Where revisions and usage are kept");
  up->add_option("--env-file", typed.up.env_file, "Provider keys, NAME=value a line");
  up->add_option("--port-file", typed.up.port_file, "Write the edge's address to this file");
  up->add_option("--control-port-file", typed.up.control_port_file, "Write control's address to this file");
  up->add_option("--workers", typed.up.workers, "Threads that serve; 0: one a CPU")->check(CLI::Range(0, 1024));
  up->add_option("--grace", typed.up_grace, "How long open requests may go on after Ctrl-C")->capture_default_str();

  CLI::App* env = table.Add(nullptr, "env", "Print the environment for Claude Code and other Anthropic clients",
                            "  eval \"$(ccpctl env)\"\n  ccpctl env --shell fish | source\n  ccpctl env --shell json\n",
                            [&typed](const Session& session) { return PrintEnvironment(session, typed.env); });
  env->add_option("--shell", typed.env.shell, "bash, zsh, fish or json")->capture_default_str();
  env->add_option("--edge", typed.env.edge, "Address of the edge (CCP_EDGE)");

  CLI::App* code =
      table.Add(nullptr, "code", "Start Claude Code against the edge; its arguments are passed on untouched",
                "  ccpctl code\n  ccpctl code \"explain this repository\"\n  ccpctl code -- -p \"one question\"\n",
                [&typed](const Session& session) { return Code(session, typed.env.edge, typed.claude_arguments); });
  code->add_option("--edge", typed.env.edge, "Address of the edge (CCP_EDGE)");
}

void DeclareConfiguration(CommandTable& table, Typed& typed) {
  CLI::App* apply = table.Add(nullptr, "apply", "Make models.yaml the running configuration of all edges",
                              "  ccpctl apply -f models.yaml\n  ccpctl apply -f models.yaml --yes --wait 10s\n"
                              "  cat models.yaml | ccpctl apply -f - --yes\n",
                              [&typed](const Session& session) { return Apply(session, typed.apply); });
  apply->add_option("-f,--file", typed.apply.file, "models.yaml, or - for stdin")->required();
  apply->add_flag("-y,--yes", typed.apply.yes, "Do not ask");
  apply->add_option("-m,--message", typed.apply.message, "Why, for the history");
  apply->add_option("--wait", typed.apply_wait,
                    "All connected edges must acknowledge within this time (at most 60s), or exit 8");

  CLI::App* diff = table.Add(nullptr, "diff", "Show what apply would change; exit 0 none, 1 some, 2 trouble",
                             "  ccpctl diff -f models.yaml\n",
                             [&typed](const Session& session) { return Diff(session, typed.file); });
  diff->add_option("-f,--file", typed.file, "models.yaml, or - for stdin")->required();

  CLI::App* validate =
      table.Add(nullptr, "validate", "Check a file; needs no control", "  ccpctl validate -f models.yaml\n",
                [&typed](const Session& session) { return Validate(session, typed.file); });
  validate->add_option("-f,--file", typed.file, "models.yaml, or - for stdin")->required();

  table.Add(nullptr, "schema", "Print the JSON Schema of models.yaml", "  ccpctl schema > models.schema.json\n",
            PrintSchema);

  CLI::App* rollout = table.Add(nullptr, "rollout", "History of revisions, and the way back",
                                "  ccpctl rollout history\n  ccpctl rollout undo\n", nullptr);
  rollout->require_subcommand(1);
  CLI::App* undo = table.Add(rollout, "undo", "Bring back an earlier revision, as a new one",
                             "  ccpctl rollout undo --yes\n  ccpctl rollout undo --to-revision 41\n",
                             [&typed](const Session& session) { return RolloutUndo(session, typed.undo); });
  undo->add_option("--to-revision", typed.undo.to_revision, "Default: the one before the head");
  undo->add_flag("-y,--yes", typed.undo.yes, "Do not ask");
  CLI::App* history =
      table.Add(rollout, "history", "List revisions", "  ccpctl rollout history -o wide\n",
                [&typed](const Session& session) { return RolloutHistory(session, typed.history_limit); });
  history->add_option("--limit", typed.history_limit, "How many")->capture_default_str();
}

void DeclareQuestions(CommandTable& table, Typed& typed) {
  CLI::App* get = table.Add(nullptr, "get", "List models, routes, edges or revisions; print the configuration",
                            "  ccpctl get models -o wide\n  ccpctl get edges\n  ccpctl get config > models.yaml\n",
                            [&typed](const Session& session) { return Get(session, typed.get); });
  get->add_option("what", typed.get.noun, "models, routes, edges, revisions or config")->required();
  get->add_option("name", typed.get.name, "Only this one (or those that begin so)");
  get->add_option("--revision", typed.get.revision, "Of an earlier configuration; default: the head");
  get->add_option("--limit", typed.get.limit, "How many revisions")->capture_default_str();

  CLI::App* stats =
      table.Add(nullptr, "stats", "Requests, tokens and cost",
                "  ccpctl stats\n  ccpctl stats --by model --since today\n  ccpctl stats --by day,model -o csv\n",
                [&typed](const Session& session) { return Stats(session, typed.stats); });
  stats
      ->add_option("--by", typed.stats.by,
                   "day hour week month model provider upstream_model route edge session outcome "
                   "requested_model, several with commas")
      ->capture_default_str();
  stats->add_option("--since", typed.stats.since, "7d, 36h, today, 2026-11-01 or RFC 3339")->capture_default_str();
  stats->add_option("--until", typed.stats.until, "The same forms")->capture_default_str();

  CLI::App* explain = table.Add(nullptr, "explain", "Which model and why; or what a key or a code means",
                                "  ccpctl explain -f request.json\n  ccpctl explain req_...\n"
                                "  ccpctl explain models.max_tokens\n  ccpctl explain CCP1204\n",
                                [&typed](const Session& session) { return Explain(session, typed.explain); });
  auto* subject =
      explain->add_option("subject", typed.explain.subject, "A request id, a key of models.yaml, or a code");
  explain->add_option("-f,--file", typed.explain.file, "A Messages request as JSON, or - for stdin")->excludes(subject);
  explain->add_option("-H,--header", typed.explain.headers, "A header the client would send, \"name: value\"");

  table.Add(nullptr, "version", "Print the version", "  ccpctl version -o json\n", Version);
  CLI::App* help =
      table.Add(nullptr, "help", "Topics: exit-codes, environment, formatting", "  ccpctl help exit-codes\n",
                [&typed](const Session& session) { return HelpTopic(session, typed.topic); });
  help->add_option("topic", typed.topic, "exit-codes, environment or formatting")->required();
}

// What CLI11 could not convert by itself.
absl::Status Complete(Typed& typed) {
  if (typed.up_port > 65'535) return InvalidArgument("--port: got ", typed.up_port, ", want a number from 0 to 65535");
  if (typed.up_port >= 0) typed.up.listen = Concat("127.0.0.1:", typed.up_port);
  const auto grace = ParseDuration(typed.up_grace);
  if (!grace.ok()) return InvalidArgument("--grace: ", Message(grace.status()));
  typed.up.grace = std::chrono::duration_cast<std::chrono::seconds>(*grace);
  if (typed.apply_wait.empty()) return absl::OkStatus();
  const auto wait = ParseDuration(typed.apply_wait);
  if (!wait.ok()) return InvalidArgument("--wait: ", Message(wait.status()));
  if (*wait > control::kMaxWait) {
    return InvalidArgument("--wait: got \"", typed.apply_wait, "\", control waits at most ",
                           FormatDuration(control::kMaxWait));
  }
  typed.apply.wait = *wait;
  return absl::OkStatus();
}

absl::Status Complete(const GlobalFlags& flags, Session& session) {
  session.server = flags.server;
  if (!SplitHostPort(flags.server))
    return InvalidArgument("--server: got \"", flags.server, "\", want HOST:PORT as in ", kDefaultServer);
  const auto format = ParseFormat(flags.output);
  if (!format.ok()) return format.status();
  session.format = *format;
  const auto timeout = ParseDuration(flags.timeout);
  if (!timeout.ok()) return InvalidArgument("--timeout: ", Message(timeout.status()));
  session.timeout = *timeout;
  const bool colours = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !flags.no_color &&
                       Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  session.paint = colours ? Paint::kAnsi : Paint::kPlain;
  return log::Configure(flags.log);
}

// "ccpctl", or the command that was given: whose --help has more.
std::string NameOf(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app.get_name() : Concat(app.get_name(), " ", NameOf(*given.front()));
}

// A sentence. CLI11 says of a command that it does not know only that it misses one.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining();
  if (!app.get_subcommands().empty() || unknown.empty() || unknown.front().starts_with('-'))
    return Concat(error.what(), ".");
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  const std::string nearest = NearestName(unknown.front(), names);
  return Concat("there is no command \"", unknown.front(), "\"",
                nearest.empty() ? "." : Concat(", did you mean \"", nearest, "\"?"));
}

Exit Main(std::vector<std::string> arguments) {
  Typed typed;
  CodeCommandLine split = SplitCodeArguments(arguments);
  typed.claude_arguments = std::move(split.theirs);

  CLI::App app("ccpctl: models, routes and usage of ccp", "ccpctl");
  Run chosen;
  CommandTable table(app, chosen);
  app.require_subcommand(1);
  app.footer(
      "First steps:\n  ccpctl up             run everything here\n  ccpctl code           start Claude Code on it\n"
      "  ccpctl stats          see what it used\n");
  DeclareGlobalFlags(app, typed.global);
  DeclareStart(table, typed);
  DeclareConfiguration(table, typed);
  DeclareQuestions(table, typed);

  Session session{.out = std::cout, .err = std::cerr};
  try {
    std::reverse(split.ours.begin(), split.ours.end());  // CLI11 takes them from the back.
    app.parse(std::move(split.ours));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr) == 0 ? kOk : kUsage;  // --help
    return Report(session, InvalidArgument(WhatIsWrong(app, error), " See: ", NameOf(app), " --help"));
  }
  if (const auto status = Complete(typed.global, session); !status.ok()) return Report(session, status);
  if (const auto status = Complete(typed); !status.ok()) return Report(session, status);
  const Exit exit = chosen(session);
  if (std::cout.flush()) return exit;
  // A script that keeps what was printed must not take half of it for all.
  return std::max(exit, Report(session, Internal("cannot write the output: ", std::strerror(errno))));
}

}  // namespace
}  // namespace ccp::ctl

int main(int argc, char** argv) { return ccp::ctl::Main(std::vector<std::string>(argv + 1, argv + argc)); }
