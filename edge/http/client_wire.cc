#include "edge/http/client_wire.h"

#include <utility>

#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

class PlainClientWire final : public ClientWire {
 public:
  explicit PlainClientWire(TcpSocket socket) : ClientWire(std::move(socket)) {}

  void Handshake(ErrorCode&) override {}

  std::size_t Receive(std::span<char> into, ErrorCode& error) override {
    return socket_.read_some(asio::buffer(into.data(), into.size()), error);
  }

  std::size_t Send(const Parts& parts, ErrorCode& error) override { return socket_.write_some(parts, error); }

  Sight Look() override {
    char byte = 0;
    ErrorCode error;
    const std::size_t bytes = socket_.receive(asio::buffer(&byte, 1), MSG_PEEK, error);
    if (WouldBlock(error)) return Sight::kNothing;
    return error || bytes == 0 ? Sight::kGone : Sight::kBytes;
  }

  void EndSending() override {
    ErrorCode ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
  }

  void Close() override { Abort(); }  // Plain TCP cannot tell an end from a cut; HTTP's framing does.
};

}  // namespace

ClientWire::ClientWire(TcpSocket socket) : socket_(std::move(socket)) {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

std::size_t ClientWire::Discard(std::span<char> scratch, ErrorCode& error) {
  // So the kernel drops the bytes and copies none: tcp(7).
  return socket_.receive(asio::buffer(scratch.data(), scratch.size()), MSG_TRUNC, error);
}

void ClientWire::Abort() {
  ErrorCode ignored;
  socket_.shutdown(TcpSocket::shutdown_both, ignored);
  socket_.close(ignored);
}

void ClientWire::Cancel() {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

Awaitable<std::tuple<boost::system::error_code>> ClientWire::Readable() {
  return socket_.async_wait(receiving_waits_for_, kAwaitTuple);
}

Awaitable<std::tuple<boost::system::error_code>> ClientWire::Writable() {
  return socket_.async_wait(sending_waits_for_, kAwaitTuple);
}

bool WouldBlock(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

std::unique_ptr<ClientWire> MakePlainClientWire(TcpSocket socket) {
  return std::make_unique<PlainClientWire>(std::move(socket));
}

}  // namespace ccp::edge
