#include "control/ledger.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"

namespace ccp::control {
namespace {

constexpr std::size_t kMaxWaiting = 1'000;
constexpr std::chrono::milliseconds kRetryAfter{1'000};

UsageAnswer Overloaded() { return {UsageAnswer::Code::kOverloaded, 0, kRetryAfter}; }

// One wrong counter must not make every sum of the fleet overflow.
usage::Record Plausible(usage::Record record) {
  constexpr std::int64_t kMaxTokens = 1'000'000'000'000;
  for (std::int64_t* count : {&record.tokens.input, &record.tokens.cache_read, &record.tokens.cache_write,
                              &record.tokens.output, &record.tokens.reasoning}) {
    *count = std::clamp<std::int64_t>(*count, 0, kMaxTokens);
  }
  if (record.cost_nano_usd) {
    constexpr std::int64_t kMaxCost = 1'000'000'000'000'000;  // A million USD for one attempt.
    record.cost_nano_usd = std::clamp<std::int64_t>(*record.cost_nano_usd, 0, kMaxCost);
  }
  return record;
}

}  // namespace

absl::StatusOr<UsageAnswer> Ingest(StoreWriter& store, const UsageReport& report, std::int64_t now_us) {
  absl::StatusOr<std::optional<CursorRow>> cursor = store.FindCursor(report.key);
  if (!cursor.ok()) return cursor.status();
  if (!cursor->has_value()) {
    return absl::FailedPreconditionError(
        Concat("usage: epoch ", report.key.epoch, " of edge ", report.key.edge_id, " is unknown here; register first"));
  }
  std::uint64_t acked = (*cursor)->acked_seq;
  std::uint64_t lost = (*cursor)->lost;
  if (report.first_seq > acked + 1) {
    if (report.first_seq != report.oldest_seq) return UsageAnswer{UsageAnswer::Code::kGap, acked, {}};
    // The edge no longer has what is missing. Waiting for it would keep all that follows out as well.
    lost += report.first_seq - acked - 1;
    acked = report.first_seq - 1;
  }

  std::uint64_t seq = report.first_seq;
  for (const usage::Record& record : report.records) {
    if (seq > acked) {
      if (absl::Status status = store.AddUsage(report.key, seq, Plausible(record)); !status.ok()) return status;
    }
    ++seq;
  }
  acked = std::max(acked, seq - 1);
  if (acked == (*cursor)->acked_seq) return UsageAnswer{UsageAnswer::Code::kOk, acked, {}};
  if (absl::Status status = store.MoveCursor(report.key, acked, lost, now_us); !status.ok()) return status;
  return UsageAnswer{UsageAnswer::Code::kOk, acked, {}};
}

absl::StatusOr<std::uint64_t> EpochFor(StoreWriter& store, std::string_view edge_id, std::string_view journal_id,
                                       std::int64_t now_us) {
  absl::StatusOr<std::vector<CursorRow>> cursors = store.Cursors(edge_id);
  if (!cursors.ok()) return cursors.status();
  std::uint64_t epoch = 1;
  for (const CursorRow& cursor : *cursors) {
    if (cursor.journal_id == journal_id) return cursor.epoch;
    epoch = std::max(epoch, cursor.epoch + 1);
  }
  const CursorRow fresh{epoch, std::string(journal_id), 0, 0};
  if (absl::Status status = store.AddCursor(edge_id, fresh, now_us); !status.ok()) return status;
  return epoch;
}

void Ledger::Submit(UsageReport report, Answer answer) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMaxWaiting) {
      first = waiting_.empty();
      waiting_.push_back({std::move(report), std::move(answer)});
      answer = nullptr;
    }
  }
  if (answer) answer(Overloaded());
  if (first) writer_.Post([this] { IngestWaiting(); });
}

void Ledger::IngestWaiting() {
  std::vector<Waiting> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(waiting_);
  }
  std::vector<absl::StatusOr<UsageAnswer>> answers(batch.size(), absl::StatusOr<UsageAnswer>(UsageAnswer{}));
  const absl::Status stored = store_.Transaction([&]() -> absl::Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      answers[i] = Ingest(store_, batch[i].report, now_us_());
      // An unknown epoch wrote nothing and is that edge's affair; anything else spoils the transaction.
      if (!answers[i].ok() && !absl::IsFailedPrecondition(answers[i].status())) return answers[i].status();
    }
    return absl::OkStatus();
  });
  if (!stored.ok()) log::Error(Concat("usage: not stored, edges will send again: ", Message(stored)));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].answer(stored.ok() ? std::move(answers[i]) : absl::StatusOr<UsageAnswer>(Overloaded()));
  }
}

}  // namespace ccp::control
