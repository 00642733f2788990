#include "common/config/url.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "common/base/text.h"
#include "common/config/secrets.h"

namespace ccp::config {
namespace {

constexpr std::string_view kExample = ", want one such as https://api.example.com/v1";

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}
bool IsAddressCharacter(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.'; }

// A host whose last label is a number is an IPv4 address or a slip (https://url.spec.whatwg.org/#ends-in-a-number-checker).
bool EndsInANumber(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos;
}
bool IsIpv4(std::string_view host) {
  static const RE2 four_octets(R"((\d+)\.(\d+)\.(\d+)\.(\d+))");
  unsigned octets[4] = {};
  const re2::StringPiece text(host.data(), host.size());
  return RE2::FullMatch(text, four_octets, &octets[0], &octets[1], &octets[2], &octets[3]) &&
         std::all_of(std::begin(octets), std::end(octets), [](unsigned octet) { return octet <= 255; });
}

bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }

absl::StatusOr<std::uint16_t> ParsePort(std::string_view digits) {
  unsigned port = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, port);
  if (error != std::errc{} || end != last || port < 1 || port > 65535) {
    return InvalidArgument("its port is ", Quote(digits), ", want a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

// "host", "host:port", "[::1]:port" -> url.host, url.port.
absl::Status ParseAuthority(std::string_view authority, Url& url) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) return InvalidArgument("its address has no closing bracket");
  url.host = ToLower(bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end));
  const auto fits = bracketed ? IsAddressCharacter : IsHostCharacter;
  if (url.host.empty()) return InvalidArgument("it has no host", kExample);
  if (!std::all_of(url.host.begin(), url.host.end(), fits)) {
    return InvalidArgument("its host is ", Quote(url.host), kExample);
  }
  if (!bracketed && EndsInANumber(url.host) && !IsIpv4(url.host)) {
    return InvalidArgument("its host is ", Quote(url.host), ", which is neither a name nor an IPv4 address", kExample);
  }
  std::string_view rest = host_end == std::string_view::npos ? "" : authority.substr(host_end + (bracketed ? 1 : 0));
  if (rest.empty()) return absl::OkStatus();
  if (!rest.starts_with(':')) return InvalidArgument("there is text behind its address", kExample);
  const auto port = ParsePort(rest.substr(1));
  if (!port.ok()) return port.status();
  url.port = *port;
  return absl::OkStatus();
}

// Hosts by their end and their beginning. Sources: the providers' own API references, read 2026-11.
struct KnownHost {
  std::string_view begin;
  std::string_view end;
  std::string_view dialect;
};
constexpr std::array kKnownHosts{
    KnownHost{"api.deepseek.com", "", "deepseek"},
    KnownHost{"openrouter.ai", "", "openrouter"},
    KnownHost{"dashscope", ".aliyuncs.com", "qwen"},
    KnownHost{"ark.", ".volces.com", "doubao"},
    KnownHost{"ark.", ".bytepluses.com", "doubao"},
    KnownHost{"generativelanguage.googleapis.com", "", "gemini"},
    KnownHost{"", "aiplatform.googleapis.com", "gemini"},  // Vertex AI, with and without a region in front.
    KnownHost{"api.groq.com", "", "groq"},
    KnownHost{"api.moonshot.", "", "kimi"},
    KnownHost{"api.kimi.com", "", "kimi"},
    KnownHost{"open.bigmodel.cn", "", "glm"},
    KnownHost{"api.z.ai", "", "glm"},
    KnownHost{"api.mistral.ai", "", "mistral"},
    KnownHost{"codestral.mistral.ai", "", "mistral"},
};
constexpr std::array<std::string_view, 4> kOpenAiReasoning{"o1", "o3", "o4", "gpt-5"};
constexpr std::uint16_t kOllamaPort = 11434;

bool Matches(const KnownHost& known, std::string_view host) {
  if (!known.end.empty()) return host.starts_with(known.begin) && host.ends_with(known.end);
  return known.begin.ends_with('.') ? host.starts_with(known.begin) : host == known.begin;
}

}  // namespace

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const std::string scheme = ToLower(text.substr(0, text.find("://")));
  if (text.find("://") == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return InvalidArgument("it begins with neither http:// nor https://", kExample);
  }
  url.scheme = scheme == "http" ? Url::Scheme::kHttp : Url::Scheme::kHttps;
  url.port = scheme == "http" ? 80 : 443;
  rest.remove_prefix(scheme.size() + 3);
  if (!std::all_of(rest.begin(), rest.end(), IsVisible)) {
    return InvalidArgument("it holds a space or another character that no URL has", kExample);
  }
  if (rest.find('?') != std::string_view::npos) return InvalidArgument("it holds a query (?...)", kExample);
  if (rest.find('#') != std::string_view::npos) return InvalidArgument("it holds a fragment (#...)", kExample);
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    return InvalidArgument("it holds a user or password before the host; name the key with api_key_name");
  }
  if (const absl::Status status = ParseAuthority(authority, url); !status.ok()) return status;
  url.path = slash == std::string_view::npos ? "" : rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // An address, not a name such as 127.0.0.1.example.com.
  return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool IsFirstPartyHost(std::string_view host) { return host == "api.anthropic.com"; }

std::string_view GuessDialect(const Url& url, std::string_view upstream_name) {
  for (const KnownHost& known : kKnownHosts) {
    if (Matches(known, url.host)) return known.dialect;
  }
  if (url.port == kOllamaPort) return "ollama";
  if (url.host != "api.openai.com") return "openai";
  const bool reasons = std::any_of(kOpenAiReasoning.begin(), kOpenAiReasoning.end(),
                                   [&](std::string_view prefix) { return upstream_name.starts_with(prefix); });
  return reasons && !upstream_name.starts_with("gpt-5-chat") ? "openai-reasoning" : "openai";
}

}  // namespace ccp::config
