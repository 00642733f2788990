#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/wire.h"

namespace ccp::edge {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

class TlsSessions {
 public:
  TlsSessions() = default;
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;
  ~TlsSessions() { SSL_SESSION_free(latest_); }

  SSL_SESSION* latest() const { return latest_; }
  void Keep(SSL_SESSION* session) {  // Takes over the caller's reference.
    SSL_SESSION_free(latest_);
    latest_ = session;
  }

 private:
  SSL_SESSION* latest_ = nullptr;
};

class TlsSettings {
 public:
  TlsSettings() : context(ssl::context::tls_client) {}
  ssl::context context;
};

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // A TLS record's largest plain text.
constexpr std::size_t kJoined = 16 * kRecordBytes;

// Where an SSL keeps the TlsSessions of its origin.
int SessionsIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// OpenSSL calls this for each ticket; 1: the session is ours now.
int OnNewSession(SSL* connection, SSL_SESSION* session) {
  auto* sessions = static_cast<TlsSessions*>(SSL_get_ex_data(connection, SessionsIndex()));
  if (sessions == nullptr) return 0;
  sessions->Keep(session);
  return 1;
}

class TlsWireImpl final : public TlsWire {
 public:
  TlsWireImpl(Socket socket, std::shared_ptr<TlsSettings> settings, std::shared_ptr<TlsSessions> sessions)
      : settings_(std::move(settings)),
        sessions_(std::move(sessions)),
        stream_(std::move(socket), settings_->context) {}

  // We part without a closing handshake. OpenSSL takes that for a broken session, which it would not resume, unless
  // told.
  ~TlsWireImpl() override { SSL_set_shutdown(handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

  absl::Status Prepare(const std::string& host) {
    SSL* connection = stream_.native_handle();
    if (!SetExpectedHost(connection, host)) return Internal("OpenSSL does not take the host name \"", host, "\"");
    SSL_set_ex_data(connection, SessionsIndex(), sessions_.get());
    if (sessions_->latest() != nullptr) SSL_set_session(connection, sessions_->latest());
    return absl::OkStatus();
  }

  Awaitable<std::tuple<ErrorCode>> Handshake() override {
    return stream_.async_handshake(ssl::stream_base::client, kAwaitTuple);
  }

  std::string HandshakeProblem(const ErrorCode& error) const override {
    const long verdict = SSL_get_verify_result(handle());
    if (verdict != X509_V_OK) return Concat("the certificate is refused: ", X509_verify_cert_error_string(verdict));
    return error.message();
  }

  bool refused_certificate() const override { return SSL_get_verify_result(handle()) != X509_V_OK; }
  bool resumed() const override { return SSL_session_reused(handle()) == 1; }

  // Joined first: a gather write would become a TLS record, and a system call, for each buffer. A large body is not
  // copied as a whole, which would take milliseconds: it follows from where it stands.
  Awaitable<std::tuple<ErrorCode, std::size_t>> Write(RequestBuffers buffers) override {
    const std::string joined = TakeFront(buffers, kJoined);
    auto result = co_await asio::async_write(stream_, asio::buffer(joined), kAwaitTuple);
    auto& [error, written] = result;
    for (const asio::const_buffer& rest : buffers) {
      if (error || rest.size() == 0) continue;
      const auto [rest_error, rest_written] = co_await asio::async_write(stream_, rest, kAwaitTuple);
      error = rest_error;
      written += rest_written;
    }
    co_return result;
  }

  std::size_t WriteNow(const RequestBuffers&, ErrorCode&) override { return 0; }

  Awaitable<std::tuple<ErrorCode>> Readable() override {
    if (begin_ < end_) co_return std::tuple<ErrorCode>();
    if (buffer_.empty()) buffer_.resize(kRecordBytes);
    auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(buffer_), kAwaitTuple);
    begin_ = 0;
    end_ = bytes;
    co_return std::tuple<ErrorCode>(error);
  }

  std::size_t Take(std::span<char> into, ErrorCode& error) override {
    const std::size_t bytes = std::min(into.size(), end_ - begin_);
    if (bytes == 0) error = asio::error::would_block;
    std::memcpy(into.data(), buffer_.data() + begin_, bytes);
    begin_ += bytes;
    return bytes == 0 || begin_ < end_ ? bytes : bytes + DecryptArrived(into.subspan(bytes));
  }

  bool Quiet() override { return Drained() && IsQuiet(socket()); }
  // Not even a part of a record: it may belong to an answer that nobody asked for yet.
  bool Drained() const override {
    return begin_ == end_ && SSL_has_pending(handle()) == 0 && BIO_pending(SSL_get_rbio(handle())) == 0;
  }
  void Rest() override { std::vector<char>().swap(buffer_); }

  // Without a closing handshake: whoever closes has no use for an answer.
  void Close() override {
    ErrorCode ignored;
    socket().close(ignored);
  }

  Socket& socket() override { return stream_.next_layer(); }

 private:
  static std::string TakeFront(RequestBuffers& buffers, std::size_t most) {
    std::string front;
    front.reserve(std::min(asio::buffer_size(buffers), most));
    for (asio::const_buffer& buffer : buffers) {
      const std::size_t bytes = std::min(buffer.size(), most - front.size());
      front.append(static_cast<const char*>(buffer.data()), bytes);
      buffer += bytes;
    }
    return front;
  }

  // The records that came with the last one. Each Readable() would yield one, and each would be answered by a write of its
  // own; and one behind the end of an answer would not be seen until it answers the next request.
  std::size_t DecryptArrived(std::span<char> into) {
    std::size_t all = 0;
    std::size_t bytes = 0;
    while (all < into.size() && SSL_read_ex(handle(), into.data() + all, into.size() - all, &bytes) == 1) all += bytes;
    ERR_clear_error();  // What ended it, Readable() meets again.
    return all;
  }

  // Asio's handle is not const; reading from it changes nothing.
  SSL* handle() const { return const_cast<ssl::stream<Socket>&>(stream_).native_handle(); }  // NOLINT

  static bool SetExpectedHost(SSL* connection, const std::string& host) {
    ErrorCode not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(connection, host.c_str()) == 1 &&
           SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    const_cast<char*>(host.c_str())) == 1;  // NOLINT: OpenSSL copies it.
  }

