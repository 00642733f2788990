#include "edge/translate/reasoning_state.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/base/id.h"
#include "common/base/text.h"

namespace ccp::translate {
namespace {

constexpr std::string_view kPrefix = "ccp1.";
constexpr std::string_view kToolIdPrefix = "--ccp1--";
constexpr std::string_view kToolIdSeparator = "--";
constexpr std::size_t kMacBytes = 16;    // Half of SHA-256: forging one takes 2^128 tries, and the id stays short.
constexpr std::size_t kMacLetters = 22;  // The same in base64url without padding.

bool IsBase64Url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string Base64Url(std::string_view bytes) { return absl::WebSafeBase64Escape(ToAbsl(bytes)); }

// What stands between prefix and MAC, and the MAC; both still encoded.
struct Parts {
  std::string_view body;
  std::string_view mac;
};

// `rest`: a token without its prefix. The MAC is found from the end, because "--" may also occur inside base64url.
std::optional<Parts> SplitToken(std::string_view rest, std::string_view separator) {
  if (rest.size() < separator.size() + kMacLetters + 1) return std::nullopt;
  const std::string_view mac = rest.substr(rest.size() - kMacLetters);
  rest.remove_suffix(kMacLetters);
  if (!rest.ends_with(separator)) return std::nullopt;
  rest.remove_suffix(separator.size());
  if (!IsBase64Url(rest) || !IsBase64Url(mac)) return std::nullopt;
  return Parts{rest, mac};
}

std::string Mac(std::string_view body, std::string_view fleet_secret) {
  return Base64Url(HmacSha256(fleet_secret, Concat(kPrefix, body)).substr(0, kMacBytes));
}

// In constant time, so that the answer's delay does not tell how much of a forged MAC was right.
bool SameMac(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

bool IsKnownKind(char kind) {
  return static_cast<unsigned char>(kind) <= static_cast<unsigned char>(StateKind::kThoughtSignature);
}

std::optional<ReasoningState> Decode(const Parts& parts, std::string_view fleet_secret) {
  if (!SameMac(Mac(parts.body, fleet_secret), parts.mac)) return std::nullopt;
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(ToAbsl(parts.body), &bytes) || bytes.empty()) return std::nullopt;
  if (!IsKnownKind(bytes.front())) return std::nullopt;
  return ReasoningState{static_cast<StateKind>(bytes.front()), bytes.substr(1)};
}

Parts Encode(const ReasoningState& state, std::string_view fleet_secret, std::string& body, std::string& mac) {
  std::string bytes(1, static_cast<char>(state.kind));
  bytes += state.payload;
  body = Base64Url(bytes);
  mac = Mac(body, fleet_secret);
  return {body, mac};
}

}  // namespace

bool IsPlainAscii(std::string_view token) {
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; };
  return !token.empty() && std::all_of(token.begin(), token.end(), is_plain);
}

// Anthropic's are base64.
bool LooksLikeAnthropics(std::string_view token) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_base64 = [&](char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
  };
  return std::all_of(token.begin(), token.end(), is_base64) && std::any_of(token.begin(), token.end(), is_upper);
}

std::string EncodeState(const ReasoningState& state, std::string_view fleet_secret) {
  std::string body, mac;
  const Parts parts = Encode(state, fleet_secret, body, mac);
  return Concat(kPrefix, parts.body, ".", parts.mac);
}

std::optional<ReasoningState> DecodeState(std::string_view token, std::string_view fleet_secret) {
  if (!token.starts_with(kPrefix)) return std::nullopt;
  const auto parts = SplitToken(token.substr(kPrefix.size()), ".");
  if (!parts) return std::nullopt;
  return Decode(*parts, fleet_secret);
}

bool LooksLikeState(std::string_view token) {
  return token.starts_with(kPrefix) && SplitToken(token.substr(kPrefix.size()), ".").has_value();
}

std::string AttachStateToToolId(std::string_view tool_id, const ReasoningState& state, std::string_view fleet_secret) {
  std::string body, mac;
  const Parts parts = Encode(state, fleet_secret, body, mac);
  return Concat(tool_id, kToolIdPrefix, parts.body, kToolIdSeparator, parts.mac);
}

// A state made under another secret is cut off as well: it means nothing to the upstream, and call and result lose it alike.
ToolIdParts SplitToolId(std::string_view tool_id, std::string_view fleet_secret) {
  const std::size_t at = tool_id.find(kToolIdPrefix);
  if (at == std::string_view::npos) return {std::string(tool_id), std::nullopt};
  const auto parts = SplitToken(tool_id.substr(at + kToolIdPrefix.size()), kToolIdSeparator);
  if (!parts) return {std::string(tool_id), std::nullopt};
  return {std::string(tool_id.substr(0, at)), Decode(*parts, fleet_secret)};
}

}  // namespace ccp::translate
