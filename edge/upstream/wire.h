// The bytes of one connection: plain TCP or TLS behind one face, so that TLS is compiled in one place.
//
// Threading: on the io_context's thread. Cancellation: of the awaiting coroutine; the wire is then fit for Close() only,
// but for one whose Readable() was ended by cancelling the socket's wait.
// Errors: as Asio and OpenSSL report them. The end of the stream is asio::error::eof.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "edge/http/awaitable.h"


namespace ccp::edge {

using ErrorCode = boost::system::error_code;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Head, its end and the body of a request: sent by one system call.
using RequestBuffers = std::array<boost::asio::const_buffer, 3>;

class Wire {
 public:
  virtual ~Wire() = default;
  virtual Awaitable<std::tuple<ErrorCode, std::size_t>> Write(RequestBuffers buffers) = 0;  // All of them.
  // What the kernel takes at once: a plain wire's whole request, mostly. The rest, which may be all, is for Write().
  virtual std::size_t WriteNow(const RequestBuffers& buffers, ErrorCode& error) = 0;

  // Waiting and taking are two steps, so that a waiting stream needs no buffer of its own. Take() after a successful
  // Readable() yields bytes, or 0 with would_block (wait again), or 0 with another error.
  virtual Awaitable<std::tuple<ErrorCode>> Readable() = 0;
  virtual std::size_t Take(std::span<char> into, ErrorCode& error) = 0;

  virtual bool Quiet() = 0;    // Open, and nothing has arrived: fit to carry the next request. A system call.
  virtual bool Drained() const = 0;  // It holds no bytes itself that were not taken. No system call.
  virtual void Rest() = 0;     // No request for a while: gives buffers back.
  virtual void Close() = 0;    // Idempotent; what is awaited ends with an error.
  virtual Socket& socket() = 0;
};

std::unique_ptr<Wire> MakePlainWire(Socket socket);

// Open, and the kernel holds neither bytes nor the end of the stream for it.
bool IsQuiet(Socket& socket);

// Sessions of one origin, so that the next handshake is a short one.
class TlsSessions;
std::shared_ptr<TlsSessions> MakeTlsSessions();

// What all TLS connections of a client share: trust, versions, ALPN.
class TlsSettings;
absl::StatusOr<std::shared_ptr<TlsSettings>> MakeTlsSettings(const std::string& ca_file);

// A TLS wire on top of a connected socket; Handshake() comes first. Verifies the certificate chain and that it was
// issued for `host` (a name, or an address), sends SNI for names, offers http/1.1.
class TlsWire : public Wire {
 public:
  virtual Awaitable<std::tuple<ErrorCode>> Handshake() = 0;
  virtual std::string HandshakeProblem(const ErrorCode& error) const = 0;  // In words, after it failed.
  virtual bool refused_certificate() const = 0;   // That was the problem.
  virtual bool resumed() const = 0;
};
absl::StatusOr<std::unique_ptr<TlsWire>> MakeTlsWire(Socket socket, const std::string& host,
                                                     std::shared_ptr<TlsSettings> settings,
                                                     std::shared_ptr<TlsSessions> sessions);

}  // namespace ccp::edge
