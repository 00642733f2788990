#include "common/config/secrets.h"

#include <algorithm>
#include <array>

namespace ccp::config {
namespace {

// Beginnings of keys that providers hand out, and so long must a word be to be one.
constexpr std::array<std::string_view, 11> kPrefixes{"sk-", "sk_",  "AIza", "gsk_",        "xai-",  "hf_",
                                                     "ghp_", "AKIA", "eyJ",  "github_pat_", "nvapi-"};
constexpr std::size_t kPrefixedLength = 12;
// A run of letters and digits alone, as long as no word is: 24 characters of a random key.
constexpr std::size_t kRandomRun = 24;
constexpr std::size_t kRandomDigits = 3;
constexpr std::size_t kQuotedLength = 60;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsKeyCharacter(char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '='; }
bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

bool HasRandomRun(std::string_view text) {
  std::size_t run = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    run = IsAlphanumeric(c) ? run + 1 : 0;
    digits = run == 0 ? 0 : digits + (IsDigit(c) ? 1 : 0);
    if (run >= kRandomRun && digits >= kRandomDigits && digits < run) return true;
  }
  return false;
}

bool WordIsSecret(std::string_view word) {
  const bool prefixed = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                                    [&](std::string_view prefix) { return word.starts_with(prefix); });
  return (prefixed && word.size() >= kPrefixedLength) || HasRandomRun(word);
}

struct Span {
  std::size_t begin = 0;
  std::size_t size = 0;  // 0: none.
};

// The first word from `from` on that looks like a credential.
Span FindSecret(std::string_view text, std::size_t from) {
  std::size_t begin = from;
  while (begin < text.size()) {
    std::size_t end = begin;
    while (end < text.size() && IsKeyCharacter(text[end])) ++end;
    if (WordIsSecret(text.substr(begin, end - begin))) return {begin, end - begin};
    begin = end + 1;
  }
  return {};
}

}  // namespace

bool LooksLikeSecret(std::string_view text) { return FindSecret(text, 0).size > 0; }

std::string Printable(std::string_view line) {
  std::string out(line);
  std::replace_if(out.begin(), out.end(), IsControl, '?');
  for (Span found = FindSecret(out, 0); found.size > 0; found = FindSecret(out, found.begin + found.size)) {
    out.replace(found.begin, found.size, found.size, '*');
  }
  return out;
}

std::string Quote(std::string_view value) {
  std::string text = Printable(value);
  if (text.size() > kQuotedLength) {
    std::size_t cut = kQuotedLength;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // Not inside a character.
    text.resize(cut);
    text += "...";
  }
  return '"' + text + '"';
}

}  // namespace ccp::config
