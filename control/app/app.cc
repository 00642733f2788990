#include "control/app/app.h"

#include <arpa/inet.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/files.h"
#include "common/base/host_port.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "control/admin_service.h"
#include "control/config_service.h"
#include "control/edge_service.h"
#include "control/ledger.h"
#include "control/registry.h"
#include "control/store/sqlite_store.h"
#include "control/task_thread.h"

namespace ccp::control {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr int kTicksPerHeartbeat = 10;
constexpr int kMaxMessageBytes = 16 << 20;  // A models.yaml may have 8 MiB.
constexpr std::chrono::seconds kShutdownGrace{1};

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

// Debian's gRPC 1.51 has known denial-of-service faults, and nothing here asks who is calling: so nobody from outside
// may.
absl::StatusOr<HostPort> CheckListen(const std::string& listen) {
  const std::optional<HostPort> address = SplitHostPort(listen);
  if (!address) return InvalidArgument("--listen: got \"", listen, "\", want ADDRESS:PORT, as in 127.0.0.1:7443");
  if (!IsLoopback(address->host)) {
    return InvalidArgument("--listen: ", listen,
                           " is not a loopback address; without TLS control listens only on this ",
                           "machine: use 127.0.0.1:", address->port, " and reach it through an SSH tunnel");
  }
  return *address;
}

absl::StatusOr<std::string> DefaultStorePath() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return Concat(state, "/ccp/control/ccp.db");
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return Concat(home, "/.local/state/ccp/control/ccp.db");
  }
  return InvalidArgument("--store: neither XDG_STATE_HOME nor HOME is set; give sqlite:/path/ccp.db");
}

absl::StatusOr<std::string> StorePath(std::string_view store) {
  if (store.empty()) return DefaultStorePath();
  constexpr std::string_view kScheme = "sqlite:";
  if (store.substr(0, kScheme.size()) != kScheme || store.size() == kScheme.size()) {
    return InvalidArgument("--store: got \"", store, "\", want sqlite:/path/ccp.db");
  }
  return std::string(store.substr(kScheme.size()));
}

// What gRPC itself has to say goes where our own log goes; a failed bind, say, is told by us in our words.
void LogOfGrpc(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR) log::Debug(Concat("grpc: ", line->message));
}

class RunningApp final : public App {
 public:
  RunningApp(std::unique_ptr<Store> store, std::vector<EdgeRow> edges)
      : store_(std::move(store)),
        registry_(store_->identity().lineage, NowMicros, std::move(edges)),
        config_(*store_, store_->identity(), registry_, NowMicros) {}
  ~RunningApp() override { Stop(); }

  absl::Status Serve(const HostPort& listen) {
    if (absl::Status status = config_.PublishHead(); !status.ok()) return status;
    writer_ = std::make_unique<TaskThread>(kTick, [this] { Tick(); });
    reader_ = std::make_unique<TaskThread>();
    ledger_ = std::make_unique<Ledger>(*store_, *writer_, NowMicros);
    edge_service_ = MakeEdgeService({registry_, *ledger_, *store_, *writer_, NowMicros});
    admin_service_ = MakeAdminService({config_, *store_, registry_, *writer_, *reader_, store_->identity().lineage});
    return Bind(listen);
  }

  std::string address() const override { return address_; }

  void Stop() override {
    if (stopped_) return;
    stopped_ = true;
    registry_.CloseAll();
    // While the server shuts down, the writer still answers what came in before.
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
    if (reader_ != nullptr) reader_->Stop();
    if (writer_ != nullptr) writer_->Stop();
    StoreEdges();
    log::Info("control stopped");
  }

 private:
  absl::Status Bind(const HostPort& listen) {
    grpc::ServerBuilder builder;
    int port = 0;
    const std::string asked = Concat(listen.host, ":", listen.port);
    builder.AddListeningPort(asked, grpc::InsecureServerCredentials(), &port);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                               0);  // Two controls on one port would each get half of the edges.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    // Edges ping each 20 s; gRPC's own minimum of 5 minutes would make the server hang up on them.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(kMaxMessageBytes);
    builder.RegisterService(edge_service_.get());
    builder.RegisterService(admin_service_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::AlreadyExistsError(Concat("cannot listen on ", asked, "; is it in use?"));
    }
    address_ = Concat(listen.host, ":", port);
    return absl::OkStatus();
  }

  void Tick() {
    StoreEdges();
    if (++ticks_ % kTicksPerHeartbeat == 0) registry_.Heartbeat();
  }

  void StoreEdges() {
    const std::vector<EdgeRow> rows = registry_.TakeChanged();
    if (rows.empty()) return;
    const absl::Status status = store_->Transaction([&] {
      for (const EdgeRow& row : rows) {
        if (absl::Status put = store_->PutEdge(row); !put.ok()) return put;
      }
      return absl::OkStatus();
    });
    if (!status.ok()) log::Warn(Concat("edges not stored: ", Message(status)));
  }

  // In the order of need: what stands below uses what stands above.
  std::unique_ptr<Store> store_;
  Registry registry_;
  ConfigService config_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<TaskThread> writer_;
  std::unique_ptr<TaskThread> reader_;
  std::unique_ptr<grpc::Service> edge_service_;
  std::unique_ptr<grpc::Service> admin_service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  int ticks_ = 0;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<App>> App::Start(Options options) {
  gpr_set_log_function(LogOfGrpc);
  absl::StatusOr<HostPort> listen = CheckListen(options.listen);
  if (!listen.ok()) return listen.status();
  absl::StatusOr<std::string> path = StorePath(options.store);
  if (!path.ok()) return path.status();
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(*path);
  if (!store.ok()) return store.status();
  absl::StatusOr<std::vector<EdgeRow>> edges = (*store)->Edges();
  if (!edges.ok()) return edges.status();

  auto app = std::make_unique<RunningApp>(*std::move(store), *std::move(edges));
  if (absl::Status status = app->Serve(*listen); !status.ok()) return status;
  log::Info(Concat("control listening address=", app->address(), " store=", *path));
  if (!options.port_file.empty()) {
    const absl::Status written = WriteWholeFile(options.port_file, app->address() + "\n");
    if (!written.ok()) return Unavailable("--port-file: ", Message(written));
  }
  return app;
}

}  // namespace ccp::control
