#include "edge/api/headers.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/base/version.h"

namespace ccp::edge {
namespace {

constexpr std::string_view kDefaultVersion = "2023-06-01";

// The hosts that the client's own credential belongs to.
constexpr std::array<std::string_view, 1> kFirstPartyOrigins{"https://api.anthropic.com"};

bool EndsWithVersion(std::string_view api_base) { return api_base.ends_with("/v1"); }

void AppendOwn(std::vector<Header>& headers, const config::Model& model) {
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("user-agent", Concat("ccp/", kVersion));
  std::vector<Header> operators;
  for (const auto& [name, value] : model.extra_headers) operators.emplace_back(ToLower(name), value);
  ReplaceHeaders(headers, operators);
}

constexpr std::string_view kRequestId = "request-id";

bool Has(const std::vector<Header>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [name](const Header& header) { return header.first == name; });
}

// anthropic-* and nothing else; what asks for a browser's rights is between the client and us.
bool GoesUpstream(std::string_view name) {
  return name.starts_with("anthropic-") && name != "anthropic-dangerous-direct-browser-access";
}

}  // namespace

std::string UpstreamUrl(const config::Model& model, UpstreamPath path, std::string_view query) {
  if (!model.direct) return Concat(model.api_base, "/chat/completions");
  std::string url = Concat(model.api_base, EndsWithVersion(model.api_base) ? "/messages" : "/v1/messages");
  if (path == UpstreamPath::kCountTokens) url += "/count_tokens";
  if (!query.empty()) url += Concat("?", query);
  return url;
}

std::vector<Header> ChatHeaders(const config::Model& model, std::string_view key) {
  std::vector<Header> headers;
  headers.reserve(4 + model.extra_headers.size());
  headers.emplace_back("accept", "text/event-stream, application/json");
  if (!key.empty()) headers.emplace_back("authorization", Concat("Bearer ", key));
  AppendOwn(headers, model);
  return headers;
}

std::vector<Header> DirectHeaders(const config::Model& model, const HttpRequest& client, std::string_view key) {
  std::vector<Header> headers;
  headers.emplace_back("accept", "application/json, text/event-stream");
  for (const auto& [name, value] : client.headers) {
    if (GoesUpstream(name)) headers.emplace_back(name, value);
  }
  if (!Has(headers, "anthropic-version")) headers.emplace_back("anthropic-version", kDefaultVersion);
  if (!key.empty()) headers.emplace_back("x-api-key", key);
  if (MayPassCredential(model)) {
    for (const std::string_view name : {"x-api-key", "authorization"}) {
      if (const std::string_view value = client.header(name); !value.empty()) headers.emplace_back(name, value);
    }
  }
  AppendOwn(headers, model);
  return headers;
}

bool MayPassCredential(const config::Model& model) {
  if (model.auth != config::Auth::kPassthrough) return false;
  return std::any_of(kFirstPartyOrigins.begin(), kFirstPartyOrigins.end(), [&](std::string_view origin) {
    const std::string_view base = model.api_base;
    return base.starts_with(origin) && (base.size() == origin.size() || base[origin.size()] == '/');
  });
}

std::vector<Header> ForwardedAnswerHeaders(const std::vector<Header>& upstream) {
  std::vector<Header> headers;
  for (const auto& [name, value] : upstream) {
    if (name.starts_with("anthropic-") || name == kRequestId) headers.emplace_back(name, value);
  }
  return headers;
}

void ReplaceHeaders(std::vector<Header>& headers, const std::vector<Header>& more) {
  std::erase_if(headers, [&more](const Header& header) { return Has(more, header.first); });
  headers.insert(headers.end(), more.begin(), more.end());
}

std::string_view FindHeader(const std::vector<Header>& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [name](const Header& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace ccp::edge
