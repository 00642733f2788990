#include "edge/translate/surrogate_joiner.h"

#include <cstring>

#include "common/json/utf8.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kEscapeLength = 6;  // \ud83d

bool IsSurrogateEscape(std::string_view text, std::string_view third_digits) {
  return text.size() >= kEscapeLength && text[0] == '\\' && text[1] == 'u' && (text[2] == 'd' || text[2] == 'D') &&
         third_digits.find(text[3]) != std::string_view::npos;
}
bool IsHigh(std::string_view text) { return IsSurrogateEscape(text, "89abAB"); }
bool IsLow(std::string_view text) { return IsSurrogateEscape(text, "cdefCDEF"); }

bool MayHoldSurrogate(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
    if (IsHigh(text.substr(at)) || IsLow(text.substr(at))) return true;
    if (at + 2 > text.size()) break;
  }
  return false;
}

}  // namespace

std::string_view SurrogateJoiner::Push(std::string_view escaped) {
  if (escaped.empty() || (pending_.empty() && !MayHoldSurrogate(escaped))) return escaped;
  return Rewrite(escaped);
}

std::string_view SurrogateJoiner::Rewrite(std::string_view escaped) {
  joined_.clear();
  if (!pending_.empty()) {
    if (IsLow(escaped)) {
      joined_ += pending_;
      joined_ += escaped.substr(0, kEscapeLength);
      escaped.remove_prefix(kEscapeLength);
    } else {
      joined_ += json::kReplacementCharacter;
    }
    pending_.clear();
  }
  while (true) {
    const std::size_t at = escaped.find('\\');
    joined_ += escaped.substr(0, at);
    if (at == std::string_view::npos) return joined_;
    escaped.remove_prefix(at);
    std::size_t taken = 2;
    if (IsHigh(escaped)) {
      taken = kEscapeLength;
      if (escaped.size() == kEscapeLength) {
        pending_ = escaped;
        return joined_;
      }
      if (IsLow(escaped.substr(kEscapeLength))) {
        taken = 2 * kEscapeLength;
        joined_ += escaped.substr(0, taken);
      } else {
        joined_ += json::kReplacementCharacter;
      }
    } else if (IsLow(escaped)) {
      taken = kEscapeLength;
      joined_ += json::kReplacementCharacter;
    } else {
      joined_ += escaped.substr(0, taken);
    }
    escaped.remove_prefix(taken);
  }
}

std::string_view SurrogateJoiner::Flush() {
  if (pending_.empty()) return {};
  pending_.clear();
  return json::kReplacementCharacter;
}

}  // namespace ccp::translate
