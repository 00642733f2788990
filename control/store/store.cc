#include "control/store/store.h"

namespace ccp::control {

UsageSum AddUp(const std::vector<UsageSum>& sums) {
  UsageSum total;
  for (const UsageSum& sum : sums) {
    total.requests += sum.requests;
    total.attempts += sum.attempts;
    total.errors += sum.errors;
    total.tokens.input += sum.tokens.input;
    total.tokens.cache_read += sum.tokens.cache_read;
    total.tokens.cache_write += sum.tokens.cache_write;
    total.tokens.output += sum.tokens.output;
    total.tokens.reasoning += sum.tokens.reasoning;
    total.cost_nano_usd += sum.cost_nano_usd;
    total.unpriced_attempts += sum.unpriced_attempts;
    total.estimated_attempts += sum.estimated_attempts;
  }
  return total;
}

}  // namespace ccp::control
