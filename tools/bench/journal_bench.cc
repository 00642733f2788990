#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "edge/usage/journal.h"

namespace ccp::bench {
namespace {

// Where benchmarks leave files: on a disk, as the journal's are, if TMPDIR names one.
class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ccp_bench_XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~Directory() {
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }  // Empty: none could be made.

 private:
  std::string path_;
};

usage::Record TypicalAttempt() {
  usage::Record record;
  record.request_id = "req_0123456789abcdefghijklmn";
  record.model = record.upstream_model = "qwen3-coder-480b";
  record.provider = "openrouter";
  record.requested_model = "claude-sonnet-4-5";
  record.route = "default";
  record.session = "7d2f9a0c-5b1e-4c6f-9a65-3a1f6a0c4c11";
  record.config_revision = 12;
  record.started_us = 1'760'000'000'000'000;
  record.streamed = true;
  return record;
}

usage::Record Answered(usage::Record record) {
  record.winner = true;
  record.tokens = {1'200, 28'000, 0, 350, 0};
  record.quality = usage::Quality::kReported;
  record.outcome = usage::Outcome::kOk;
  record.duration_us = 8'000'000;
  record.first_byte_us = 900'000;
  record.cost_nano_usd = 4'200'000;
  record.http_status = 200;
  record.upstream_request_id = "gen-1760000000-abcdefghij";
  return record;
}

// What each upstream attempt pays for its two rows; each is one write(). Syncing goes on beside it, on its own thread.
void BM_JournalAppend(benchmark::State& state) {
  const Directory directory;
  const auto journal = edge::Journal::Open(directory.path());
  if (!journal.ok()) return state.SkipWithError(std::string(journal.status().message()).c_str());
  const usage::Record opening = TypicalAttempt();
  const usage::Record closing = Answered(opening);
  for (auto _ : state) (*journal)->Close((*journal)->Open(opening), closing);
}
BENCHMARK(BM_JournalAppend);

}  // namespace
}  // namespace ccp::bench
