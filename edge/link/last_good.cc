#include "edge/link/last_good.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/calibrations.h"
#include "edge/link/accept.h"

namespace ccp::edge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "CCPLKG1\n";
constexpr std::size_t kDigestBytes = 32;

absl::Status Failed(std::string_view what, const std::string& path) {
  return Unavailable("state directory: cannot ", what, " ", path, ": ", std::strerror(errno));
}

absl::Status WriteSynced(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("create", path);
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  const bool whole = written == bytes.size() && ::fsync(fd) == 0;
  absl::Status status = whole ? absl::OkStatus() : Failed("write", path);
  ::close(fd);
  return status;
}

absl::Status SyncDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", path);
  absl::Status status = ::fsync(fd) == 0 ? absl::OkStatus() : Failed("sync", path);
  ::close(fd);
  return status;
}

absl::Status Rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : Failed("rename to", to);
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Decode(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kDigestBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return InvalidArgument("not a last-good file");
  }
  const std::string_view body = bytes.substr(kMagic.size() + kDigestBytes);
  if (Sha256(body) != bytes.substr(kMagic.size(), kDigestBytes)) return InvalidArgument("damaged: wrong checksum");
  v1::Snapshot snapshot;
  if (!snapshot.ParseFromArray(body.data(), static_cast<int>(body.size()))) return InvalidArgument("cannot be read");
  return Accept(snapshot, nullptr);
}

}  // namespace

absl::Status SaveLastGood(const std::string& state_dir, const v1::Snapshot& snapshot) {
  const std::string path = state_dir + "/last-good";
  const std::string body = snapshot.SerializeAsString();
  if (absl::Status status = WriteSynced(path + ".new", Concat(kMagic, Sha256(body), body)); !status.ok()) return status;
  // Between the two renames there is no `last-good`; `last-good.previous` then is what a start finds.
  if (fs::exists(path)) {
    if (absl::Status status = Rename(path, path + ".previous"); !status.ok()) return status;
  }
  if (absl::Status status = Rename(path + ".new", path); !status.ok()) return status;
  return SyncDirectory(state_dir);
}

std::shared_ptr<const Snapshot> ReadLastGood(const std::string& state_dir) {
  for (const std::string& path : {state_dir + "/last-good", state_dir + "/last-good.previous"}) {
    const std::optional<std::string> bytes = ReadFile(path);
    if (!bytes) continue;
    absl::StatusOr<std::shared_ptr<const Snapshot>> snapshot = Decode(*bytes);
    if (snapshot.ok()) return *std::move(snapshot);
    log::Error(Concat("last-good configuration passed over path=", path, " reason=", Message(snapshot.status())));
  }
  return nullptr;
}

absl::Status SaveCalibrations(const std::string& state_dir, const tokens::Calibrations& calibrations) {
  v1::TokenCalibrations kept;
  *kept.mutable_models() = wire::ToProto(calibrations);
  const std::string path = state_dir + "/token-calibration";
  if (absl::Status status = WriteSynced(path + ".new", kept.SerializeAsString()); !status.ok()) return status;
  return Rename(path + ".new", path);
}

tokens::Calibrations ReadCalibrations(const std::string& state_dir) {
  const std::optional<std::string> bytes = ReadFile(state_dir + "/token-calibration");
  v1::TokenCalibrations kept;
  if (!bytes || !kept.ParseFromString(*bytes)) return {};
  return wire::FromProto(kept.models());
}

absl::StatusOr<std::string> ReadOrMakeEdgeId(const std::string& state_dir) {
  std::error_code error;
  fs::create_directories(state_dir, error);
  if (error) return Unavailable("state directory: cannot create ", state_dir, ": ", error.message());
  const std::string path = state_dir + "/edge-id";
  if (const std::optional<std::string> known = ReadFile(path); known && !Trim(*known).empty()) {
    return std::string(Trim(*known));
  }
  const std::string edge_id = NewId("edge_");
  if (absl::Status status = WriteSynced(path + ".new", edge_id + "\n"); !status.ok()) return status;
  if (absl::Status status = Rename(path + ".new", path); !status.ok()) return status;
  if (absl::Status status = SyncDirectory(state_dir); !status.ok()) return status;
  return edge_id;
}

}  // namespace ccp::edge
