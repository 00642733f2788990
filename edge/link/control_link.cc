#include "edge/link/control_link.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "ccp/v1/edge.grpc.pb.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/base/version.h"
#include "common/wire/calibrations.h"
#include "edge/link/accept.h"
#include "edge/link/backoff.h"
#include "edge/link/last_good.h"
#include "edge/usage/journal.h"
#include "edge/usage/reporter.h"

namespace ccp::edge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStatusInterval{10};
constexpr std::chrono::seconds kRegisterLimit{10};
constexpr int kMaxMessageBytes = 16 << 20;

std::uint64_t RandomNumber() {
  std::uint64_t number = 0;
  const std::string bytes = RandomBytes(sizeof(number));
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

absl::Status FromRpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// That control is out of reach is told by us, once and in our words; gRPC would tell it with each try.
void LogOfGrpc(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR) log::Debug(Concat("grpc: ", line->message));
}

// A fresh channel for each try: gRPC's own waiting between connects would come on top of ours.
std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // HTTPS_PROXY is for upstreams.
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// One thread runs sessions one after the other. A session registers, then holds both streams: its own thread reads
// configuration, two more report usage and write the heartbeat. When any of them fails, the session ends as a whole and
// the next one registers anew, so what control knows and what the journal holds are compared every time.
class Link final : public ControlLink {
 public:
  Link(Options options, std::string edge_id, Journal& journal, std::shared_ptr<const Snapshot> current)
      : options_(std::move(options)), edge_id_(std::move(edge_id)), journal_(journal), current_(std::move(current)) {}

