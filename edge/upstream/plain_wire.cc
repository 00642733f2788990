#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "edge/http/awaitable.h"
#include "edge/upstream/wire.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// The kernel would take several megabytes of a large body, and a millisecond for them in which the thread serves nobody
// else. Asio's own condition asks for 64 KiB at a time.
constexpr std::size_t kAtOnce = 1024 * 1024;

std::size_t WriteAll(const ErrorCode& error, std::size_t /*written*/) { return error ? 0 : kAtOnce; }

class PlainWire final : public Wire {
 public:
  explicit PlainWire(Socket socket) : socket_(std::move(socket)) {}

  Awaitable<std::tuple<ErrorCode, std::size_t>> Write(RequestBuffers buffers) override {
    return asio::async_write(socket_, buffers, WriteAll, kAwaitTuple);
  }

  std::size_t WriteNow(const RequestBuffers& buffers, ErrorCode& error) override {
    if (!socket_.non_blocking()) socket_.non_blocking(true, error);
    const RequestBuffers now{buffers[0], buffers[1], asio::buffer(buffers[2], kAtOnce)};
    const std::size_t taken = error ? 0 : socket_.write_some(now, error);
    if (error == asio::error::would_block) error = {};
    return taken;
  }

  Awaitable<std::tuple<ErrorCode>> Readable() override {
    return socket_.async_wait(asio::socket_base::wait_read, kAwaitTuple);
  }

  std::size_t Take(std::span<char> into, ErrorCode& error) override {
    if (!socket_.non_blocking()) socket_.non_blocking(true, error);
    return error ? 0 : socket_.read_some(asio::buffer(into.data(), into.size()), error);
  }

  bool Quiet() override { return IsQuiet(socket_); }
  bool Drained() const override { return true; }
  void Rest() override {}

  void Close() override {
    ErrorCode ignored;
    socket_.close(ignored);
  }

  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

}  // namespace

bool IsQuiet(Socket& socket) {
  if (!socket.is_open()) return false;
  char byte = 0;
  const auto received = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::unique_ptr<Wire> MakePlainWire(Socket socket) { return std::make_unique<PlainWire>(std::move(socket)); }

}  // namespace ccp::edge
