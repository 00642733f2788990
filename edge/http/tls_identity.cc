#include "edge/http/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>

#include <array>
#include <cstring>
#include <ctime>
#include <string_view>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::string_view kSessionContext = "ccp-edge";
// For TLS 1.2: forward secrecy and authenticated encryption only. Those of TLS 1.3 are all of that kind.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Takes OpenSSL's oldest complaint: the later ones say what failed because of it.
std::string TakeReason() {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(first)) return std::string(std::strerror(ERR_GET_REASON(first)));
  const char* reason = ERR_reason_error_string(first);
  return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

// A daemon has nobody to ask for a passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

int SelectHttp11(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                 unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const int verdict =
      SSL_select_next_proto(&found, chosen_size, kHttp11.data(), kHttp11.size(), offered, offered_size);
  *chosen = found;
  return verdict == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string SubjectOf(const X509* certificate) {
  BIO* memory = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string subject(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return subject;
}

std::int64_t ExpiryOf(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
  return timegm(&parts);
}

absl::Status OfAnotherCertificate(const TlsIdentity::Files& files) {
  return InvalidArgument("--tls-key: ", files.key, " is not the key of the certificate in ", files.certificate);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsIdentity>> TlsIdentity::Load(const Files& files) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return Internal("OpenSSL gives no TLS context: ", TakeReason());
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity(context));
  if (const absl::Status status = identity->Restrict(); !status.ok()) return status;
  if (const absl::Status status = identity->UseFiles(files); !status.ok()) return status;
  return identity;
}

TlsIdentity::~TlsIdentity() { SSL_CTX_free(context_); }

absl::Status TlsIdentity::Restrict() {
  const bool taken =
      SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(context_, kCiphers) == 1 &&
      SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                     kSessionContext.size()) == 1;
  if (!taken) return Internal("OpenSSL does not take our TLS settings: ", TakeReason());
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Tickets keep the sessions at the clients: here they cost no memory.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  // Idle connections give their buffers back; a write that had to wait is repeated from wherever its bytes are then.
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context_, &SelectHttp11, nullptr);
  SSL_CTX_set_default_passwd_cb(context_, &NoPassphrase);
  return absl::OkStatus();
}

absl::Status TlsIdentity::UseFiles(const Files& files) {
  if (SSL_CTX_use_certificate_chain_file(context_, files.certificate.c_str()) != 1) {
    return InvalidArgument("--tls-cert: cannot use ", files.certificate, ": ", TakeReason(), "; want a PEM file that begins ",
                           "with the server's certificate");
  }
  if (SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH) return OfAnotherCertificate(files);
    return InvalidArgument("--tls-key: cannot use ", files.key, ": ", TakeReason(), "; want the certificate's key as a PEM ",
                           "file without a passphrase");
  }
  if (SSL_CTX_check_private_key(context_) != 1) return OfAnotherCertificate(files);
  const X509* certificate = SSL_CTX_get0_certificate(context_);
  subject_ = SubjectOf(certificate);
  expires_unix_s_ = ExpiryOf(certificate);
  return absl::OkStatus();
}

}  // namespace ccp::edge
