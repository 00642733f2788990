// Who a TLS listener is: certificate chain and key, and what it demands of clients (TLS 1.2 or newer, HTTP/1.1).
//
// Immutable. A new certificate is a new TlsIdentity; connections that have begun keep theirs. Sessions are resumed by
//   tickets that are sealed with a key of the identity, so they work at every worker that shares it, and end with it.
// Threading: thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct ssl_ctx_st;

namespace ccp::edge {

class TlsIdentity {
 public:
  struct Files {
    std::string certificate;  // PEM: the server's certificate first, then those that lead to the root.
    std::string key;          // PEM, without a passphrase. May be the same file.
  };
  // kInvalidArgument names the file and what is wrong with it; nothing of the key's content is in it.
  static absl::StatusOr<std::shared_ptr<const TlsIdentity>> Load(const Files& files);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  ssl_ctx_st* context() const { return context_; }                   // OpenSSL counts the references that connections take.
  const std::string& subject() const { return subject_; }            // "CN = edge.example"
  std::int64_t expires_unix_s() const { return expires_unix_s_; }

 private:
  explicit TlsIdentity(ssl_ctx_st* context) : context_(context) {}
  absl::Status Restrict();
  absl::Status UseFiles(const Files& files);

  ssl_ctx_st* context_;
  std::string subject_;
  std::int64_t expires_unix_s_ = 0;
};

}  // namespace ccp::edge
