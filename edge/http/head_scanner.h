// Finds the end of an HTTP head and refuses what a lenient parser would let pass: bare LF, bare CR, control characters and
// folded lines. Pure. A head may come in pieces; nothing is looked at twice.
#pragma once

#include <cstdint>
#include <string_view>

namespace ccp::edge {

class HeadScanner {
 public:
  enum class Verdict : std::uint8_t { kMore, kComplete, kBareLineFeed, kBareCarriageReturn, kControlCharacter, kFoldedLine };

  // `head`: all bytes so far, with those of earlier calls in front.
  Verdict Scan(std::string_view head);
  std::size_t head_size() const { return line_begin_; }  // With kComplete: up to and with the empty line.

 private:
  Verdict CheckLine(std::string_view line) const;  // Without its CRLF.
  std::size_t scanned_ = 0;
  std::size_t line_begin_ = 0;
};

// How many lines a head has: one for each field, and a few more.
std::size_t CountLines(std::string_view head);

}  // namespace ccp::edge
