#include "tests/unit/edge/upstream/loopback_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

sockaddr* Raw(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

sockaddr_in AnyPort() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t BoundPort(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd, Raw(address), &size);
  return ntohs(address.sin_port);
}

int Bound() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = AnyPort();
  if (fd < 0 || ::bind(fd, Raw(address), sizeof(address)) != 0) std::abort();
  return fd;
}

std::size_t ContentLength(std::string_view head) {
  const std::string lower = ToLower(head);
  const std::size_t at = lower.find("\r\ncontent-length: ");
  return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 18, nullptr, 10);
}

}  // namespace

Peer::~Peer() {
  if (tls_ != nullptr) {
    SSL_shutdown(tls_);
    SSL_free(tls_);
  }
  if (fd_ >= 0) ::close(fd_);
}

bool Peer::StartTls(SSL_CTX* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, fd_);
  return SSL_accept(tls_) == 1;
}

bool Peer::ReadMore() {
  char buffer[4096];
  const auto bytes = tls_ != nullptr ? SSL_read(tls_, buffer, sizeof(buffer)) : ::recv(fd_, buffer, sizeof(buffer), 0);
  if (bytes <= 0) return false;
  unread_.append(buffer, static_cast<std::size_t>(bytes));
  return true;
}

std::string Peer::ReadHead() {
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return std::exchange(unread_, {});
  }
  std::string head = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  return head;
}

std::string Peer::ReadRequest() {
  std::string request = ReadHead();
  const std::size_t length = ContentLength(request);
  while (unread_.size() < length && ReadMore()) {
  }
  request += unread_.substr(0, length);
  unread_.erase(0, length);
  return request;
}

void Peer::ReadToEnd() {
  while (ReadMore()) {
  }
}

void Peer::Send(std::string_view bytes) {
  if (tls_ != nullptr) {
    SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    return;
  }
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::SendTogether(std::initializer_list<std::string_view> pieces, std::string_view raw) {
  const auto cork = [this](int on) { ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); };
  cork(1);
  for (const std::string_view piece : pieces) Send(piece);
  ::send(fd_, raw.data(), raw.size(), MSG_NOSIGNAL);
  cork(0);
}

void Peer::Answer(std::string_view body) {
  Send(Concat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
}

void Peer::Reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ::close(std::exchange(fd_, -1));
}

LoopbackServer::LoopbackServer(std::vector<Script> scripts) : scripts_(std::move(scripts)), listener_(Bound()) {
  if (::listen(listener_, 16) != 0) std::abort();
  port_ = BoundPort(listener_);
  thread_ = std::thread([this] { Serve(); });
}

LoopbackServer::~LoopbackServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (open_fd_ >= 0) ::shutdown(open_fd_, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string LoopbackServer::url(std::string_view path) const { return Concat("http://127.0.0.1:", port_, path); }

void LoopbackServer::Serve() {
  sigset_t pipe;  // OpenSSL writes with write(2): a client that is gone must not end the test.
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const auto index = static_cast<std::size_t>(accepted_++);
    Peer peer(fd);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      open_fd_ = fd;
    }
    if (index < scripts_.size()) scripts_[index](peer);
    const std::lock_guard lock(mutex_);
    open_fd_ = -1;
    ++finished_;
  }
}

std::uint16_t ClosedPort() {
  const int fd = Bound();
  const std::uint16_t port = BoundPort(fd);
  ::close(fd);
  return port;
}

TestCertificate::TestCertificate(const std::string& dns_name) : context_(SSL_CTX_new(TLS_server_method())) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("ccp test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  const std::string names = Concat("DNS:", dns_name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());

  SSL_CTX_use_certificate(context_, certificate);
  SSL_CTX_use_PrivateKey(context_, key);
  pem_file_ = Concat(testing::TempDir(), "ccp_test_ca_", ::getpid(), "_", dns_name, ".pem");
  std::FILE* file = std::fopen(pem_file_.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TestCertificate::~TestCertificate() {
  SSL_CTX_free(context_);
  ::unlink(pem_file_.c_str());
}

}  // namespace ccp::edge
