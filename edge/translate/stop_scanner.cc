#include "edge/translate/stop_scanner.h"

#include <algorithm>

#include "edge/translate/partial_mark.h"

namespace ccp::translate {

void StopScanner::Push(std::string_view text, std::string& out) {
  if (!found_.empty()) return;
  held_ += text;
  std::size_t end = std::string::npos;  // Of the earliest sequence.
  std::size_t kept = 0;
  for (const std::string& sequence : sequences_) {
    kept = std::max(kept, PartialMark(held_, sequence));
    const std::size_t at = held_.find(sequence);
    if (at == std::string::npos) continue;
    const std::size_t own_end = at + sequence.size();
    if (own_end > end || (own_end == end && sequence.size() <= found_.size())) continue;
    end = own_end;
    found_ = sequence;
  }
  const std::size_t length = found_.empty() ? held_.size() - kept : end - found_.size();
  out.append(held_, 0, length);
  held_.erase(0, length);
}

void StopScanner::Flush(std::string& out) {
  if (found_.empty()) out += held_;
  held_.clear();
}

}  // namespace ccp::translate
