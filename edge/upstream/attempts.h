// What to do after a failed attempt: again, elsewhere, or give up. Pure: time and randomness are arguments.
//
// One AttemptPlan a turn, asked after each failure that happened before content went out.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"

namespace ccp::edge {

struct AttemptLimits {
  std::chrono::milliseconds backoff_base{250};
  std::chrono::milliseconds backoff_cap{8'000};
  std::chrono::milliseconds retry_after_cap{10'000};  // A longer wish is not waited for: the next of the chain is tried.
  std::chrono::milliseconds deadline{600'000};        // Over all attempts and waits of a turn: Claude Code's own limit.
};

class AttemptPlan {
 public:
  struct Step {
    const config::Model* model = nullptr;       // nullptr: give up, the last error is the answer.
    std::chrono::milliseconds wait{0};
  };

  AttemptPlan(std::vector<const config::Model*> candidates, std::vector<const config::Model*> on_quota, AttemptLimits limits);

  Step First() const;
  // `elapsed` since the turn began; `random` any number, for the jitter.
  Step AfterFailure(const RequestError& error, std::chrono::milliseconds elapsed, std::uint64_t random);
  int attempts_made() const;

 private:
  Step Repeat(const RequestError& error, std::chrono::milliseconds elapsed, std::uint64_t random);
  Step Advance();
  void TakeQuotaChain();

  std::vector<const config::Model*> candidates_;
  std::vector<const config::Model*> on_quota_;
  AttemptLimits limits_;
  std::size_t current_ = 0;
  int attempts_on_current_ = 1;
  int attempts_made_ = 1;
  bool quota_chain_taken_ = false;
};

}  // namespace ccp::edge
