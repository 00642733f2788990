// Work that comes in many pieces, such as reading a large body and giving its memory back.
//
// A loop does one piece, then whatever else has become ready, then the next piece. So others wait for one piece at most,
// however many works there are; these take turns among themselves.
// Ownership: a loop owns the pieces that are still to be done, and forgets them with itself.
// Threading: the loop's thread.
#pragma once

#include "absl/functional/any_invocable.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

// A piece should take microseconds, and ask for the next turn itself.
void PostBulk(const Executor& executor, absl::AnyInvocable<void()> piece);

// Goes on when it is this coroutine's turn for a piece.
Awaitable<void> BulkTurn(Executor executor);

}  // namespace ccp::edge
