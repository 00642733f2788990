#include "edge/app/certificate_watch.h"

#include <sys/stat.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kInterval{1};

// Differs when a file was written or replaced.
using FileStamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;
using Stamps = std::array<FileStamp, 2>;

FileStamp StampOf(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string Day(std::int64_t unix_s) {
  const std::time_t time = unix_s;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

void Report(const TlsIdentity& identity) {
  const std::string expiry = Day(identity.expires_unix_s());
  log::Info(Concat("certificate in use subject=\"", identity.subject(), "\" expires=", expiry));
  if (identity.expires_unix_s() < std::time(nullptr)) log::Warn(Concat("the certificate expired on ", expiry, ": clients refuse it"));
}

class Watch final : public CertificateWatch {
 public:
  explicit Watch(TlsIdentity::Files files) : files_(std::move(files)) {}

  ~Watch() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status LoadFirst() {
    seen_ = tried_ = Look();
    auto identity = TlsIdentity::Load(files_);
    if (!identity.ok()) return identity.status();
    current_ = *std::move(identity);
    Report(*current_);
    return absl::OkStatus();
  }

  std::shared_ptr<const TlsIdentity> current() const override { return current_; }

  void Start(OnChange on_change) override {
    on_change_ = std::move(on_change);
    AwaitHangup();
    AwaitInterval();
    thread_ = std::thread([this] { loop_.run(); });
  }

 private:
  Stamps Look() const { return {StampOf(files_.certificate), StampOf(files_.key)}; }

  void AwaitHangup() {
    hangup_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      log::Info("SIGHUP: reading the certificate again");
      Reload();
      AwaitHangup();
    });
  }

  void AwaitInterval() {
    timer_.expires_after(kInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      ReloadIfChanged();
      AwaitInterval();
    });
  }

  // Certificate and key are written one after the other: only what stayed as it is for a whole interval is read.
  void ReloadIfChanged() {
    const Stamps now = Look();
    const bool settled = now == std::exchange(seen_, now);
    if (settled && now != tried_) Reload();
  }

  void Reload() {
    tried_ = Look();
    auto identity = TlsIdentity::Load(files_);
    if (!identity.ok()) {
      return log::Warn(Concat("the new certificate is not used, the old one stays: ", Message(identity.status())));
    }
    Report(**identity);
    on_change_(*std::move(identity));
  }

  TlsIdentity::Files files_;
  std::shared_ptr<const TlsIdentity> current_;
  OnChange on_change_;
  Stamps seen_;   // At the last look.
  Stamps tried_;  // When the files were read last.
  asio::io_context loop_{1};
  asio::signal_set hangup_{loop_, SIGHUP};
  Timer timer_{loop_};
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<CertificateWatch>> CertificateWatch::Create(TlsIdentity::Files files) {
  auto watch = std::make_unique<Watch>(std::move(files));
  if (const absl::Status status = watch->LoadFirst(); !status.ok()) return status;
  return watch;
}

}  // namespace ccp::edge
