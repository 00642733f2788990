// A server that does what a test says, byte by byte: one script a connection, on blocking sockets in a thread of its own.
//
// A test ends when its scripts have: the destructor stops accepting, shuts the open connection and joins.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ccp::edge {

// One accepted connection, as its script sees it.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // The TLS handshake; false if the client broke it off.
  bool StartTls(SSL_CTX* context);
  bool resumed() const { return SSL_session_reused(tls_) == 1; }

  std::string ReadHead();     // Through the empty line. What was read at the connection's end, if that comes first.
  std::string ReadRequest();  // Head and as much body as Content-Length says.
  void ReadToEnd();           // Until the client closes.
  void Send(std::string_view bytes);
  // In one packet; by TLS each is a record. `raw` goes behind them as it is.
  void SendTogether(std::initializer_list<std::string_view> pieces, std::string_view raw = {});
  void Answer(std::string_view body);  // 200 with Content-Length.
  void Reset();               // Closes with RST: what was not read is lost.

 private:
  bool ReadMore();

  int fd_;
  SSL* tls_ = nullptr;
  std::string unread_;
};

class LoopbackServer {
 public:
  using Script = std::function<void(Peer&)>;
  // The n-th connection gets the n-th script; one more is closed at once.
  explicit LoopbackServer(std::vector<Script> scripts);
  ~LoopbackServer();

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/v1/messages") const;  // http://127.0.0.1:port/path
  int accepted() const { return accepted_; }
  int finished() const { return finished_; }  // Scripts that ran to their end.

 private:
  void Serve();

  std::vector<Script> scripts_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::atomic<int> finished_ = 0;
  std::mutex mutex_;
  int open_fd_ = -1;
  bool stopping_ = false;
  std::thread thread_;
};

// A port of 127.0.0.1 where nobody listens.
std::uint16_t ClosedPort();

// A self-signed certificate for a name and an address, made for this run.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& dns_name);
  ~TestCertificate();
  SSL_CTX* server_context() const { return context_; }
  const std::string& pem_file() const { return pem_file_; }  // For trusting it.

 private:
  SSL_CTX* context_;
  std::string pem_file_;
};

}  // namespace ccp::edge
