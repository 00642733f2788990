// What a translation could not carry: stable codes, once each, in the order met.
// They appear in the usage record, in `ccpctl explain` and as x-ccp-losses. loss.cc lists every code with its meaning.
#pragma once

#include <string_view>
#include <vector>

namespace ccp::translate {

// One row of the list of codes: what `ccpctl explain CODE` prints.
struct LossCode {
  std::string_view code;     // "tool_choice_downgraded"
  std::string_view meaning;
};
const std::vector<LossCode>& LossCodes();

class Losses {
 public:
  void Add(std::string_view code);  // One of LossCodes(), a string literal: it is kept by reference.
  const std::vector<std::string_view>& codes() const { return codes_; }
  bool empty() const { return codes_.empty(); }

 private:
  std::vector<std::string_view> codes_;
};

}  // namespace ccp::translate
