#include "tools/ccpctl/client_environment.h"

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::ctl {
namespace {

// Single quotes, in which POSIX shells and fish read everything as it is but the quote itself.
std::string Quoted(std::string_view text, std::string_view escaped_quote) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string(escaped_quote) : std::string(1, c);
  return out + "'";
}

std::string Posix(const std::vector<Variable>& variables) {
  std::string out;
  for (const auto& [name, value] : variables) {
    out += value ? Concat("export ", name, "=", Quoted(*value, "'\\''"), "\n") : Concat("unset ", name, "\n");
  }
  return out;
}

std::string Fish(const std::vector<Variable>& variables) {
  std::string out;
  for (const auto& [name, value] : variables) {
    out += value ? Concat("set -gx ", name, " ", Quoted(*value, "\\'"), "\n") : Concat("set -e ", name, "\n");
  }
  return out;
}

std::string Json(const std::vector<Variable>& variables) {
  std::string out = "{";
  for (const auto& [name, value] : variables) {
    out += Concat(out.size() > 1 ? "," : "", json::Quoted(name), ":", value ? json::Quoted(*value) : "null");
  }
  return out + "}\n";
}

std::string WithLoopback(const std::string& own, const std::string& other) {
  const std::string& present = own.empty() ? other : own;
  return Concat(present, present.empty() ? "" : ",", "127.0.0.1,localhost");
}

}  // namespace

std::vector<Variable> ClaudeEnvironment(const std::string& edge_url, Credential credential,
                                        const ProxyExceptions& no_proxy) {
  std::vector<Variable> variables = {{"ANTHROPIC_BASE_URL", edge_url}};
  if (credential == Credential::kLocal) {
    // Claude Code wants some credential before it starts; with both variables set it would send both.
    variables.push_back({"ANTHROPIC_AUTH_TOKEN", "ccp-local"});
    variables.push_back({"ANTHROPIC_API_KEY", std::nullopt});
  }
  // The list of models in Claude Code's /model comes from the edge.
  variables.push_back({"CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1"});
  // The billing line differs from session to session and so defeats the prompt cache of every provider.
  variables.push_back({"CLAUDE_CODE_ATTRIBUTION_HEADER", "0"});
  variables.push_back({"NO_PROXY", WithLoopback(no_proxy.upper, no_proxy.lower)});
  variables.push_back({"no_proxy", WithLoopback(no_proxy.lower, no_proxy.upper)});
  return variables;
}

absl::StatusOr<std::string> RenderEnvironment(const std::vector<Variable>& variables, std::string_view shell) {
  if (shell == "bash" || shell == "zsh" || shell == "sh") return Posix(variables);
  if (shell == "fish") return Fish(variables);
  if (shell == "json") return Json(variables);
  return InvalidArgument("--shell: got \"", shell, "\", want bash, zsh, fish or json");
}

std::string EdgeUrl(std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  if (address.starts_with("http://") || address.starts_with("https://")) return std::string(address);
  return Concat("http://", address);
}

}  // namespace ccp::ctl
