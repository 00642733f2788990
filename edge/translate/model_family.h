// What the name of a model tells, where the models of one vendor differ in what they accept. Pure.
// Internal to edge/translate.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ccp::translate {

struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};

// The version behind `family` in a name, whatever its case: VersionOf("zai-org/GLM-5.2-air", "glm-") is 5.2, of "glm-5"
// it is 5.0. `family` in lower case. Absent: the name is of another family.
std::optional<Version> VersionOf(std::string_view model, std::string_view family);

// kSwitch: {"thinking": {"type": "disabled"}} is obeyed. kAlways: refused. kEffort: only reasoning_effort is
// understood.
enum class KimiThinking : std::uint8_t { kNever, kSwitch, kAlways, kEffort };
KimiThinking KimiThinkingOf(std::string_view model);

// kSwitch: on or off. kEffort: reasoning_effort as well. kAlways: reasoning_effort, and no way to switch it off.
enum class GlmThinking : std::uint8_t { kSwitch, kEffort, kAlways };
GlmThinking GlmThinkingOf(std::string_view model);

// Whether a Qwen model cannot be kept from thinking.
bool QwenAlwaysThinks(std::string_view model);

// Whether a Doubao model takes {"thinking": {"type": "auto"}}.
bool DoubaoDecidesItself(std::string_view model);

}  // namespace ccp::translate
