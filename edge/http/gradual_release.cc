#include "edge/http/gradual_release.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "edge/http/bulk_turns.h"

namespace ccp::edge {
namespace {

constexpr std::size_t kPiece = 64 * 1024;      // About 10 us.
// Below it the memory is kept for the next request, which would fault every page anew.
constexpr std::size_t kLarge = 64 * kPiece;

// What is left of it still has its pages.
class Release {
 public:
  Release(Executor executor, std::string text) : executor_(executor), text_(std::move(text)), left_(text_.capacity()) {}

  void operator()() {
    if (left_ <= kPiece) return;  // The string itself frees the rest.
    left_ -= kPiece;
    Empty(text_.data() + left_);
    const Executor executor = executor_;
    PostBulk(executor, std::move(*this));
  }

 private:
  // The whole pages of a piece lose what they hold; their addresses stay the string's.
  static void Empty(char* piece) {
    static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(piece) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(piece) + kPiece) / page * page;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // If it fails, freeing takes longer: no more.
  }

  Executor executor_;
  std::string text_;
  std::size_t left_;
};

}  // namespace

void ReleaseGradually(Executor executor, std::string text) {
  if (text.capacity() < kLarge) return;
  PostBulk(executor, Release(executor, std::move(text)));
}

}  // namespace ccp::edge
