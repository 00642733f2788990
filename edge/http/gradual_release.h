// Gives the memory of a large string back piece by piece. All at once the kernel takes milliseconds for it (5 to 7 ms for
// 32 MiB, measured), in which the thread serves nobody else.
#pragma once

#include <string>

#include "edge/http/awaitable.h"

namespace ccp::edge {

// Any thread that runs the executor's loop; others have their turn between the pieces. A small string is freed at once.
void ReleaseGradually(Executor executor, std::string text);

}  // namespace ccp::edge
