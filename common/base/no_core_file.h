// No core file of a process that holds provider keys and prompts.
#pragma once

#include <sys/resource.h>

namespace ccp {

// Threads and children inherit it. 1 byte is less than any core file needs; and other than at 0, Linux at 1 does not start
// a program that would take the core either.
inline void WriteNoCoreFile() {
  const rlimit limit{1, 1};
  setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace ccp
