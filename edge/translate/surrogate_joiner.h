// Joins surrogate escapes that an upstream's cut tore apart: "\ud83d" at the end of one fragment, "\ude00" at the start of
// the next. Works on still-escaped JSON string contents. A surrogate that stays alone becomes U+FFFD, so that every
// fragment that goes out is a valid JSON string of valid Unicode by itself.
//
// Ownership: what Push() returns is a view of its argument or of the joiner, valid until the next call. Pure.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace ccp::translate {

class SurrogateJoiner {
 public:
  // `escaped`: the contents of one valid JSON string. A high surrogate at its end waits for the next fragment.
  std::string_view Push(std::string_view escaped);
  // No further fragment comes: U+FFFD if a surrogate still waits, else "".
  std::string_view Flush();

  bool empty() const { return !waits_; }  // Nothing waits.

 private:
  std::string_view Rewrite(std::string_view escaped);

  static constexpr std::size_t kEscapeLength = 6;  // \ud83d

  bool waits_ = false;
  std::array<char, kEscapeLength> waiting_{};  // A high surrogate's escape.
  std::unique_ptr<std::string> joined_;        // Made for the first surrogate.
};

}  // namespace ccp::translate
