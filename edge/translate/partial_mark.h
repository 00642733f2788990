// For marks that are looked for in a text that arrives in pieces. Internal to edge/translate.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace ccp::translate {

// Length of the longest end of `text` that is a beginning of `mark`, and not all of it. `mark`: not empty.
inline std::size_t PartialMark(std::string_view text, std::string_view mark) {
  for (std::size_t length = std::min(text.size(), mark.size() - 1); length > 0; --length) {
    if (text.ends_with(mark.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace ccp::translate
