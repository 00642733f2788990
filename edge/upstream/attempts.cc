#include "edge/upstream/attempts.h"

#include <algorithm>
#include <utility>

namespace ccp::edge {
namespace {

using std::chrono::milliseconds;

// "Full jitter": anything between nothing and the doubled limit, so that clients which failed together do not return
// together.
milliseconds Backoff(const AttemptLimits& limits, int attempts_so_far, std::uint64_t random) {
  milliseconds ceiling = limits.backoff_base;
  for (int i = 1; i < attempts_so_far && ceiling < limits.backoff_cap; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, limits.backoff_cap);
  return milliseconds(static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(ceiling.count()) + 1)));
}

// Not before the upstream's wish, and spread a little behind it.
milliseconds AfterWish(const AttemptLimits& limits, milliseconds wish, std::uint64_t random) {
  const auto spread = static_cast<std::uint64_t>(limits.backoff_base.count()) + 1;
  return wish + milliseconds(static_cast<std::int64_t>(random % spread));
}

// Whether the same model may be asked again at once: the upstream has not forbidden it and its wish can be waited for.
bool WorthRepeating(const RequestError& error, const AttemptLimits& limits) {
  if (error.retry != RequestError::Retry::kAgain || error.quota_exhausted) return false;
  if (error.should_retry.has_value() && !*error.should_retry) return false;
  return milliseconds(error.retry_after_ms.value_or(0)) <= limits.retry_after_cap;
}

}  // namespace

AttemptPlan::AttemptPlan(std::vector<const config::Model*> candidates, std::vector<const config::Model*> on_quota,
                         AttemptLimits limits)
    : candidates_(std::move(candidates)), on_quota_(std::move(on_quota)), limits_(limits) {}

AttemptPlan::Step AttemptPlan::First() const { return {candidates_.empty() ? nullptr : candidates_.front()}; }

int AttemptPlan::attempts_made() const { return attempts_made_; }

AttemptPlan::Step AttemptPlan::AfterFailure(const RequestError& error, milliseconds elapsed, std::uint64_t random) {
  if (error.quota_exhausted)
    TakeQuotaChain();
  else if (error.retry == RequestError::Retry::kNever)
    return {};
  if (current_ >= candidates_.size() || elapsed >= limits_.deadline) return {};
  if (WorthRepeating(error, limits_) && attempts_on_current_ < candidates_[current_]->attempts) {
    return Repeat(error, elapsed, random);
  }
  return Advance();
}

AttemptPlan::Step AttemptPlan::Repeat(const RequestError& error, milliseconds elapsed, std::uint64_t random) {
  const milliseconds wait = error.retry_after_ms.has_value()
                                ? AfterWish(limits_, milliseconds(*error.retry_after_ms), random)
                                : Backoff(limits_, attempts_on_current_, random);
  if (elapsed + wait >= limits_.deadline) return Advance();
  ++attempts_on_current_;
  ++attempts_made_;
  return {candidates_[current_], wait};
}

AttemptPlan::Step AttemptPlan::Advance() {
  if (current_ + 1 >= candidates_.size()) return {};
  ++current_;
  attempts_on_current_ = 1;
  ++attempts_made_;
  return {candidates_[current_]};
}

// The quota chain goes before what is left of the chain, once, without the models that were tried already; a model that
// stands in both is tried at its place in the quota chain.
void AttemptPlan::TakeQuotaChain() {
  if (quota_chain_taken_ || current_ >= candidates_.size()) return;
  quota_chain_taken_ = true;
  const auto next = candidates_.begin() + static_cast<std::ptrdiff_t>(current_) + 1;
  std::vector<const config::Model*> plan(candidates_.begin(), next);
  const auto append = [&plan](const config::Model* model) {
    if (std::find(plan.begin(), plan.end(), model) == plan.end()) plan.push_back(model);
  };
  std::for_each(on_quota_.begin(), on_quota_.end(), append);
  std::for_each(next, candidates_.end(), append);
  candidates_ = std::move(plan);
}

}  // namespace ccp::edge
