// UTF-8 and JSON's \u escapes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ccp::json {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// Length of the well-formed UTF-8 sequence at the start of `text` (1 to 4), or 0 if there is none:
// overlong forms, surrogates, values over U+10FFFF and cut sequences are not well formed.
std::size_t Utf8SequenceLength(std::string_view text);

void AppendUtf8(std::string& out, std::uint32_t code_point);  // A surrogate or a value over U+10FFFF becomes U+FFFD.

// Appends `text` with every ill-formed byte replaced by U+FFFD.
void AppendValidUtf8(std::string& out, std::string_view text);
bool IsValidUtf8(std::string_view text);

}  // namespace ccp::json
