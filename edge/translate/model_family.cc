#include "edge/translate/model_family.h"

#include <charconv>
#include <string>

#include "common/base/text.h"

namespace ccp::translate {

std::optional<Version> VersionOf(std::string_view model, std::string_view family) {
  const std::string name = ToLower(model);
  const std::size_t at = name.find(family);
  if (at == std::string::npos) return std::nullopt;
  const char* const end = name.data() + name.size();
  Version version;
  const auto major = std::from_chars(name.data() + at + family.size(), end, version.major);
  if (major.ec != std::errc{}) return std::nullopt;
  if (major.ptr != end && *major.ptr == '.') std::from_chars(major.ptr + 1, end, version.minor);
  return version;
}

// Kimi's chat API reference has the switch for k2.5 and k2.6; guides for k2.7-code and k3 say that they always think,
// and that k3 takes reasoning_effort low, high or max instead.
KimiThinking KimiThinkingOf(std::string_view model) {
  const Version version = VersionOf(model, "kimi-k").value_or(Version{});
  if (version >= Version{3, 0}) return KimiThinking::kEffort;
  if (version >= Version{2, 7}) return KimiThinking::kAlways;
  if (version >= Version{2, 5}) return KimiThinking::kSwitch;
  return model.find("thinking") == std::string_view::npos ? KimiThinking::kNever : KimiThinking::kAlways;
}

// docs.bigmodel.cn, chat completions: reasoning_effort from GLM-5.2 on; GLM-5.3 knows no "disabled" any more.
GlmThinking GlmThinkingOf(std::string_view model) {
  const Version version = VersionOf(model, "glm-").value_or(Version{});
  if (version >= Version{5, 3}) return GlmThinking::kAlways;
  return version >= Version{5, 2} ? GlmThinking::kEffort : GlmThinking::kSwitch;
}

// The names that Qwen gives to models without a mode in which they do not think.
bool QwenAlwaysThinks(std::string_view model) {
  const std::string name = ToLower(model);
  return name.find("thinking") != std::string::npos || name.find("qwq") != std::string::npos ||
         name.find("qvq") != std::string::npos;
}

// Volcano's model list gives "auto" to Doubao Seed 1.6 alone, and not to its variants that always or hardly think.
bool DoubaoDecidesItself(std::string_view model) {
  const std::string name = ToLower(model);
  const bool is_seed_1_6 = name.find("seed-1-6") != std::string::npos || name.find("seed-1.6") != std::string::npos;
  return is_seed_1_6 && name.find("thinking") == std::string::npos && name.find("flash") == std::string::npos;
}

}  // namespace ccp::translate
