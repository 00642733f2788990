// Two connected sockets of one loop. What one has sent the other has at once, so a loop that has nothing to do will not get
// anything to do by waiting: what hangs is found out without a clock.
#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string_view>
#include <utility>

#include "edge/http/server_state.h"
#include "tests/fuzz/fuzz_input.h"

namespace ccp::fuzz {

constexpr std::size_t kMostPieces = 16;  // About: of what goes through a connection.

inline std::pair<edge::TcpSocket, edge::TcpSocket> ConnectedSockets(boost::asio::io_context& context) {
  std::array<int, 2> ends{};
  Require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "no sockets left");
  const auto socket = [&](int end) {
    edge::TcpSocket connected(context.get_executor(), boost::asio::ip::tcp::v4(), end);
    connected.non_blocking(true);
    return connected;
  };
  return {socket(ends[0]), socket(ends[1])};
}

// What can be sent without waiting, unless the other end is closed: then nobody wants it any more.
inline void SendAll(edge::TcpSocket& socket, std::string_view bytes) {
  boost::system::error_code error;
  const std::size_t sent = socket.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
  Require(error != boost::asio::error::would_block && (error || sent == bytes.size()), "the socket is full");
}

// All that has arrived, into `bytes`. False: there will not be any more.
inline bool TakeArrived(edge::TcpSocket& socket, std::string& bytes) {
  std::array<char, 4096> buffer;
  boost::system::error_code error;
  while (true) {
    const std::size_t size = socket.read_some(boost::asio::buffer(buffer), error);
    if (error) return error == boost::asio::error::would_block;
    bytes.append(buffer.data(), size);
  }
}

}  // namespace ccp::fuzz