  ~Link() override {
    journal_.OnSynced(nullptr);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      if (session_ != nullptr) session_->Cancel();
    }
    if (thread_.joinable()) thread_.join();
  }

  void Start() override {
    kept_calibrations_ = ReadCalibrations(options_.state_dir);
    TellCalibrations(kept_calibrations_);
    journal_.OnSynced([this] { Notify(); });
    thread_ = std::thread([this] { Run(); });
  }

  bool connected() const override { return connected_; }

  bool Flush(int seconds) override {
    const auto deadline = Clock::now() + std::chrono::seconds(seconds);
    journal_.Sync();
    Notify();
    while (journal_.pending() > 0 && Clock::now() < deadline) WaitForNews(deadline);
    if (journal_.pending() > 0) return false;
    SendLastStatus(deadline);
    return true;
  }

 private:
  using ConfigStream = grpc::ClientReaderWriter<v1::ConfigUp, v1::ConfigDown>;

  // What must be cancelled to end a session from outside.
  struct Session {
    std::mutex cancelling;
    std::unique_ptr<grpc::ClientContext>
        registration;  // A context serves one call; there may be several registrations.
    grpc::ClientContext watch;
    grpc::ClientContext usage;
    std::mutex writing;  // Of the config stream: answers and heartbeats come from two threads.
    std::atomic<bool> over = false;

    void Cancel() {
      const std::lock_guard lock(cancelling);
      over = true;
      if (registration != nullptr) registration->TryCancel();
      watch.TryCancel();
      usage.TryCancel();
    }
    // nullptr: cancelled already.
    grpc::ClientContext* NewRegistration() {
      const std::lock_guard lock(cancelling);
      if (over) return nullptr;
      registration = std::make_unique<grpc::ClientContext>();
      return registration.get();
    }
  };

  void Run() {
    Backoff backoff;
    while (!stopping()) {
      Session session;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        session_ = &session;
      }
      const Clock::time_point begun = Clock::now();
      const absl::Status ended = RunSession(session);
      {
        const std::lock_guard lock(mutex_);
        session_ = nullptr;
      }
      if (stopping()) return;
      ReportEnd(ended);
      const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
      const std::chrono::milliseconds wait = backoff.Next(RandomNumber(), lasted);
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, wait, [this] { return stopping_; });
    }
  }

  // Once for each loss, not for each try.
  void ReportEnd(const absl::Status& ended) {
    const bool was_connected = connected_.exchange(false);
    if (!was_connected && loss_reported_) return;
    loss_reported_ = true;
    log::Warn(Concat("control out of reach, trying on address=", options_.control, " reason=", Message(ended),
                     current_ == nullptr ? " (no configuration yet)" : " (going on with the last good configuration)"));
  }

  absl::Status RunSession(Session& session) {
    const std::unique_ptr<v1::Edge::Stub> stub = v1::Edge::NewStub(Connect(options_.control));
    if (absl::Status status = RegisterRuns(*stub, session); !status.ok()) return status;
    const std::unique_ptr<ConfigStream> stream = stub->WatchConfig(&session.watch);
    if (!SayHello(*stream)) return FromRpc(stream->Finish());

    loss_reported_ = false;
    connected_ = true;
    log::Info(Concat("connected to control address=", options_.control, " edge=", edge_id_));
    std::thread usage([&] { ReportUsage(*stub, session); });
    std::thread status([&] { SendStatus(*stream, session); });
    ReadConfig(*stream, session);
    session.Cancel();
    Notify();
    usage.join();
    status.join();
    const absl::Status ended = FromRpc(stream->Finish());
    // The stream that broke second was cancelled by us: that is not why the session ended.
    return absl::IsCancelled(ended) ? absl::UnavailableError("the connection was lost") : ended;
  }

  // --- Registration ---

  // Every run of the journal gets the epoch and the position that this control has for it.
  absl::Status RegisterRuns(v1::Edge::Stub& stub, Session& session) {
    std::vector<Journal::Run> runs = journal_.Runs();
    std::reverse(runs.begin(), runs.end());  // The current one first: the answer lists all others that control knows.
    v1::RegisterResponse known;
    for (const Journal::Run& run : runs) {
      if (FindAck(known, run.id) == nullptr) {
        absl::StatusOr<v1::RegisterResponse> response = Register(stub, session, run);
        if (!response.ok()) return response.status();
        known = *std::move(response);
      }
      const v1::JournalAck* ack = FindAck(known, run.id);
      if (ack == nullptr) return Internal("control answered a registration without the journal it was for");
      journal_.SetEpoch(run.id, ack->epoch(), ack->acked_seq());
    }
    return absl::OkStatus();
  }

  static const v1::JournalAck* FindAck(const v1::RegisterResponse& response, std::string_view journal_id) {
    for (const v1::JournalAck& ack : response.acks()) {
      if (ack.journal_id() == journal_id) return &ack;
    }
    return nullptr;
  }

  absl::StatusOr<v1::RegisterResponse> Register(v1::Edge::Stub& stub, Session& session, const Journal::Run& run) {
    v1::RegisterRequest request;
    request.set_edge_id(edge_id_);
    request.set_name(options_.name);
    request.set_build(kVersion);
    request.set_http_address(options_.http_address);
    request.set_journal_id(run.id);
    request.set_epoch(run.epoch);
    v1::RegisterResponse response;
    grpc::ClientContext* context = session.NewRegistration();
    if (context == nullptr) return absl::CancelledError("stopping");
    context->set_deadline(std::chrono::system_clock::now() + kRegisterLimit);
    const grpc::Status status = stub.Register(context, request, &response);
    if (!status.ok()) return FromRpc(status);
    return response;
  }

  // --- Configuration ---

  bool SayHello(ConfigStream& stream) {
    v1::ConfigUp up;
    v1::Hello& hello = *up.mutable_hello();
    hello.set_edge_id(edge_id_);
    hello.set_build(kVersion);
    if (current_ != nullptr) {
      hello.set_lineage(current_->lineage);
      hello.set_applied_revision(current_->revision);
      hello.set_applied_digest(current_->digest);
      for (const std::string& key : MissingKeys(*current_)) hello.add_missing_keys(key);
    }
    return stream.Write(up);
  }

  void ReadConfig(ConfigStream& stream, Session& session) {
    v1::ConfigDown down;
    while (stream.Read(&down)) {
      if (down.has_status()) TellCalibrations(wire::FromProto(down.status().calibrations()));
      if (!down.has_snapshot()) continue;
      const v1::ConfigUp answer = Adopt(down.snapshot());
      const std::lock_guard lock(session.writing);
      if (!stream.Write(answer)) return;
    }
  }

  // Accept -> last-good file -> workers -> ACK; or NACK, and nothing has changed.
  v1::ConfigUp Adopt(const v1::Snapshot& offered) {
    absl::StatusOr<std::shared_ptr<const Snapshot>> accepted = Accept(offered, current_.get());
    if (!accepted.ok()) return MakeNack(offered, accepted.status());
    if (absl::Status saved = SaveLastGood(options_.state_dir, offered); !saved.ok()) {
      // Refusing it would leave this edge behind for good, since control offers a revision once.
      log::Error(
          Concat("the new configuration runs, but a restart without control will not find it: ", Message(saved)));
    }
    {
      const std::lock_guard lock(mutex_);
      current_ = *std::move(accepted);
    }
    if (options_.on_snapshot) options_.on_snapshot(current_);
    log::Info(Concat("configuration applied revision=", current_->revision));
    return MakeAck();
  }

  v1::ConfigUp MakeAck() {
    v1::ConfigUp up;
    v1::Ack& ack = *up.mutable_ack();
    ack.set_revision(current_->revision);
    ack.set_digest(current_->digest);
    for (const std::string& key : MissingKeys(*current_)) ack.add_missing_keys(key);
    return up;
  }

  v1::ConfigUp MakeNack(const v1::Snapshot& offered, const absl::Status& reason) {
    log::Error(Concat("configuration refused revision=", offered.revision(), " reason=", Message(reason)));
    v1::ConfigUp up;
    v1::Nack& nack = *up.mutable_nack();
    nack.set_revision(offered.revision());
    nack.set_digest(offered.digest());
    nack.set_still_on(current_ == nullptr ? 0 : current_->revision);
    nack.set_reason(std::string(Message(reason)));
    return up;
  }

  std::vector<std::string> MissingKeys(const Snapshot& snapshot) const {
    return options_.missing_keys ? options_.missing_keys(snapshot.policy->catalog()) : std::vector<std::string>();
  }

  // --- Heartbeat ---

  void SendStatus(ConfigStream& stream, Session& session) {
    while (!session.over) {
      if (!WriteStatus(stream, session)) return session.Cancel();
      std::unique_lock lock(mutex_);
      status_sent_ = true;
      changed_.notify_all();
      changed_.wait_for(lock, kStatusInterval, [&] { return session.over || std::exchange(status_wanted_, false); });
    }
  }

  void TellCalibrations(tokens::Calibrations calibrations) const {
    if (options_.on_calibrations && !calibrations.empty()) options_.on_calibrations(std::move(calibrations));
  }

  // So that a restart need not learn anew, also without control.
  void KeepCalibrations(tokens::Calibrations learned) {
    learned.insert(kept_calibrations_.begin(), kept_calibrations_.end());  // Models that were not asked since the start.
    if (learned == kept_calibrations_) return;
    kept_calibrations_ = std::move(learned);
    if (absl::Status saved = SaveCalibrations(options_.state_dir, kept_calibrations_); !saved.ok()) {
      log::Warn(Concat("what was learned of token counts is not kept: ", Message(saved)));
    }
  }

  bool WriteStatus(ConfigStream& stream, Session& session) {
    const EdgeCounters counters = options_.counters ? options_.counters() : EdgeCounters{};
    KeepCalibrations(counters.calibrations);
    v1::ConfigUp up;
    v1::EdgeStatus& status = *up.mutable_status();
    status.set_open_requests(counters.open_requests);
    status.set_requests_total(counters.requests_total);
    status.set_usage_pending(journal_.pending());
    status.set_draining(counters.draining);
    *status.mutable_calibrations() = wire::ToProto(kept_calibrations_);
    const std::lock_guard lock(session.writing);  // Also while keys are looked up: an ACK behind this knows better.
    AddMissingKeys(status);
    return stream.Write(up);
  }

  // Keys come and go without a new revision: the --env-file is read again.
  void AddMissingKeys(v1::EdgeStatus& status) {
    std::shared_ptr<const Snapshot> current;
    {
      const std::lock_guard lock(mutex_);
      current = current_;
    }
    if (current == nullptr) return;
    v1::MissingKeys& missing = *status.mutable_missing_keys();
    for (const std::string& key : MissingKeys(*current)) missing.add_names(key);
  }

  // So that control knows, from the moment this edge is gone, that nothing of it is still to come.
  void SendLastStatus(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (session_ == nullptr || !connected_) return;
    status_wanted_ = true;
    status_sent_ = false;
    changed_.notify_all();
    changed_.wait_until(lock, deadline, [this] { return status_sent_ || session_ == nullptr || stopping_; });
  }

  // --- Usage ---

  void ReportUsage(v1::Edge::Stub& stub, Session& session) {
    const auto stream = stub.ReportUsage(&session.usage);
    Reporter reporter(edge_id_, journal_);
    while (!session.over) {
      const std::uint64_t seen = news();
      const v1::UsageBatch* batch = reporter.Next();
      if (batch == nullptr) {
        WaitForNewsAfter(seen, session);
        continue;
      }
      v1::UsageAck ack;
      if (!stream->Write(*batch) || !stream->Read(&ack)) break;
      const std::chrono::milliseconds wait = reporter.OnAck(ack);
      Notify();
      if (wait.count() == 0) continue;
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, wait, [&] { return session.over.load(); });
    }
    session.Cancel();
    stream->Finish().IgnoreError();
  }

  // --- Waiting ---

  // `news_` counts whatever may change what a waiting thread decided on, so that nothing is missed between look and
  // wait.
  void Notify() {
    const std::lock_guard lock(mutex_);
    ++news_;
    changed_.notify_all();
  }
  std::uint64_t news() const {
    const std::lock_guard lock(mutex_);
    return news_;
  }
  void WaitForNewsAfter(std::uint64_t seen, const Session& session) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return news_ != seen || session.over; });
  }
  void WaitForNews(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    const std::uint64_t seen = news_;
    // Looks again each 100 ms: the acknowledgement may have come between the caller's look and this wait.
    changed_.wait_until(lock, std::min(deadline, Clock::now() + std::chrono::milliseconds(100)),
                        [&] { return news_ != seen; });
  }
  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const Options options_;
  const std::string edge_id_;
  Journal& journal_;
  std::shared_ptr<const Snapshot> current_;  // The link thread's; others read it under mutex_.
  tokens::Calibrations kept_calibrations_;   // As in the state directory. The status thread's.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Session* session_ = nullptr;
  bool stopping_ = false;
  bool status_wanted_ = false;
  bool status_sent_ = false;
  std::uint64_t news_ = 0;
  std::atomic<bool> connected_ = false;
  bool loss_reported_ = false;  // The link thread's.
  std::thread thread_;
};

}  // namespace

std::shared_ptr<const Snapshot> ControlLink::LoadLastGood(const std::string& state_dir) {
  return ReadLastGood(state_dir);
}

absl::StatusOr<std::unique_ptr<ControlLink>> ControlLink::Create(Options options, Journal& journal,
                                                                 std::shared_ptr<const Snapshot> last_good) {
  gpr_set_log_function(LogOfGrpc);
  if (options.control.empty()) return InvalidArgument("--control: missing, want HOST:PORT of ccp-control");
  absl::StatusOr<std::string> edge_id = ReadOrMakeEdgeId(options.state_dir);
  if (!edge_id.ok()) return edge_id.status();
  return std::make_unique<Link>(std::move(options), *std::move(edge_id), journal, std::move(last_good));
}

}  // namespace ccp::edge
