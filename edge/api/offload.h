// Work on a large request, such as reading and translating it: done by another thread while the loop serves everybody
// else, who would wait for milliseconds.
//
// Works are done one after another, first come, first served. Each request waits for one at a time, so there are never
// more of them than the limits on connections let requests be.
// Threading: all of this is called on the worker's loop; only the works run elsewhere. A work may look at and change
//   what its own request owns, which rests meanwhile, and read what never changes (a snapshot, a vocabulary); nothing
//   else of the worker's.
#pragma once

#include <cstddef>
#include <exception>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

class Offload {
 public:
  using Work = absl::AnyInvocable<void()>;  // Does not throw.

  virtual void Add(Work work) = 0;

 protected:
  ~Offload() = default;
};

// Bytes of a body. Below, the loop does it all itself: in a microsecond a kilobyte, so in a millisecond at most.
inline constexpr std::size_t kLargeRequest = 1024 * 1024;

// Goes on, on the loop, when `work` is done, or throws what it throws. Whoever waits cannot be cancelled meanwhile, so
// what the work refers to stays; a coroutine that was cancelled ends when it awaits the next thing.
// The loop runs on until then.
// REQUIRES: the loop outlives the offload. `work` lives in the coroutine that awaits this.
Awaitable<void> DoElsewhere(Offload& offload, Executor executor, absl::FunctionRef<void()> work);

// Frees there what is large, or was made there.
template <typename T>
void DropElsewhere(Offload& offload, T thing) {
  offload.Add([thing = std::move(thing)]() mutable { const T last = std::move(thing); });
}

}  // namespace ccp::edge
