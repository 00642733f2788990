// Exactly-once ingest of usage: what edges report becomes rows, each once, however often it is sent.
//
// Batches that wait while the store is busy share the next transaction. An acknowledgement goes out only after the
// transaction that holds rows and cursor is on disk.
// Threading: Submit() is thread-safe; answers come on the store's writer thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/usage/record.h"
#include "control/store/store.h"
#include "control/task_thread.h"

namespace ccp::control {

struct UsageReport {
  LedgerKey key;
  std::uint64_t first_seq = 0;
  std::uint64_t oldest_seq = 0;        // What the edge still holds. 0: it did not say.
  std::vector<usage::Record> records;  // Contiguous from first_seq.
};

struct UsageAnswer {
  enum class Code : std::uint8_t { kOk, kGap, kOverloaded };
  Code code = Code::kOk;
  std::uint64_t acked_seq = 0;
  std::chrono::milliseconds retry_after{0};
};

// Adds what is new of one report to the store; to be run inside a transaction. kFailedPrecondition: the edge never
// registered this epoch.
absl::StatusOr<UsageAnswer> Ingest(StoreWriter& store, const UsageReport& report, std::int64_t now_us);

// Control's name for a journal: the one it has, or the edge's next free epoch. To be run inside a transaction.
absl::StatusOr<std::uint64_t> EpochFor(StoreWriter& store, std::string_view edge_id, std::string_view journal_id,
                                       std::int64_t now_us);

class Ledger {
 public:
  using Answer = std::function<void(absl::StatusOr<UsageAnswer>)>;

  Ledger(StoreWriter& store, TaskThread& writer, std::function<std::int64_t()> now_us)
      : store_(store), writer_(writer), now_us_(std::move(now_us)) {}

  void Submit(UsageReport report, Answer answer);

 private:
  struct Waiting {
    UsageReport report;
    Answer answer;
  };
  void IngestWaiting();

  StoreWriter& store_;
  TaskThread& writer_;
  std::function<std::int64_t()> now_us_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
};

}  // namespace ccp::control
