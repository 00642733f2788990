// Reads a TLS listener's certificate, and again when its files change or the process gets SIGHUP.
//
// What does not load is reported in the log, and the certificate in use stays. Files are looked at once a second, not
// watched: that also sees a mounted directory that is exchanged as a whole.
// Ownership: owns its thread. Threading: `on_change` is called on that thread.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "edge/http/tls_identity.h"

namespace ccp::edge {

class CertificateWatch {
 public:
  using OnChange = std::function<void(std::shared_ptr<const TlsIdentity>)>;

  // The first certificate must load; kInvalidArgument if it does not.
  static absl::StatusOr<std::unique_ptr<CertificateWatch>> Create(TlsIdentity::Files files);
  virtual ~CertificateWatch() = default;

  virtual std::shared_ptr<const TlsIdentity> current() const = 0;  // Before Start().
  virtual void Start(OnChange on_change) = 0;
};

}  // namespace ccp::edge
