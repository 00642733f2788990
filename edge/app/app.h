// The edge, wired: workers, journal, link. Used by ccp-edge and, in one process with control, by `ccpctl up`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "edge/http/server.h"
#include "edge/http/tls_identity.h"

namespace ccp::edge {

struct Options {
  std::string control;                          // host:port, required
  std::string listen = "127.0.0.1:8082";
  std::string state_dir;                        // Default: $XDG_STATE_HOME/ccp/edge
  std::string name;                             // Default: the host name.
  std::string env_file;
  std::string port_file;
  int workers = 0;                              // 0: one a CPU.
  TlsIdentity::Files tls;                       // Neither: plain HTTP.
  HttpLimits limits;
  std::size_t max_connections = 0;              // 0: 10,000, or fewer if descriptors are scarce.
  std::size_t max_connections_per_address = 0;  // 0: no ceiling of its own. Loopback clients share an address.
  std::vector<std::string> host_names;          // What clients may call this edge besides localhost; lower-case.
  std::vector<std::string> allowed_origins;     // Browser origins that may use this edge: "https://app.example"
  std::chrono::seconds grace{600};              // How long open requests may go on after SIGTERM.
};

class App {
 public:
  // Loads the last-good snapshot, opens the journal, binds the port. Starts nothing yet.
  static absl::StatusOr<std::unique_ptr<App>> Build(Options options);
  virtual ~App() = default;

  virtual std::string address() const = 0;      // 127.0.0.1:8082, the port as bound
  virtual void Start() = 0;                     // Starts the worker threads and the link; returns at once.
  virtual bool ready() const = 0;               // Has a configuration.
  // Stops accepting, lets open requests finish within `grace`, flushes usage. True: nothing was cut. Thread-safe, once.
  virtual bool Drain(std::chrono::seconds grace) = 0;
};

}  // namespace ccp::edge
