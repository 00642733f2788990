#include "edge/app/freed_memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace ccp::edge {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

std::size_t FromTheSystem() { return ::mallinfo2().arena + ::mallinfo2().hblkhd; }

TEST(ReturnFreedMemory, GivesBackTheEndOfTheCallingThreadsMemory) {
  KeepFreedMemory();
  std::size_t before = 0;
  std::size_t kept = 0;
  std::size_t returned = 0;
  std::thread([&] {  // Whose memory is not the main thread's.
    before = FromTheSystem();
    { std::vector<std::string> large(8, std::string(kMebibyte, 'x')); }
    kept = FromTheSystem();
    ReturnFreedMemory();
    returned = FromTheSystem();
  }).join();
  if (kept < before + 4 * kMebibyte) GTEST_SKIP() << "not glibc's allocator, as with a sanitizer";
  EXPECT_LT(returned, before + 2 * kMebibyte);
}

}  // namespace
}  // namespace ccp::edge
