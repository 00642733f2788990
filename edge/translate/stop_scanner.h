// Ends a text at the first of some stop sequences, where the upstream takes fewer of them than the client gave.
//
// The text comes in pieces; what may be the beginning of a sequence is held back until the next piece tells. Of sequences
// that end at the same place the longest counts. Texts are plain, not escaped. Pure; thread-compatible.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccp::translate {

class StopScanner {
 public:
  explicit StopScanner(std::vector<std::string> sequences) : sequences_(std::move(sequences)) {}

  // Appends what may go out. Behind a sequence nothing does.
  void Push(std::string_view text, std::string& out);
  void Flush(std::string& out);  // The text ends here: what was held back is text.

  const std::string& found() const { return found_; }  // The sequence that ended the text; "" if none did.

 private:
  std::vector<std::string> sequences_;  // None of them empty.
  std::string held_;
  std::string found_;
};

}  // namespace ccp::translate
