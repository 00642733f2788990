// Gives the memory of a large string back piece by piece. All at once the kernel takes milliseconds for it (5 to 7 ms for
// 32 MiB, measured), in which the thread serves nobody else.
#pragma once

#include <string>

#include "edge/http/awaitable.h"

namespace ccp::edge {

// On the thread of the executor's loop, as bulk work (bulk_turns.h). A small string is freed at once.
void ReleaseGradually(Executor executor, std::string text);

}  // namespace ccp::edge
