// Writing JSON by appending to a std::string: for the paths where a tree would cost too much.
// All functions are pure. What they append is valid UTF-8 whenever they are given text from Append*String or Value::raw().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ccp::json {

// Appends `text` as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD.
void AppendString(std::string& out, std::string_view text);

// The same without the quotes: for text that is put together from several pieces.
void AppendEscaped(std::string& out, std::string_view text);

void AppendNumber(std::string& out, std::int64_t number);
void AppendNumber(std::string& out, double number);  // Shortest text that reads back equal; not finite -> null.
void AppendBool(std::string& out, bool value);

// The JSON string of `text`: AppendString into a new string.
std::string Quoted(std::string_view text);

}  // namespace ccp::json
