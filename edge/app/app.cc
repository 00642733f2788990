#include "edge/app/app.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/host_port.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/tokens/calibration.h"
#include "common/tokens/vocabulary_file.h"
#include "edge/app/certificate_watch.h"
#include "edge/app/freed_memory.h"
#include "edge/app/listen_address.h"
#include "edge/app/worker.h"
#include "edge/http/awaitable.h"
#include "edge/link/control_link.h"
#include "edge/upstream/keys.h"
#include "edge/usage/journal.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTimeToLook{200};
constexpr int kFlushSeconds = 5;  // Records that control does not take so quickly wait in the journal for the next start.

std::string DefaultStateDir() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') return Concat(state, "/ccp/edge");
  const char* home = std::getenv("HOME");
  return Concat(home == nullptr ? "." : home, "/.local/state/ccp/edge");
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "edge";
}

int WorkerCount(int wanted) {
  if (wanted > 0) return wanted;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// A request needs a descriptor to its client and one to its upstream; the rest is for files, gRPC and the loops.
std::size_t ConnectionsThatDescriptorsAllow() {
  constexpr rlim_t kOther = 128;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * kOther) return kOther / 2;
  return static_cast<std::size_t>((limit.rlim_cur - kOther) / 2);
}

ConnectionGate::Ceilings CeilingsFor(const Options& options) {
  ConnectionGate::Ceilings ceilings;
  ceilings.total = options.max_connections > 0 ? options.max_connections
                                               : std::min(ceilings.total, ConnectionsThatDescriptorsAllow());
  ceilings.per_address = options.max_connections_per_address > 0 ? options.max_connections_per_address : ceilings.total;
  return ceilings;
}

// With SO_REUSEPORT a second edge of the same user could take the same port without an error, and half of the
// connections. An ordinary bind tells.
absl::Status CheckPortIsFree(const ListenAddress& address) {
  if (address.port == 0) return absl::OkStatus();
  asio::io_context unused;
  HttpServer::Options options;
  options.address = address.host;
  options.port = address.port;
  return HttpServer::Listen(unused, std::move(options), nullptr).status();
}

class EdgeApp final : public App {
 public:
  explicit EdgeApp(Options options) : options_(std::move(options)) {}

  ~EdgeApp() override {
    if (vocabulary_loader_.joinable()) vocabulary_loader_.join();
    certificates_.reset();  // They post to the workers.
    link_.reset();
    for (const auto& worker : workers_) worker->Stop();  // Until then they may ask each other.
    workers_.clear();
  }

  absl::Status Assemble() {
    if (!SplitHostPort(options_.control)) {
      return InvalidArgument("--control: got \"", options_.control, "\", want HOST:PORT as in 127.0.0.1:7443");
    }
    auto address = ParseListenAddress(options_.listen);
    if (!address.ok()) return address.status();
    address_ = *std::move(address);
    if (const auto status = ReadCertificate(); !status.ok()) return status;
    if (options_.state_dir.empty()) options_.state_dir = DefaultStateDir();
    if (options_.name.empty()) options_.name = HostName();
    if (const auto status = MakePrivateFolder(options_.state_dir); !status.ok()) {
      return Unavailable("--state-dir: ", Message(status));
    }
    if (const auto status = OpenStores(); !status.ok()) return status;
    if (const auto status = BindWorkers(); !status.ok()) return status;
    return CreateLink();
  }

  std::string address() const override { return FormatAddress(address_); }
  bool ready() const override { return ready_.load(); }

  void Start() override {
    for (const auto& worker : workers_) worker->Start();
    link_->Start();
    if (certificates_ != nullptr) {
      certificates_->Start([this](const std::shared_ptr<const TlsIdentity>& identity) {
        for (const auto& worker : workers_) worker->UseTls(identity);
      });
    }
    vocabulary_loader_ = std::thread([this] { LoadVocabulary(); });
    log::Info(Concat("edge listening address=", address(), " workers=", workers_.size(), " control=", options_.control,
                     " configured=", ready() ? "yes" : "no"));
  }

  bool Drain(std::chrono::seconds grace) override {
    log::Info(Concat("draining open_requests=", OpenRequests(), " grace=", grace.count(), "s"));
    draining_ = true;
    for (const auto& worker : workers_) worker->Drain();
    const bool finished = WaitUntilDrained(grace);
    if (!finished) log::Warn(Concat("grace is over, cutting what has not ended open_requests=", OpenRequests()));
    for (const auto& worker : workers_) worker->Stop();
    journal_->Sync();
    if (!link_->Flush(kFlushSeconds)) {
      log::Warn(Concat("usage not acknowledged yet records=", journal_->pending(), ": they are kept and sent at the next start"));
    }
    return finished;
  }

 private:
  absl::Status ReadCertificate() {
    const TlsIdentity::Files& files = options_.tls;
    if (files.certificate.empty() && files.key.empty()) return absl::OkStatus();
    if (files.certificate.empty()) return InvalidArgument("--tls-key: needs --tls-cert beside it");
    if (files.key.empty()) return InvalidArgument("--tls-cert: needs --tls-key beside it");
    auto certificates = CertificateWatch::Create(files);
    if (!certificates.ok()) return certificates.status();
    certificates_ = *std::move(certificates);
    return absl::OkStatus();
  }

  absl::Status OpenStores() {
    auto keys = KeyStore::Open(options_.env_file);
    if (!keys.ok()) return keys.status();
    keys_ = *std::move(keys);
    auto journal = Journal::Open(Concat(options_.state_dir, "/journal"));
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
    last_good_ = ControlLink::LoadLastGood(options_.state_dir);
    ready_ = last_good_ != nullptr;
    return absl::OkStatus();
  }

