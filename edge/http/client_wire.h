// The bytes of one client connection: plain TCP or TLS behind one face, so that there is one code for the connection.
//
// Nothing here waits but Readable() and Writable(). Handshake(), Receive(), Look() and Send() do what can be done at
// once; with error would_block they want to be called again after Readable(), Send() after Writable().
// So a connection that waits needs no buffer of its own.
// Ownership: owns the socket. Threading: the server's thread.
// Errors: as Asio and OpenSSL report them. The end of the stream is asio::error::eof.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "edge/http/awaitable.h"
#include "edge/http/server_state.h"
#include "edge/http/tls_identity.h"

namespace ccp::edge {

class ClientWire {
 public:
  using ErrorCode = boost::system::error_code;
  using Parts = std::array<boost::asio::const_buffer, 4>;  // Of a response: sent by one system call, empty ones left out.
  enum class Sight : std::uint8_t { kNothing, kBytes, kGone };

  virtual ~ClientWire() = default;
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  virtual void Handshake(ErrorCode& error) = 0;                         // Until it succeeds nothing else may be called.
  virtual std::size_t Receive(std::span<char> into, ErrorCode& error) = 0;
  virtual std::size_t Send(const Parts& parts, ErrorCode& error) = 0;   // As much as the kernel takes now.
  virtual Sight Look() = 0;                                             // What Receive() would find; takes nothing.
  virtual void EndSending() = 0;                                        // Then only Discard() and Close() make sense.
  virtual void Close() = 0;                                             // In good order. Idempotent.

  std::size_t Discard(std::span<char> scratch, ErrorCode& error);      // Reads bytes that nobody will look at.
  void Abort();                                                         // Closes so that the client sees a cut. Idempotent.
  void Cancel();                                                        // Ends Readable() and Writable() with an error.

  Awaitable<std::tuple<ErrorCode>> Readable();
  template <typename Callback>
  void WhenReadable(Callback callback) {                                // The same for whoever is no coroutine.
    socket_.async_wait(receiving_waits_for_, std::move(callback));
  }
  Awaitable<std::tuple<ErrorCode>> Writable();

  TcpSocket TakeSocket() { return std::move(socket_); }                 // For a wire of another kind.

 protected:
  explicit ClientWire(TcpSocket socket);

  TcpSocket socket_;
  // TLS may have to write in order to read on, and the other way round.
  TcpSocket::wait_type receiving_waits_for_ = TcpSocket::wait_read;
  TcpSocket::wait_type sending_waits_for_ = TcpSocket::wait_write;
};

bool WouldBlock(const boost::system::error_code& error);

std::unique_ptr<ClientWire> MakePlainClientWire(TcpSocket socket);

// Shows the certificate of `identity`, which it keeps to its end even when the server has a newer one.
std::unique_ptr<ClientWire> MakeTlsClientWire(TcpSocket socket, const TlsIdentity& identity);

// What Handshake() fails with when the client speaks plain HTTP to a TLS port.
bool SpeaksPlainHttp(const boost::system::error_code& error);

}  // namespace ccp::edge