  std::shared_ptr<TlsSettings> settings_;
  std::shared_ptr<TlsSessions> sessions_;
  ssl::stream<Socket> stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

std::shared_ptr<TlsSessions> MakeTlsSessions() { return std::make_shared<TlsSessions>(); }

absl::StatusOr<std::shared_ptr<TlsSettings>> MakeTlsSettings(const std::string& ca_file) {
  auto settings = std::make_shared<TlsSettings>();
  SSL_CTX* context = settings->context.native_handle();
  ErrorCode error;
  if (ca_file.empty()) {
    settings->context.set_default_verify_paths(error);  // Honours SSL_CERT_FILE and SSL_CERT_DIR.
  } else {
    settings->context.load_verify_file(ca_file, error);
  }
  if (error) return InvalidArgument("trusted certificates", ca_file.empty() ? "" : " ", ca_file, ": ", error.message());

  static constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  settings->context.set_verify_mode(ssl::verify_peer);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(context, kAlpn.data(), kAlpn.size());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &OnNewSession);
  return settings;
}

absl::StatusOr<std::unique_ptr<TlsWire>> MakeTlsWire(Socket socket, const std::string& host,
                                                     std::shared_ptr<TlsSettings> settings,
                                                     std::shared_ptr<TlsSessions> sessions) {
  auto wire = std::make_unique<TlsWireImpl>(std::move(socket), std::move(settings), std::move(sessions));
  if (auto status = wire->Prepare(host); !status.ok()) return status;
  return wire;
}

}  // namespace ccp::edge
