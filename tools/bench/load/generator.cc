#include "tools/bench/load/generator.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "tools/bench/load/response_reader.h"

namespace ccp::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr int kEventsAtOnce = 256;
constexpr int kSweepMillis = 250;  // How late a timeout may be noticed.

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  void Close() {
    if (open()) close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

absl::Status SystemError(std::string_view what) { return Unavailable(what, ": ", std::strerror(errno)); }

struct Connection {
  explicit Connection(const Generator::Options& options) : checker(options.kind, options.least_events, options.stamped) {}

  FileDescriptor socket;
  bool busy = false;
  std::size_t sent = 0;  // Bytes of the request.
  ResponseReader reader;
  AnswerChecker checker;
  Clock::time_point due;         // When the request should have gone out, ...
  Clock::time_point begun;       // ... when it did, ...
  Clock::time_point last_event;  // ... and what came last.
  bool answered = false;         // Its first event, or the first byte of its body, has come.
};

class EpollGenerator final : public Generator {
 public:
  explicit EpollGenerator(Options options) : options_(std::move(options)), buffer_(kReadBytes) {}

  absl::Status Prepare() {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(options_.port);
    if (inet_pton(AF_INET, options_.address.c_str(), &address_.sin_addr) != 1) {
      return InvalidArgument("address: got \"", options_.address, "\", want an IPv4 address, for example 127.0.0.1");
    }
    epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
    timer_ = FileDescriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!epoll_.open() || !timer_.open()) return SystemError("epoll or timer");
    for (int i = 0; i < options_.connections; ++i) {
      connections_.emplace_back(options_);
      free_.push_back(static_cast<std::uint32_t>(i));
    }
    return Watch(timer_.get(), kTimer, EPOLLIN);
  }

  absl::StatusOr<LoadResults> Run(const Schedule& schedule) override {
    results_ = std::make_unique<LoadResults>();
    failure_ = absl::OkStatus();
    issued_ = 0;
    start_ = Clock::now();
    schedule_ = &schedule;
    bool more = SendWhatIsDue();
    while (failure_.ok() && (more || free_.size() < connections_.size())) {
      Wait();
      more = SendWhatIsDue();
    }
    if (!failure_.ok()) return failure_;
    results_->elapsed = Clock::now() - start_;
    return std::move(*results_);
  }

 private:
  static constexpr std::uint32_t kTimer = ~std::uint32_t{0};

  absl::Status Watch(int descriptor, std::uint32_t tag, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = tag;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return SystemError("epoll_ctl");
    return absl::OkStatus();
  }

  // Sends every request that is due while a connection is free for it. False: there are no more to come.
  bool SendWhatIsDue() {
    while (failure_.ok()) {
      const Clock::time_point now = Clock::now();
      const std::optional<nanoseconds> due = schedule_->Due(issued_, now - start_);
      if (!due.has_value()) return false;
      if (free_.empty()) return true;  // It stays due, and the wait counts.
      if (start_ + *due > now) {
        SetTimer(start_ + *due);
        return true;
      }
      Issue(start_ + *due, now);
    }
    return false;
  }

  void SetTimer(Clock::time_point when) {
    const nanoseconds since_boot = when.time_since_epoch();  // steady_clock is CLOCK_MONOTONIC.
    itimerspec setting{};
    setting.it_value.tv_sec = static_cast<time_t>(since_boot.count() / 1'000'000'000);
    setting.it_value.tv_nsec = static_cast<long>(since_boot.count() % 1'000'000'000);
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr);
  }

  void Issue(Clock::time_point due, Clock::time_point now) {
    const std::uint32_t index = free_.back();
    Connection& connection = connections_[index];
    if (!connection.socket.open() && !Open(connection, index)) return;
    free_.pop_back();
    ++issued_;
    results_->lateness.Record(now - due);
    connection.busy = true;
    connection.sent = 0;
    connection.reader.Reset();
    connection.checker.Begin();
    connection.due = due;
    connection.begun = connection.last_event = now;
    connection.answered = false;
    Send(index);
  }

  bool Open(Connection& connection, std::uint32_t index) {
    connection.socket = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!connection.socket.open()) {
      failure_ = SystemError("socket");
      return false;
    }
    const int yes = 1;
    setsockopt(connection.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int failed = connect(connection.socket.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    if (failed != 0 && errno != EINPROGRESS) {
      failure_ = SystemError(Concat("connect to ", options_.address, ":", options_.port));
      return false;
    }
    failure_ = Watch(connection.socket.get(), index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    return failure_.ok();
  }

  void Send(std::uint32_t index) {
    Connection& connection = connections_[index];
    const std::string& request = options_.request;
    while (connection.sent < request.size()) {
      const ssize_t sent = send(connection.socket.get(), request.data() + connection.sent,
                                request.size() - connection.sent, MSG_NOSIGNAL);
      if (sent < 0) {
        // Whoever asks first is told that nobody listens. Not connected yet, or full: there will be an event. Broken:
        // what can still be read tells more.
        if (errno == ECONNREFUSED) Fail(index, "connection refused");
        return;
      }
      connection.sent += static_cast<std::size_t>(sent);
    }
  }

  void Wait() {
    epoll_event events[kEventsAtOnce];
    const int count = epoll_wait(epoll_.get(), events, kEventsAtOnce, kSweepMillis);
    for (int i = 0; i < count; ++i) {
      const std::uint32_t tag = events[i].data.u32;
      if (tag == kTimer) {
        std::uint64_t expirations = 0;
        if (read(timer_.get(), &expirations, sizeof expirations) < 0) continue;  // Set anew meanwhile: not due yet.
      } else {
        if (connections_[tag].busy && (events[i].events & EPOLLOUT) != 0) Send(tag);
        Receive(tag);
      }
    }
    Sweep();
  }

  void Receive(std::uint32_t index) {
    Connection& connection = connections_[index];
    while (connection.socket.open()) {
      const ssize_t received = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
      if (received < 0 && errno == EAGAIN) return;
      if (received < 0) return Ended(index, errno);
      if (received == 0) return Ended(index, 0);
      Take(index, std::string_view(buffer_.data(), static_cast<std::size_t>(received)));
    }
  }

  void Ended(std::uint32_t index, int error) {
    Connection& connection = connections_[index];
    if (connection.busy && error == ECONNREFUSED) return Fail(index, "connection refused");
    if (connection.busy)
      return Fail(index, connection.reader.begun() ? "answer cut short" : "closed without an answer");
    connection.socket.Close();
  }

  void Take(std::uint32_t index, std::string_view bytes) {
    Connection& connection = connections_[index];
    if (!connection.busy) return connection.socket.Close();  // Nothing was asked: what comes next cannot be trusted.
    const Clock::time_point now = Clock::now();
    const ResponseReader::State state = connection.reader.Feed(bytes, [&](std::string_view body) {
      results_->body_bytes += static_cast<std::int64_t>(body.size());
      Note(connection, connection.checker.Feed(body), now);
      for (const std::int64_t stamp : connection.checker.stamps()) {
        results_->transit.Record(now.time_since_epoch() - nanoseconds(stamp));
      }
    });
    if (state == ResponseReader::State::kMalformed) return Fail(index, "malformed HTTP");
    if (state == ResponseReader::State::kComplete) Complete(index, now);
  }

  // `events`: how many have just come; of a whole answer none, and then its first byte stands for the first event.
  void Note(Connection& connection, std::int64_t events, Clock::time_point now) {
    if (options_.kind == AnswerChecker::Kind::kStream && events == 0) return;
    results_->events += events;
    if (!connection.answered) {
      connection.answered = true;
      results_->first_event.Record(now - connection.due);
      connection.last_event = now;
      --events;
    }
    for (; events > 0; --events) {
      results_->event_gap.Record(now - connection.last_event);
      connection.last_event = now;
    }
  }

  void Complete(std::uint32_t index, Clock::time_point now) {
    Connection& connection = connections_[index];
    const std::string_view problem = connection.checker.Verdict(connection.reader.http_status());
    if (!problem.empty()) return Fail(index, problem);
    results_->latency.Record(now - connection.due);
    ++results_->right;
    Release(index);
    if (!connection.reader.keep_alive()) connection.socket.Close();
  }

  // The connection is closed: after a wrong answer nobody knows what comes next.
  void Fail(std::uint32_t index, std::string_view problem) {
    ++results_->wrong[std::string(problem)];
    connections_[index].socket.Close();
    Release(index);
  }

  void Release(std::uint32_t index) {
    connections_[index].busy = false;
    free_.push_back(index);
  }

  void Sweep() {
    const Clock::time_point now = Clock::now();
    if (now < next_sweep_) return;
    next_sweep_ = now + std::chrono::milliseconds(kSweepMillis);
    for (std::uint32_t i = 0; i < connections_.size(); ++i) {
      if (connections_[i].busy && now - connections_[i].begun > options_.timeout) Fail(i, "timed out");
    }
  }

  Options options_;
  sockaddr_in address_{};
  FileDescriptor epoll_;
  FileDescriptor timer_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> free_;  // Connections without a request, open or not. A stack, so that few stay warm.
  std::vector<char> buffer_;

  // Of the current run.
  const Schedule* schedule_ = nullptr;
  Clock::time_point start_;
  Clock::time_point next_sweep_;
  std::int64_t issued_ = 0;
  std::unique_ptr<LoadResults> results_;
  absl::Status failure_;
};

}  // namespace

std::int64_t LoadResults::wrong_count() const {
  std::int64_t count = 0;
  for (const auto& [problem, times] : wrong) count += times;
  return count;
}

absl::StatusOr<std::unique_ptr<Generator>> Generator::Make(Options options) {
  auto generator = std::make_unique<EpollGenerator>(std::move(options));
  if (absl::Status status = generator->Prepare(); !status.ok()) return status;
  return generator;
}

}  // namespace ccp::bench
