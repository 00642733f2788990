// Control, wired: store, ledger, registry, the two gRPC services. Used by ccp-control and by `ccpctl up`.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ccp::control {

struct Options {
  std::string listen = "127.0.0.1:7443";   // Loopback only until TLS exists: anything else is refused.
  std::string store;                       // sqlite:/path/ccp.db; default sqlite:$XDG_STATE_HOME/ccp/control/ccp.db
  std::string port_file;
};

class App {
 public:
  // Opens the store, binds the port and serves. kAlreadyExists: another has the store or the port.
  static absl::StatusOr<std::unique_ptr<App>> Start(Options options);
  virtual ~App() = default;                // Stops.
  virtual std::string address() const = 0;
  virtual void Stop() = 0;                 // Ends streams, finishes the writer's queue, closes the store. Idempotent.
};

}  // namespace ccp::control
