// The environment in which Claude Code talks to an edge: process-local, nothing in ~/.claude is touched. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ccp::ctl {

struct Variable {
  std::string name;
  std::optional<std::string> value;  // Absent: to be unset.
};

// Whose credential Claude Code sends to the edge.
enum class Credential {
  kLocal,  // A placeholder: no model of the configuration needs the person's own.
  kOwn,    // What the person is logged in with: some model has `auth: passthrough`.
};

// Which hosts no proxy is asked for, as the environment says it now; empty: not set. Clients differ in which of the two
// they read first.
struct ProxyExceptions {
  std::string upper;  // NO_PROXY
  std::string lower;  // no_proxy
};

// Both of `no_proxy` are extended, not replaced; one that is not set becomes like the other.
std::vector<Variable> ClaudeEnvironment(const std::string& edge_url, Credential credential,
                                        const ProxyExceptions& no_proxy);

// Shell: bash, zsh, fish or json. kInvalidArgument names the choices.
absl::StatusOr<std::string> RenderEnvironment(const std::vector<Variable>& variables, std::string_view shell);

// "127.0.0.1:8082" or "http://host:port/" -> "http://host:port".
std::string EdgeUrl(std::string_view address);

}  // namespace ccp::ctl
