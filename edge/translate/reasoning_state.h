// What an upstream needs back on the next turn, carried by the client: a compact, versioned, authenticated token inside a
// thinking block's signature, or inside a tool_use id where there is no thinking block. So any stateless edge can go on,
// and a conversation can move between vendors: a state of another vendor is recognised and left out. Pure.
//
// Format: "ccp1." + base64url(kind byte + payload) + "." + base64url(first 16 bytes of HMAC-SHA-256 over all before).
// In a tool_use id the alphabet is [A-Za-z0-9_-], so there the dots are written "--": "toolu_..." + "--ccp1--...".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccp::translate {

enum class StateKind : std::uint8_t {
  kMarker = 0,             // Nothing but "made here": the block's own text is all there is.
  kReasoningContent = 1,   // DeepSeek, Kimi ...: the reasoning text, when the block does not show it (display: omitted).
  kReasoningDetails = 2,   // OpenRouter: the reasoning_details array as JSON.
  kThoughtSignature = 3,   // Gemini: thought_signature of a function call.
};

struct ReasoningState {
  StateKind kind = StateKind::kMarker;
  std::string payload;
  bool operator==(const ReasoningState&) const = default;
};

std::string EncodeState(const ReasoningState& state, std::string_view fleet_secret);

// Absent: not ours, damaged, or made under another secret.
std::optional<ReasoningState> DecodeState(std::string_view token, std::string_view fleet_secret);

// Not empty, and can stand in a JSON string as it is: what every signature and all redacted thinking is made of.
bool IsPlainAscii(std::string_view token);

// By its look alone: a real Claude's signature or redacted thinking. Vendors that merely speak Anthropic's format sign
// with a UUID, a hash in hex, or not at all.
bool LooksLikeAnthropics(std::string_view token);

// By its look alone, without the secret: such a block is foreign to a real Anthropic upstream and must not reach it.
bool LooksLikeState(std::string_view token);

std::string AttachStateToToolId(std::string_view tool_id, const ReasoningState& state, std::string_view fleet_secret);
struct ToolIdParts {
  std::string id;                        // As the upstream gave it.
  std::optional<ReasoningState> state;
};
ToolIdParts SplitToolId(std::string_view tool_id, std::string_view fleet_secret);

}  // namespace ccp::translate
