#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "edge/upstream/wire.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// Loopback would take several megabytes by one call, which keeps the thread from everybody else for as long.
TEST(PlainWire, OffersTheKernelAMebibyteOfALargeBodyAtOnce) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  Socket ours(context);
  ours.connect(acceptor.local_endpoint());
  ours.set_option(asio::socket_base::send_buffer_size(16 << 20));
  const auto theirs = acceptor.accept();
  const auto wire = MakePlainWire(std::move(ours));

  const std::string head = "POST / HTTP/1.1\r\n";
  const std::string end = "\r\n";
  const std::string body(16 << 20, 'b');
  ErrorCode error;
  const std::size_t taken = wire->WriteNow({asio::buffer(head), asio::buffer(end), asio::buffer(body)}, error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_GT(taken, head.size() + end.size());
  EXPECT_LE(taken, head.size() + end.size() + (1 << 20));
}

}  // namespace
}  // namespace ccp::edge
