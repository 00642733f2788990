// One worker: a thread with its own loop, listener, upstream pools and counters. Nothing on the request path locks;
// others reach a worker only by messages to its loop. A second thread works on large requests: see edge/api/offload.h.
//
// Ownership: owns all of the above; what WorkerOptions points to outlives it. Workers that ask each other for their counters
//   are all stopped before one is destroyed.
// Threading: Create(), Start(), Stop() on the owner's thread; the rest from any thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "edge/api/api.h"
#include "edge/api/context.h"
#include "edge/app/listen_address.h"
#include "edge/app/offload_thread.h"
#include "edge/http/awaitable.h"
#include "edge/http/connection_gate.h"
#include "edge/http/server.h"
#include "edge/http/tls_identity.h"
#include "edge/snapshot.h"
#include "edge/upstream/keys.h"
#include "edge/usage/sink.h"

namespace ccp::edge {

struct WorkerOptions {
  ListenAddress listen;
  HttpLimits limits;
  std::shared_ptr<ConnectionGate> gate;                                    // Shared by all workers.
  std::shared_ptr<const TlsIdentity> tls;                                  // nullptr: plain HTTP.
  std::vector<std::string> host_names;
  std::vector<std::string> allowed_origins;
  std::size_t connections = 0;                                             // Upstream, busy and idle: its part of all.
  const KeyStore* keys = nullptr;
  UsageSink* usage = nullptr;
  std::shared_ptr<const Snapshot> snapshot;                                // May be nullptr.
  std::function<Awaitable<Metrics>()> collect_metrics;
  std::function<void()> on_drained;                                        // Behind Drain(), once; on this thread.
  std::function<void(const tokens::Calibrations&)> on_learned;             // Now and then; on this worker's thread.
};

class Worker {
 public:
  // Binds, with SO_REUSEPORT, so that all workers can share one port.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(WorkerOptions options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::uint16_t port() const { return server_->port(); }
  void Start();
  void Adopt(std::shared_ptr<const Snapshot> snapshot);   // For requests that begin from now on.
  void UseTls(std::shared_ptr<const TlsIdentity> identity);                  // For connections that begin from now on.
  void UseVocabulary(std::shared_ptr<const tokens::Vocabulary> vocabulary);  // For exact token counts.
  void Share(tokens::Calibrations calibrations);          // What all edges learned of token counts.
  void Drain();                                           // Accepts nothing more; requests that have begun go on.
  void Stop();                                            // Cuts what is open and ends the thread.

  Awaitable<Metrics> ReadMetrics();          // From another worker's coroutine. Once it is stopping: as they were then.
  std::uint64_t open_requests() const { return open_requests_.load(std::memory_order_relaxed); }
  bool drained() const { return drained_.load(std::memory_order_relaxed); }  // None is left of these.
  std::uint64_t requests_total() const { return requests_total_.load(std::memory_order_relaxed); }

 private:
  using Work = boost::asio::executor_work_guard<Executor>;  // Keeps the loop from ending.
  explicit Worker(WorkerOptions options);
  absl::Status Bind();
  Awaitable<void> Handle(HttpRequest& request, ResponseWriter& response);
  void OnHandled();
  std::optional<Work> KeepRunning();                        // Absent: it is stopping.
  Metrics CurrentMetrics() const;
  Awaitable<Metrics> CopyMetrics();
  Awaitable<void> ReturnMemory();
  void TellWhatWasLearned();

  WorkerOptions options_;
  // The hint: sockets are touched by this thread alone, so Asio need not lock them; others may still post.
  boost::asio::io_context loop_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Work work_{loop_.get_executor()};
  Timer idle_timer_{loop_};
  OffloadThread offload_;                                 // Goes before the loop, to which its works come back.
  std::unique_ptr<UpstreamClient> upstream_;
  std::shared_ptr<const tokens::Vocabulary> vocabulary_;
  ApiContext context_;
  Api api_{context_};
  std::unique_ptr<HttpServer> server_;
  std::uint64_t told_version_ = 0;                        // Of the calibrations.
  std::chrono::steady_clock::time_point told_at_;
  std::atomic<std::uint64_t> open_requests_{0};
  std::atomic<std::uint64_t> requests_total_{0};
  std::atomic<bool> drained_{false};
  std::mutex stopping_;                                   // Of work_, once it is given up, and of what follows.
  Metrics last_metrics_;                                  // When it was.
  std::thread thread_;
};

}  // namespace ccp::edge
