// Several buffers that go out by one system call.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <span>

namespace ccp::edge {

// The first `bytes` of them have been sent.
inline void DropFront(std::span<boost::asio::const_buffer> buffers, std::size_t bytes) {
  for (boost::asio::const_buffer& buffer : buffers) {
    const std::size_t taken = std::min(bytes, buffer.size());
    buffer += taken;
    bytes -= taken;
  }
}

}  // namespace ccp::edge
