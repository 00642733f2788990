#include "edge/upstream/keys.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/upstream/env_file.h"

namespace ccp::edge {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kCheckInterval{1};  // An operator who changes a key does not wait longer than that.

std::string FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): this process sets no variables.
  return value == nullptr ? std::string() : std::string(value);
}

absl::StatusOr<EnvVariables> ReadEnvFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(path, ": cannot be opened; check --env-file and the file's permissions");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return Unavailable(path, ": cannot be read");
  auto variables = ParseEnvFile(text);
  if (!variables.ok()) return InvalidArgument(path, ": ", Message(variables.status()));
  return variables;
}

class EnvironmentOnly final : public KeyStore {
 public:
  std::string Find(std::string_view name) const override { return FromEnvironment(std::string(name)); }
};

class WithEnvFile final : public KeyStore {
 public:
  WithEnvFile(std::string path, EnvVariables variables, std::filesystem::file_time_type modified)
      : path_(std::move(path)), variables_(std::move(variables)), modified_(modified) {}

  std::string Find(std::string_view name) const override {
    std::string value = FromEnvironment(std::string(name));
    if (!value.empty()) return value;
    const std::lock_guard lock(mutex_);
    Refresh();
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string() : found->second;
  }

 private:
  void Refresh() const {
    const auto now = Clock::now();
    if (now < next_check_) return;
    next_check_ = now + kCheckInterval;
    std::error_code error;
    const auto modified = std::filesystem::last_write_time(path_, error);
    if (error) return WarnOnce(Concat(path_, ": ", error.message()));
    if (modified == modified_) return;
    modified_ = modified;
    auto variables = ReadEnvFile(path_);
    if (!variables.ok()) return WarnOnce(std::string(Message(variables.status())));
    variables_ = *std::move(variables);
    warned_ = false;
  }

  void WarnOnce(const std::string& why) const {
    if (!warned_) log::Warn(Concat("provider keys: the file is not taken over, the last good content stays: ", why));
    warned_ = true;
  }

  const std::string path_;
  mutable std::mutex mutex_;  // Held for a stat() a second and a map lookup.
  mutable EnvVariables variables_;
  mutable std::filesystem::file_time_type modified_;
  mutable Clock::time_point next_check_ = Clock::now() + kCheckInterval;
  mutable bool warned_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyStore>> KeyStore::Open(const std::string& env_file) {
  if (env_file.empty()) return std::make_unique<EnvironmentOnly>();
  std::error_code error;
  const auto modified =
      std::filesystem::last_write_time(env_file, error);  // Before reading: a change between is seen later.
  if (error) return NotFound(env_file, ": ", error.message(), "; check --env-file");
  auto variables = ReadEnvFile(env_file);
  if (!variables.ok()) return variables.status();
  return std::make_unique<WithEnvFile>(env_file, *std::move(variables), modified);
}

std::vector<std::string> MissingKeys(const config::Catalog& catalog, const KeyStore& keys) {
  std::set<std::string> missing;
  for (const config::Model& model : catalog.models) {
    const bool needed = model.auth == config::Auth::kKey && !model.api_key_name.empty();
    if (needed && keys.Find(model.api_key_name).empty()) missing.insert(model.api_key_name);
  }
  return {missing.begin(), missing.end()};
}

}  // namespace ccp::edge
