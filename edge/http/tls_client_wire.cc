#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <memory>
#include <utility>

#include "edge/http/client_wire.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kRecordBytes = 16 * 1024;  // A TLS record's largest plain text.

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// OpenSSL works on the descriptor itself: what it cannot read or write at once it says, and the loop waits for it. Asio's
// own TLS stream would hold four buffers of 17 KB for each connection, idle or not.
class TlsClientWire final : public ClientWire {
 public:
  TlsClientWire(TcpSocket socket, const TlsIdentity& identity)
      : ClientWire(std::move(socket)), ssl_(SSL_new(identity.context())) {
    SSL_set_fd(ssl_.get(), socket_.native_handle());
    SSL_set_accept_state(ssl_.get());
  }

  void Handshake(ErrorCode& error) override {
    if (!Usable(error)) return;
    const int result = SSL_do_handshake(ssl_.get());
    established_ = result == 1;
    if (!established_) error = Explain(result, receiving_waits_for_);
  }

  std::size_t Receive(std::span<char> into, ErrorCode& error) override {
    if (!Usable(error)) return 0;
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    if (result != 1) error = Explain(result, receiving_waits_for_);
    return bytes;
  }

  // Joined into records: one for each part would be a system call for each.
  std::size_t Send(const Parts& parts, ErrorCode& error) override {
    if (!Usable(error)) return 0;
    char record[kRecordBytes];
    const std::size_t size = asio::buffer_copy(asio::buffer(record), parts);
    if (size == 0) return 0;
    std::size_t bytes = 0;
    const int result = SSL_write_ex(ssl_.get(), record, size, &bytes);
    if (result != 1) error = Explain(result, sending_waits_for_);
    return bytes;
  }

  Sight Look() override {
    ErrorCode closed;
    if (!Usable(closed)) return Sight::kGone;
    char byte = 0;
    std::size_t bytes = 0;
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
    if (result == 1) return Sight::kBytes;
    return WouldBlock(Explain(result, receiving_waits_for_)) ? Sight::kNothing : Sight::kGone;
  }

  void EndSending() override {
    Farewell();
    ErrorCode ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
  }

  void Close() override {
    Farewell();
    Abort();
  }

 private:
  // OpenSSL knows the descriptor by its number only, which after Close() may be that of another connection.
  bool Usable(ErrorCode& error) {
    ERR_clear_error();  // What other connections left behind would be taken for ours.
    if (!socket_.is_open()) error = asio::error::bad_descriptor;
    return socket_.is_open();
  }

  // Tells the client that nothing is missing. It need not answer.
  void Farewell() {
    ErrorCode closed;
    if (!established_ || broken_ || !Usable(closed)) return;
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  ErrorCode Explain(int result, TcpSocket::wait_type& waits_for) {
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: waits_for = TcpSocket::wait_read; return asio::error::would_block;
      case SSL_ERROR_WANT_WRITE: waits_for = TcpSocket::wait_write; return asio::error::would_block;
      case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
      default: break;
    }
    broken_ = true;  // OpenSSL forbids any further use, SSL_shutdown included.
    const unsigned long reason = ERR_get_error();
    if (reason != 0) return ErrorCode(static_cast<int>(reason), asio::error::get_ssl_category());
    return system_error == 0 ? ErrorCode(asio::error::eof) : ErrorCode(system_error, boost::system::system_category());
  }

  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool established_ = false;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<ClientWire> MakeTlsClientWire(TcpSocket socket, const TlsIdentity& identity) {
  return std::make_unique<TlsClientWire>(std::move(socket), identity);
}

bool SpeaksPlainHttp(const boost::system::error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace ccp::edge
