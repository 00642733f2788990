// The one place where Asio and Beast are compiled (see CMakeLists.txt): elsewhere they are headers only in name.
#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/object_pool.hpp>
#include <mutex>
#include <new>
#include <vector>

namespace ccp::edge {
namespace {

// Blocks of one size that stand together and are never given back.
template <std::size_t kBytes>
class Blocks {
 public:
  void* Take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) Grow();
    void* block = free_.back();
    free_.pop_back();
    return block;
  }

  void Put(void* block) {
    const std::lock_guard lock(mutex_);
    free_.push_back(block);
  }

 private:
  static constexpr std::size_t kAtOnce = 64;

  void Grow() {
    free_.reserve(made_.size() * kAtOnce + kAtOnce);  // So that Put() never allocates.
    char* const first = static_cast<char*>(made_.emplace_back(::operator new(kAtOnce * kBytes)));
    for (std::size_t i = 0; i < kAtOnce; ++i) free_.push_back(first + i * kBytes);
  }

  std::mutex mutex_;
  std::vector<void*> made_;
  std::vector<void*> free_;
};

}  // namespace
}  // namespace ccp::edge

// Asio keeps what it knows of a descriptor for the next one, for as long as its loop lives. Allocated one by one, they stand
// among what connections allocate, and each of them keeps a page of what a burst took from going back to the system.
namespace boost::asio::detail {

using DescriptorState = epoll_reactor::descriptor_state;
using DescriptorBlocks = ccp::edge::Blocks<sizeof(DescriptorState)>;

DescriptorBlocks& TheDescriptorBlocks() {
  static DescriptorBlocks& blocks = *new DescriptorBlocks;  // Loops of static life may outlive it otherwise.
  return blocks;
}

template <>
DescriptorState* object_pool_access::create<DescriptorState, bool>(bool locking) {
  return new (TheDescriptorBlocks().Take()) DescriptorState(locking);
}

template <>
void object_pool_access::destroy<DescriptorState>(DescriptorState* state) {
  state->~DescriptorState();
  TheDescriptorBlocks().Put(state);
}

}  // namespace boost::asio::detail

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
