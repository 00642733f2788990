// help TOPIC and version.
#include <array>

#include "common/base/text.h"
#include "common/base/version.h"
#include "common/json/write.h"
#include "tools/ccpctl/commands.h"

namespace ccp::ctl {
namespace {

struct Topic {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Topic, 3> kTopics{{
    {"exit-codes",
     R"(Exit codes of ccpctl:
    0  done; diff: no difference
    1  failed; diff: there are differences
    2  wrong command line, or an invalid configuration; diff: trouble
    3  not found
    4  not authenticated, or not allowed
    5  conflict: the revision moved, a name or an address is taken
    6  control does not answer (was it started?)
    7  a rollout did not succeed and was undone
    8  --wait or --timeout ran out
  130  interrupted (Ctrl-C)
"ccpctl code" ends with Claude Code's own exit status.
)"},
    {"environment",
     R"(Environment of ccpctl (a flag wins over its variable):
  CCP_SERVER       address of control, as --server            127.0.0.1:7443
  CCP_OUTPUT       output format, as -o                       table
  CCP_EDGE         address of the edge for env and code       asked of control
  CCP_CLAUDE       the program that "code" starts             claude
  CCP_NO_INPUT     never ask, as if stdin were no terminal
  CCP_TOKENIZER    vocabulary file for exact token counts
  NO_COLOR         no colours
  XDG_CONFIG_HOME  models.yaml of "up" lies in its ccp/       ~/.config
  XDG_STATE_HOME   state of "up" lies in its ccp/             ~/.local/state
Provider keys are read by the edge, from the variables that models.yaml names and from its --env-file.
)"},
    {"formatting",
     R"(-o table   for people: columns may change between versions
-o wide    the same with more columns
-o json    for programs: one object with "schema": "ccp.NAME/v1", integers, RFC 3339 times
-o yaml    the same as YAML
-o csv     the same rows as RFC 4180, keys as in JSON
-o name    the first column only
Data goes to stdout, words go to stderr.
)"},
}};

}  // namespace

Exit HelpTopic(const Session& session, const std::string& topic) {
  std::vector<std::string> names;
  for (const Topic& known : kTopics) {
    names.emplace_back(known.name);
    if (known.name != topic) continue;
    session.out << known.text;
    return kOk;
  }
  return Report(session, NotFound("help: no topic \"", topic, "\", there are ", Join(names, ", "),
                                  "; commands have their own --help"));
}

Exit Version(const Session& session) {
  if (session.format == Format::kJson) {
    session.out << Concat("{\"schema\":\"ccp.version/v1\",\"version\":", json::Quoted(kVersion), "}\n");
  } else {
    session.out << "ccpctl " << kVersion << "\n";
  }
  return kOk;
}

}  // namespace ccp::ctl
