// env and code: Claude Code against the edge. `code` replaces this process: its exit status is Claude Code's own.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/text.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/client_environment.h"
#include "tools/ccpctl/commands.h"
#include "tools/ccpctl/edge_probe.h"
#include "tools/ccpctl/remote_catalog.h"

namespace ccp::ctl {
namespace {

constexpr std::string_view kDefaultEdge = "127.0.0.1:8082";
// Control is only asked for hints here: a developer's edge works without it.
constexpr std::chrono::milliseconds kHintTimeout{1'000};
constexpr std::chrono::milliseconds kProbeTimeout{2'000};

// --edge, else CCP_EDGE, else the first connected edge of control, else the usual port.
std::string FindEdge(const std::string& option, AdminClient& control) {
  if (!option.empty()) return EdgeUrl(option);
  if (const std::string named = Environment("CCP_EDGE"); !named.empty()) return EdgeUrl(named);
  const auto edges = control.ListEdges();
  if (!edges.ok()) return EdgeUrl(kDefaultEdge);
  for (const auto& edge : edges->edges()) {
    if (edge.connected() && !edge.draining() && !edge.http_address().empty()) return EdgeUrl(edge.http_address());
  }
  return EdgeUrl(kDefaultEdge);
}

Credential CredentialFor(AdminClient& control) {
  const auto remote = FetchCatalog(control, 0);
  if (!remote.ok()) return Credential::kLocal;
  const auto& models = remote->catalog.models;
  const bool passthrough = std::any_of(models.begin(), models.end(), [](const config::Model& model) {
    return model.auth == config::Auth::kPassthrough;
  });
  return passthrough ? Credential::kOwn : Credential::kLocal;
}

std::vector<Variable> Variables(const Session& session, const std::string& edge_option, std::string& edge_url) {
  AdminClient control(session.server, std::min(session.timeout, kHintTimeout));
  edge_url = FindEdge(edge_option, control);
  return ClaudeEnvironment(edge_url, CredentialFor(control), {Environment("NO_PROXY"), Environment("no_proxy")});
}

}  // namespace

Exit PrintEnvironment(const Session& session, const EnvOptions& options) {
  std::string edge_url;
  const auto text = RenderEnvironment(Variables(session, options.edge, edge_url), options.shell);
  if (!text.ok()) return Report(session, text.status());
  session.out << *text;
  if (isatty(STDOUT_FILENO) == 1) session.err << "# to use it: eval \"$(ccpctl env)\"\n";
  if (const auto status = ProbeEdge(edge_url, kProbeTimeout); !status.ok())
    session.err << "# " << Message(status) << "\n";
  return kOk;
}

Exit Code(const Session& session, const std::string& edge, const std::vector<std::string>& arguments) {
  std::string edge_url;
  const std::vector<Variable> variables = Variables(session, edge, edge_url);
  if (const auto status = ProbeEdge(edge_url, kProbeTimeout); !status.ok()) return Report(session, status);
  for (const auto& [name, value] : variables) {
    if (value) setenv(name.c_str(), value->c_str(), 1);
    if (!value) unsetenv(name.c_str());
  }
  const std::string program = Environment("CCP_CLAUDE", "claude");
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  session.out.flush();
  execvp(program.c_str(), argv.data());
  return Report(session,
                NotFound("cannot start ", program, ": ", std::strerror(errno),
                         ". Install Claude Code (npm install -g @anthropic-ai/claude-code) or set CCP_CLAUDE."));
}

}  // namespace ccp::ctl
