#include "edge/app/worker.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/app/freed_memory.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// So often a worker looks whether there is memory to return, which takes some milliseconds.
constexpr std::chrono::seconds kMemoryCheck{5};

// So many open requests are a burst: what they took is worth returning when half of them are gone.
constexpr std::uint64_t kBurst = 256;

// The loop of a worker that was never started may run so long to let go of what it holds. That of any other runs until
// everything that was cut has unwound.
constexpr std::chrono::seconds kUnwindTime{3};

// How often a worker tells what it learned of token counts.
constexpr std::chrono::seconds kTellInterval{2};

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(WorkerOptions options) {
  std::unique_ptr<Worker> worker(new Worker(std::move(options)));
  if (const absl::Status status = worker->Bind(); !status.ok()) return status;
  return worker;
}

Worker::Worker(WorkerOptions options) : options_(std::move(options)) {}

Worker::~Worker() { Stop(); }

absl::Status Worker::Bind() {
  UpstreamClient::Options upstream_options = UpstreamClient::OptionsFromEnvironment();
  upstream_options.room_for_idle = [this] { return options_.connections - std::min(options_.connections, open_requests()); };
  auto upstream = UpstreamClient::Create(loop_, std::move(upstream_options));
  if (!upstream.ok()) return upstream.status();
  upstream_ = *std::move(upstream);
  context_.upstream = upstream_.get();
  context_.keys = options_.keys;
  context_.usage = options_.usage;
  context_.offload = &offload_;
  context_.snapshot = options_.snapshot;
  context_.collect_metrics = options_.collect_metrics;
  context_.host_names = options_.host_names;
  context_.host_names.push_back(options_.listen.host);
  context_.allowed_origins = options_.allowed_origins;

  HttpServer::Options http;
  http.address = options_.listen.host;
  http.port = options_.listen.port;
  http.reuse_port = true;
  http.limits = options_.limits;
  http.gate = options_.gate;
  http.tls = options_.tls;
  http.error_body = [this](const RequestError& error) { return api_.RefusedByServer(error); };
  http.on_handler_end = [this] { OnHandled(); };
  http.on_quiet = [this] {
    drained_.store(true, std::memory_order_relaxed);
    options_.on_drained();
  };
  auto server = HttpServer::Listen(loop_, std::move(http), [this](HttpRequest& request, ResponseWriter& response) {
    return Handle(request, response);
  });
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

void Worker::Start() {
  server_->Start();
  asio::co_spawn(loop_, ReturnMemory(), asio::detached);
  thread_ = std::thread([this] { loop_.run(); });
}

void Worker::Adopt(std::shared_ptr<const Snapshot> snapshot) {
  asio::post(loop_, [this, snapshot = std::move(snapshot)]() mutable { context_.snapshot = std::move(snapshot); });
}

void Worker::UseTls(std::shared_ptr<const TlsIdentity> identity) {
  asio::post(loop_, [this, identity = std::move(identity)]() mutable {
    if (server_ != nullptr) server_->UseTls(std::move(identity));
  });
}

void Worker::UseVocabulary(std::shared_ptr<const tokens::Vocabulary> vocabulary) {
  asio::post(loop_, [this, vocabulary = std::move(vocabulary)]() mutable {
    vocabulary_ = std::move(vocabulary);
    context_.vocabulary = vocabulary_.get();
  });
}

void Worker::Share(tokens::Calibrations calibrations) {
  asio::post(loop_, [this, calibrations = std::move(calibrations)]() mutable {
    context_.calibrations.Share(std::move(calibrations));
  });
}

// Others need to know it within seconds, not at once.
void Worker::TellWhatWasLearned() {
  const tokens::CalibrationBook& book = context_.calibrations;
  if (book.version() == told_version_ || !options_.on_learned) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < told_at_ + kTellInterval) return;
  told_version_ = book.version();
  told_at_ = now;
  options_.on_learned(book.learned());
}

void Worker::Drain() {
  asio::post(loop_, [this] {
    context_.draining = true;
    server_->StopAccepting();
  });
}

void Worker::Stop() {
  if (server_ == nullptr) return;
  asio::post(loop_, [this] {
    last_metrics_ = CurrentMetrics();
    last_metrics_.open_connections = last_metrics_.open_requests = 0;
    server_.reset();
    upstream_->CloseIdle();
    idle_timer_.cancel();
    const std::lock_guard lock(stopping_);
    work_.reset();
  });
  if (!thread_.joinable()) thread_ = std::thread([this] { loop_.run_for(kUnwindTime); });
  thread_.join();
  offload_.Join();  // What the loop did not wait for: memory to be freed.
}

// The allocator keeps what a burst of requests took, for the next one. Once nothing has happened for a while, or most of
// many requests are gone, the system gets it back.
Awaitable<void> Worker::ReturnMemory() {
  std::uint64_t seen = 0;       // Requests at the last look.
  std::uint64_t returned = 0;   // Requests when memory was last given back.
  std::uint64_t most_open = 0;  // At one look, since then.
  while (true) {
    idle_timer_.expires_after(kMemoryCheck);
    const auto [stopped] = co_await idle_timer_.async_wait(kAwaitTuple);
    if (stopped) co_return;
    const std::uint64_t total = requests_total();
    const std::uint64_t open = open_requests();
    const bool idle = total == std::exchange(seen, total) && open == 0;
    most_open = std::max(most_open, open);
    const bool fallen = most_open >= kBurst && open < most_open / 2;
    if (!fallen && (!idle || total == returned)) continue;
    ReturnFreedMemory();
    offload_.ReturnMemory();
    returned = total;
    most_open = open;
  }
}

// A loop that has ended would never answer, and one that waits for it would never end. Cancelling does not reach over: Asio
// would use the cancellation's memory, which is the asker's, on the other thread.
Awaitable<Metrics> Worker::ReadMetrics() {
  const std::optional<Work> until_answered = KeepRunning();
  if (!until_answered) co_return last_metrics_;
  const asio::cancellation_slot none;
  co_return co_await asio::co_spawn(loop_, CopyMetrics(), asio::bind_cancellation_slot(none, kAwait));
}

std::optional<Worker::Work> Worker::KeepRunning() {
  const std::lock_guard lock(stopping_);
  return work_.owns_work() ? std::optional<Work>(work_) : std::nullopt;
}

Awaitable<Metrics> Worker::CopyMetrics() { co_return server_ == nullptr ? last_metrics_ : CurrentMetrics(); }

Metrics Worker::CurrentMetrics() const {
  Metrics metrics = context_.metrics;
  metrics.open_connections = server_->open_connections();
  metrics.open_requests = server_->busy_connections();
  const DroppedConnections dropped = server_->dropped_connections();
  metrics.dropped = {dropped.full, dropped.address_full, dropped.displaced, dropped.slow};
  return metrics;
}

Awaitable<void> Worker::Handle(HttpRequest& request, ResponseWriter& response) {
  open_requests_.fetch_add(1, std::memory_order_relaxed);
  requests_total_.fetch_add(1, std::memory_order_relaxed);
  return api_.Handle(request, response);
}

void Worker::OnHandled() {
  TellWhatWasLearned();
  open_requests_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace ccp::edge
