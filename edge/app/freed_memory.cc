#include "edge/app/freed_memory.h"

#include <malloc.h>

#include <cstdlib>

namespace ccp::edge {
namespace {

constexpr int kMappedByThemselves = 32 << 20;  // The most that glibc takes.
constexpr int kKeptAtTheEnd = 512 << 20;
constexpr int kNothingKeptAtTheEnd = 128 << 10;
constexpr std::size_t kLargeForGlibc = 64 << 10;  // Freeing so much makes it look at the end of the thread's memory.

// Through volatile: the compiler knows that memory which is freed unused need not be asked for.
void FreeSomethingLarge() {
  void* volatile large = std::malloc(kLargeForGlibc);
  std::free(large);
}

}  // namespace

// Setting either value also stops glibc from adapting both to what was freed last.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, kMappedByThemselves);
  mallopt(M_TRIM_THRESHOLD, kKeptAtTheEnd);
}

// malloc_trim() passes over the end of all memory but the main thread's. That goes when something large is freed.
void ReturnFreedMemory() {
  mallopt(M_TRIM_THRESHOLD, kNothingKeptAtTheEnd);
  FreeSomethingLarge();
  mallopt(M_TRIM_THRESHOLD, kKeptAtTheEnd);
  malloc_trim(0);
}

}  // namespace ccp::edge