  // The first worker settles the port, the others share it.
  absl::Status BindWorkers() {
    if (const auto status = CheckPortIsFree(address_); !status.ok()) return status;
    const ConnectionGate::Ceilings ceilings = CeilingsFor(options_);
    const auto gate = ConnectionGate::Make(ceilings);
    const int workers = WorkerCount(options_.workers);
    for (int i = 0; i < workers; ++i) {
      WorkerOptions worker_options;
      worker_options.listen = address_;
      worker_options.limits = options_.limits;
      worker_options.gate = gate;
      if (certificates_ != nullptr) worker_options.tls = certificates_->current();
      worker_options.host_names = options_.host_names;
      worker_options.allowed_origins = options_.allowed_origins;
      worker_options.connections =
          std::min(ceilings.total, ConnectionsThatDescriptorsAllow()) / static_cast<std::size_t>(workers);
      worker_options.keys = keys_.get();
      worker_options.usage = journal_.get();
      worker_options.snapshot = last_good_;
      worker_options.collect_metrics = [this] { return CollectMetrics(); };
      worker_options.on_drained = [this] { NotifyDrained(); };
      worker_options.on_learned = [this, i](const tokens::Calibrations& learned) { Remember(i, learned); };
      auto worker = Worker::Create(std::move(worker_options));
      if (!worker.ok()) return worker.status();
      address_.port = (*worker)->port();
      workers_.push_back(*std::move(worker));
    }
    if (options_.port_file.empty()) return absl::OkStatus();
    const absl::Status written = WriteWholeFile(options_.port_file, address() + "\n");
    return written.ok() ? written : Unavailable("--port-file: ", Message(written));
  }

  absl::Status CreateLink() {
    ControlLink::Options link_options;
    link_options.control = options_.control;
    link_options.state_dir = options_.state_dir;
    link_options.name = options_.name;
    link_options.http_address = address();
    link_options.on_snapshot = [this](std::shared_ptr<const Snapshot> snapshot) { Adopt(std::move(snapshot)); };
    link_options.missing_keys = [this](const config::Catalog& catalog) { return MissingKeys(catalog, *keys_); };
    link_options.counters = [this] { return Counters(); };
    link_options.on_calibrations = [this](const tokens::Calibrations& calibrations) {
      for (const auto& worker : workers_) worker->Share(calibrations);
    };
    auto link = ControlLink::Create(std::move(link_options), *journal_, last_good_);
    if (!link.ok()) return link.status();
    link_ = *std::move(link);
    return absl::OkStatus();
  }

  // Takes a tenth of a second, so it happens beside serving: until then token counts are estimates.
  void LoadVocabulary() {
    const std::string path = tokens::FindVocabularyFile();
    if (path.empty()) return log::Info("no token vocabulary found: count_tokens answers with estimates");
    auto vocabulary = tokens::LoadVocabulary(path);
    if (!vocabulary.ok()) return log::Warn(Concat("token vocabulary not used: ", Message(vocabulary.status())));
    for (const auto& worker : workers_) worker->UseVocabulary(*vocabulary);
    ReturnFreedMemory();  // Reading it took more memory than it needs.
  }

  void Adopt(std::shared_ptr<const Snapshot> snapshot) {
    log::Info(Concat("configuration in use revision=", snapshot->revision, " models=",
                     snapshot->policy->catalog().models.size()));
    for (const auto& worker : workers_) worker->Adopt(snapshot);
    ready_ = true;
  }

  EdgeCounters Counters() const {
    EdgeCounters counters;
    counters.open_requests = OpenRequests();
    for (const auto& worker : workers_) counters.requests_total += worker->requests_total();
    counters.draining = draining_.load();
    counters.calibrations = Learned();
    return counters;
  }

  void Remember(int worker, const tokens::Calibrations& learned) {
    const std::lock_guard lock(learned_mutex_);
    learned_[worker] = learned;
  }

  tokens::Calibrations Learned() const {
    const std::lock_guard lock(learned_mutex_);
    std::vector<tokens::Calibrations> parts;
    for (const auto& [worker, learned] : learned_) parts.push_back(learned);
    return tokens::Merge(parts);
  }

  std::uint64_t OpenRequests() const {
    std::uint64_t open = 0;
    for (const auto& worker : workers_) open += worker->open_requests();
    return open;
  }

  Awaitable<Metrics> CollectMetrics() {
    Metrics sum;
    for (const auto& worker : workers_) {
      const Metrics metrics = co_await worker->ReadMetrics();
      sum.Add(metrics);
    }
    co_return sum;
  }

  void NotifyDrained() {
    const std::lock_guard lock(drained_mutex_);
    drained_.notify_all();
  }

  // Without a grace the workers have time to look, at least.
  bool WaitUntilDrained(std::chrono::seconds grace) {
    std::unique_lock lock(drained_mutex_);
    return drained_.wait_for(lock, std::max<std::chrono::milliseconds>(grace, kTimeToLook), [this] {
      return std::ranges::all_of(workers_, [](const auto& worker) { return worker->drained(); });
    });
  }

  Options options_;
  ListenAddress address_;
  std::unique_ptr<CertificateWatch> certificates_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<const Snapshot> last_good_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<ControlLink> link_;
  std::thread vocabulary_loader_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> draining_{false};
  mutable std::mutex learned_mutex_;
  std::map<int, tokens::Calibrations> learned_;  // By worker.
  std::mutex drained_mutex_;
  std::condition_variable drained_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<App>> App::Build(Options options) {
  auto app = std::make_unique<EdgeApp>(std::move(options));
  if (const absl::Status status = app->Assemble(); !status.ok()) return status;
  return app;
}

}  // namespace ccp::edge
