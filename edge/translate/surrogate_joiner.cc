#include "edge/translate/surrogate_joiner.h"

#include <utility>

#include "common/json/utf8.h"

namespace ccp::translate {
namespace {

bool IsSurrogateEscape(std::string_view text, std::string_view third_digits) {
  return text.size() >= 6 && text[0] == '\\' && text[1] == 'u' && (text[2] == 'd' || text[2] == 'D') &&
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
  if (escaped.empty() || (!waits_ && !MayHoldSurrogate(escaped))) return escaped;
  return Rewrite(escaped);
}

std::string_view SurrogateJoiner::Rewrite(std::string_view escaped) {
  if (joined_ == nullptr) joined_ = std::make_unique<std::string>();
  std::string& joined = *joined_;
  joined.clear();
  if (std::exchange(waits_, false)) {
    if (IsLow(escaped)) {
      joined.append(waiting_.data(), waiting_.size());
      joined += escaped.substr(0, kEscapeLength);
      escaped.remove_prefix(kEscapeLength);
    } else {
      joined += json::kReplacementCharacter;
    }
  }
  while (true) {
    const std::size_t at = escaped.find('\\');
    joined += escaped.substr(0, at);
    if (at == std::string_view::npos) return joined;
    escaped.remove_prefix(at);
    std::size_t taken = 2;
    if (IsHigh(escaped)) {
      taken = kEscapeLength;
      if (escaped.size() == kEscapeLength) {
        escaped.copy(waiting_.data(), waiting_.size());
        waits_ = true;
        return joined;
      }
      if (IsLow(escaped.substr(kEscapeLength))) {
        taken = 2 * kEscapeLength;
        joined += escaped.substr(0, taken);
      } else {
        joined += json::kReplacementCharacter;
      }
    } else if (IsLow(escaped)) {
      taken = kEscapeLength;
      joined += json::kReplacementCharacter;
    } else {
      joined += escaped.substr(0, taken);
    }
    escaped.remove_prefix(taken);
  }
}

std::string_view SurrogateJoiner::Flush() {
  if (!std::exchange(waits_, false)) return {};
  return json::kReplacementCharacter;
}

}  // namespace ccp::translate
