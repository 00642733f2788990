#include "edge/api/router.h"

#include <array>

namespace ccp::edge {
namespace {

struct Row {
  std::string_view method;   // GET stands for HEAD too.
  std::string_view path;     // With a trailing '*': whatever follows, at least one character.
  Endpoint endpoint;
};

constexpr std::array kRows{
    Row{"POST", "/v1/messages", Messages},
    Row{"POST", "/v1/messages/count_tokens", CountTokens},
    Row{"GET", "/v1/models", ListModels},
    Row{"GET", "/v1/models/*", GetModel},
    Row{"GET", "/v1/stats", Stats},
    Row{"GET", "/", Hello},
    Row{"GET", "/api/hello", Hello},
    Row{"GET", "/healthz", Health},
    Row{"GET", "/readyz", Ready},
    Row{"GET", "/metrics", PrometheusMetrics},
    Row{"POST", "/api/event_logging/*", SwallowEvents},
};

bool PathFits(std::string_view pattern, std::string_view path) {
  if (pattern.back() != '*') return pattern == path;
  pattern.remove_suffix(1);
  return path.size() > pattern.size() && path.starts_with(pattern);
}

bool MethodFits(std::string_view row, std::string_view method) { return row == method || (row == "GET" && method == "HEAD"); }

}  // namespace

std::string_view CanonicalPath(std::string_view path) {
  constexpr std::string_view kPrefix = "/anthropic";
  if (path.starts_with(kPrefix) && (path.size() == kPrefix.size() || path[kPrefix.size()] == '/')) {
    path.remove_prefix(kPrefix.size());
  }
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? "/" : path;
}

RouteMatch FindRoute(std::string_view method, std::string_view path) {
  const std::string_view canonical = CanonicalPath(path);
  RouteMatch match;
  for (const Row& row : kRows) {
    if (!PathFits(row.path, canonical)) continue;
    if (MethodFits(row.method, method)) return {row.endpoint, {}};
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += row.method == "GET" ? "GET, HEAD" : row.method;
  }
  return match;
}

}  // namespace ccp::edge
