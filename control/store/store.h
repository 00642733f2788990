// What control remembers: revisions, edges, and the usage ledger. The interface; sqlite_store.h implements it.
//
// Threading: two sides, each for one thread at a time. Writer methods and Reader methods may run at the same time.
// Errors: kUnavailable when the database refuses (disk full, I/O); kAborted when a revision number is taken.
// Units: times are Unix microseconds, money nano-USD.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/usage/record.h"

namespace ccp::control {

// Minted with the database.
struct Identity {
  std::string lineage;       // 16 bytes.
  std::string fleet_secret;  // 32 bytes. Never shown.
};

struct RevisionRow {
  std::uint64_t revision = 0;
  std::string digest;   // SHA-256 of catalog.
  std::string catalog;  // A serialized ccp.v1.Catalog.
  std::string source;   // models.yaml as written.
  std::string file_name;
  std::string message;
  std::uint64_t rollback_of = 0;
  std::int64_t created_us = 0;
};

// An edge that has registered once.
struct EdgeRow {
  std::string edge_id;
  std::string name;
  std::string build;
  std::string http_address;
  std::int64_t first_seen_us = 0;
  std::int64_t last_seen_us = 0;
  std::uint64_t applied_revision = 0;
  std::string rejected_digest;  // What `rejected_build` refused; empty: nothing.
  std::string rejected_build;
  std::string nack_reason;
  std::uint64_t usage_pending = 0;    // As it last said.
  std::int64_t usage_current_us = 0;  // When it last had nothing pending.
  bool draining = false;              // Its last word was that it is going away.
};

// How far the ledger has one journal of an edge. `epoch` is control's name for it.
struct CursorRow {
  std::uint64_t epoch = 0;
  std::string journal_id;
  std::uint64_t acked_seq = 0;
  std::uint64_t lost = 0;  // Records the edge no longer had when control asked for them.
};

struct LedgerKey {
  std::string edge_id;
  std::uint64_t epoch = 0;
};

// One line of a usage report, and its sum.
struct UsageSum {
  std::map<std::string, std::string> group;
  std::int64_t requests = 0;
  std::int64_t attempts = 0;
  std::int64_t errors = 0;
  usage::Tokens tokens;
  std::int64_t cost_nano_usd = 0;
  std::int64_t unpriced_attempts = 0;
  std::int64_t estimated_attempts = 0;
  bool operator==(const UsageSum&) const = default;
};

// All of them together, without a group: each attempt is in one group of those that it was summed by.
UsageSum AddUp(const std::vector<UsageSum>& sums);

struct UsageQuery {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;             // Exclusive.
  std::vector<std::string> group_by;  // Of GroupNames().
  std::int64_t zone_offset_us = 0;    // Added to UTC before a day is cut.
};

struct LedgerAttempt {
  std::string edge_id;
  usage::Record record;
};

class StoreWriter {
 public:
  virtual ~StoreWriter() = default;
  // Runs `body` in one transaction, synced to disk when it returns. An error of `body` rolls back and is returned.
  virtual absl::Status Transaction(const std::function<absl::Status()>& body) = 0;

  virtual absl::StatusOr<std::optional<RevisionRow>> Head() = 0;
  virtual absl::StatusOr<std::optional<RevisionRow>> FindRevision(std::uint64_t revision) = 0;
  virtual absl::Status AddRevision(const RevisionRow& row) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindAnswer(std::string_view idempotency_key) = 0;
  virtual absl::Status AddAnswer(std::string_view idempotency_key, std::string_view answer, std::int64_t now_us) = 0;

  virtual absl::StatusOr<std::vector<EdgeRow>> Edges() = 0;
  virtual absl::Status PutEdge(const EdgeRow& row) = 0;

  virtual absl::StatusOr<std::vector<CursorRow>> Cursors(std::string_view edge_id) = 0;
  virtual absl::StatusOr<std::optional<CursorRow>> FindCursor(const LedgerKey& key) = 0;
  virtual absl::Status AddCursor(std::string_view edge_id, const CursorRow& row, std::int64_t now_us) = 0;
  virtual absl::Status MoveCursor(const LedgerKey& key, std::uint64_t acked_seq, std::uint64_t lost,
                                  std::int64_t now_us) = 0;
  virtual absl::Status AddUsage(const LedgerKey& key, std::uint64_t seq, const usage::Record& record) = 0;
};

class StoreReader {
 public:
  virtual ~StoreReader() = default;
  virtual absl::StatusOr<std::optional<RevisionRow>> ReadRevision(std::uint64_t revision) = 0;  // 0: the head.
  // Newest first, without catalog and source.
  virtual absl::StatusOr<std::vector<RevisionRow>> ReadRevisions(std::uint32_t limit) = 0;
  virtual absl::StatusOr<std::vector<UsageSum>> SumUsage(const UsageQuery& query) = 0;  // Ordered by group.
  virtual absl::StatusOr<std::uint64_t> CountLost() = 0;  // Records that no edge has any more; of all journals.
  virtual absl::StatusOr<std::vector<LedgerAttempt>> ReadRequest(std::string_view request_id) = 0;
};

class Store : public StoreWriter, public StoreReader {
 public:
  virtual const Identity& identity() const = 0;
};

// What `group_by` may name.
const std::vector<std::string>& GroupNames();

}  // namespace ccp::control
