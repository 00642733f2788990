#include "edge/http/head_scanner.h"

#include "common/base/text.h"

namespace ccp::edge {

HeadScanner::Verdict HeadScanner::Scan(std::string_view head) {
  while (true) {
    const std::size_t line_feed = head.find('\n', scanned_);
    if (line_feed == std::string_view::npos) {
      scanned_ = head.size();
      return Verdict::kMore;
    }
    if (line_feed == line_begin_ || head[line_feed - 1] != '\r') return Verdict::kBareLineFeed;
    const std::string_view line = head.substr(line_begin_, line_feed - 1 - line_begin_);
    const bool first_line = line_begin_ == 0;
    scanned_ = line_begin_ = line_feed + 1;
    if (line.empty() && !first_line) return Verdict::kComplete;
    if (!first_line && (line.front() == ' ' || line.front() == '\t')) return Verdict::kFoldedLine;
    const Verdict verdict = CheckLine(line);
    if (verdict != Verdict::kMore) return verdict;
  }
}

HeadScanner::Verdict HeadScanner::CheckLine(std::string_view line) const {
  const std::size_t bad = FindControlCharacter(line);
  if (bad == std::string_view::npos) return Verdict::kMore;
  return line[bad] == '\r' ? Verdict::kBareCarriageReturn : Verdict::kControlCharacter;
}

// From one end to the next by memchr(), which looks at many bytes at once; std::count() looks at each.
std::size_t CountLines(std::string_view head) {
  std::size_t count = 0;
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) ++count;
  return count;
}

}  // namespace ccp::edge
