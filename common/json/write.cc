#include "common/json/write.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "common/json/block.h"
#include "common/json/utf8.h"

namespace ccp::json {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Length of the longest prefix that needs no escape.
std::size_t PlainPrefix(std::string_view text) {
  std::size_t at = 0;
  for (; text.size() - at >= Block::kBytes; at += Block::kBytes) {
    const Block block(text.data() + at);
    const std::uint32_t special = block.AtMost(0x1F) | block.Equal('"') | block.Equal('\\');
    if (special != 0) return at + static_cast<std::size_t>(std::countr_zero(special));
  }
  while (at < text.size() && !NeedsEscape(text[at])) ++at;
  return at;
}

void AppendEscape(std::string& out, unsigned char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default:
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
  }
}

}  // namespace

void AppendEscaped(std::string& out, std::string_view text) {
  if (!IsValidUtf8(text)) {
    std::string repaired;
    AppendValidUtf8(repaired, text);
    return AppendEscaped(out, repaired);
  }
  while (true) {
    const std::size_t plain = PlainPrefix(text);
    out.append(text.data(), plain);
    if (plain == text.size()) return;
    AppendEscape(out, static_cast<unsigned char>(text[plain]));
    text.remove_prefix(plain + 1);
  }
}

void AppendString(std::string& out, std::string_view text) {
  out += '"';
  AppendEscaped(out, text);
  out += '"';
}

void AppendNumber(std::string& out, std::int64_t number) {
  std::array<char, 24> digits{};
  const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void AppendNumber(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> digits{};
  const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void AppendBool(std::string& out, bool value) { out += value ? "true" : "false"; }

std::string Quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  AppendString(out, text);
  return out;
}

}  // namespace ccp::json
