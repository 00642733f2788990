#include "edge/translate/token_copier.h"

#include <array>
#include <cstdint>

namespace ccp::translate {
namespace {

constexpr std::string_view kEscapedReplacement = "\\ufffd";
constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX

enum class Unit : std::uint8_t { kOther, kHighSurrogate, kLowSurrogate };

// Of the \u escape at the start of `text`.
Unit UnitAt(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u' || (text[2] | 0x20) != 'd') return Unit::kOther;
  switch (text[3] | 0x20) {
    case '8' | 0x20:
    case '9' | 0x20:
    case 'a':
    case 'b':
      return Unit::kHighSurrogate;
    case 'c':
    case 'd':
    case 'e':
    case 'f':
      return Unit::kLowSurrogate;
    default:
      return Unit::kOther;
  }
}

// Appends the escape at the start of `text`, repaired; returns the bytes it took.
std::size_t AppendEscapeRepaired(std::string& out, std::string_view text) {
  const Unit unit = UnitAt(text);
  if (unit == Unit::kHighSurrogate && UnitAt(text.substr(kUnicodeEscape)) == Unit::kLowSurrogate) {
    out.append(text.substr(0, 2 * kUnicodeEscape));
    return 2 * kUnicodeEscape;
  }
  if (unit != Unit::kOther) {
    out.append(kEscapedReplacement);
    return kUnicodeEscape;
  }
  out.append(text.substr(0, 2));  // The letter behind the backslash belongs to it: \\ud800 is no escape of a surrogate.
  return 2;
}

void AppendRepaired(std::string& out, std::string_view token) {
  while (true) {
    const std::size_t at = token.find('\\');
    out.append(token.substr(0, at));
    if (at == std::string_view::npos) return;
    token.remove_prefix(at);
    token.remove_prefix(AppendEscapeRepaired(out, token));
  }
}

enum class Letter : std::uint8_t { kPlain, kQuote, kBackslash, kSpace };

constexpr std::array<Letter, 256> MakeLetters() {
  std::array<Letter, 256> letters{};
  letters['"'] = Letter::kQuote;
  letters['\\'] = Letter::kBackslash;
  for (const unsigned char c : {' ', '\t', '\n', '\r'}) letters[c] = Letter::kSpace;
  return letters;
}
constexpr std::array<Letter, 256> kLetters = MakeLetters();

Letter LetterOf(char c) { return kLetters[static_cast<unsigned char>(c)]; }

// Valid JSON holds no raw control character inside a string, so quotes and backslashes are all there is to escape.
void AppendCompactEncoded(std::string& out, std::string_view json) {
  bool in_string = false;
  std::size_t plain = 0;  // Where the run of bytes begins that go out as they are.
  for (std::size_t at = 0; at < json.size(); ++at) {
    const Letter letter = LetterOf(json[at]);
    if (letter == Letter::kPlain || (letter == Letter::kSpace && in_string)) continue;
    out.append(json, plain, at - plain);
    plain = at + 1;
    switch (letter) {
      case Letter::kPlain:
      case Letter::kSpace:
        break;
      case Letter::kQuote:
        out.append("\\\"");
        in_string = !in_string;
        break;
      case Letter::kBackslash:  // Only inside strings; what it escapes goes along, so that \" does not end the string.
        out.append("\\\\");
        ++at;
        if (LetterOf(json[at]) == Letter::kQuote || LetterOf(json[at]) == Letter::kBackslash) out += '\\';
        out += json[at];
        plain = at + 1;
        break;
    }
  }
  out.append(json, plain, json.size() - plain);
}

}  // namespace

void TokenCopier::Append(std::string& out, std::string_view token) const {
  if (holds_surrogates_) {
    AppendRepaired(out, token);
  } else {
    out.append(token);
  }
}

void TokenCopier::AppendEncoded(std::string& out, std::string_view json) const {
  if (!holds_surrogates_) return AppendCompactEncoded(out, json);
  std::string repaired;
  AppendRepaired(repaired, json);
  AppendCompactEncoded(out, repaired);
}

}  // namespace ccp::translate
