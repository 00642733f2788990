#include "control/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "control/store/schema.h"
#include "control/store/sqlite.h"

namespace ccp::control {
namespace {

using sqlite::Database;
using sqlite::Row;
using sqlite::Value;

constexpr std::size_t kLineageBytes = 16;
constexpr std::size_t kFleetSecretBytes = 32;

// --- Grouping a usage report ---

struct Grouping {
  std::string_view name;
  // ?1 is the zone offset in microseconds.
  std::string_view expression;
};

#define CCP_LOCAL_SECONDS "(started_us + ?1) / 1000000, 'unixepoch'"
constexpr Grouping kGroupings[] = {
    {"hour", "strftime('%Y-%m-%dT%H:00', " CCP_LOCAL_SECONDS ")"},
    {"day", "date(" CCP_LOCAL_SECONDS ")"},
    {"week", "date(" CCP_LOCAL_SECONDS ", 'weekday 0', '-6 days')"},  // Named by its Monday.
    {"month", "strftime('%Y-%m', " CCP_LOCAL_SECONDS ")"},
    {"model", "model"},
    {"provider", "provider"},
    {"upstream_model", "upstream_model"},
    {"requested_model", "requested_model"},
    {"route", "route"},
    {"session", "session"},
    {"outcome", "outcome"},
    {"edge", "coalesce(nullif((SELECT name FROM edge WHERE edge.edge_id = usage_ledger.edge_id), ''), edge_id)"},
};
#undef CCP_LOCAL_SECONDS

const Grouping* FindGrouping(std::string_view name) {
  const auto* found = std::find_if(std::begin(kGroupings), std::end(kGroupings),
                                   [&](const Grouping& grouping) { return grouping.name == name; });
  return found == std::end(kGroupings) ? nullptr : found;
}

// 1 = Outcome::kOk, 3 = kClientCancelled: a client that leaves is not an error. 3 = Quality::kEstimated.
static_assert(static_cast<int>(usage::Outcome::kOk) == 1 && static_cast<int>(usage::Outcome::kClientCancelled) == 3);
static_assert(static_cast<int>(usage::Quality::kEstimated) == 3);
constexpr std::string_view kSums =
    "sum(winner), sum(attempt > 0), sum(winner AND outcome NOT IN (1, 3)), sum(input), sum(cache_read), "
    "sum(cache_write), sum(output), sum(reasoning), sum(coalesce(cost_nano_usd, 0)), "
    "sum(cost_nano_usd IS NULL AND input + cache_read + cache_write + output > 0), sum(quality = 3)";

std::string UsageSql(const UsageQuery& query) {
  std::string columns, keys;
  for (std::size_t i = 0; i < query.group_by.size(); ++i) {
    columns += Concat(FindGrouping(query.group_by[i])->expression, ", ");
    keys += Concat(i == 0 ? "" : ", ", i + 1);
  }
  // ?1 appears in every form of the statement, so that the parameters are always three.
  std::string sql = Concat("SELECT ", columns, kSums,
                           " FROM usage_ledger WHERE ?1 IS NOT NULL AND started_us >= ?2 AND ", "started_us < ?3");
  if (!keys.empty()) sql += Concat(" GROUP BY ", keys, " ORDER BY ", keys);
  return sql;
}

UsageSum ReadSum(const Row& row, const std::vector<std::string>& group_by) {
  UsageSum sum;
  int column = 0;
  for (const std::string& name : group_by) {
    std::string& value = sum.group[name];
    value = name == "outcome" ? std::string(usage::OutcomeName(static_cast<usage::Outcome>(row.Integer(column))))
                              : row.Bytes(column);
    ++column;
  }
  const auto next = [&] { return row.Integer(column++); };
  sum.requests = next();
  sum.attempts = next();
  sum.errors = next();
  sum.tokens.input = next();
  sum.tokens.cache_read = next();
  sum.tokens.cache_write = next();
  sum.tokens.output = next();
  sum.tokens.reasoning = next();
  sum.cost_nano_usd = next();
  sum.unpriced_attempts = next();
  sum.estimated_attempts = next();
  return sum;
}

// --- Rows ---

constexpr std::string_view kRevisionColumns =
    "revision, digest, created_us, message, file_name, rollback_of, catalog, source";

RevisionRow ReadRevisionRow(const Row& row) {
  RevisionRow out;
  out.revision = row.Unsigned(0);
  out.digest = row.Bytes(1);
  out.created_us = row.Integer(2);
  out.message = row.Bytes(3);
  out.file_name = row.Bytes(4);
  out.rollback_of = row.Unsigned(5);
  out.catalog = row.Bytes(6);
  out.source = row.Bytes(7);
  return out;
}

EdgeRow ReadEdgeRow(const Row& row) {
  EdgeRow out;
  out.edge_id = row.Bytes(0);
  out.name = row.Bytes(1);
  out.build = row.Bytes(2);
  out.http_address = row.Bytes(3);
  out.first_seen_us = row.Integer(4);
  out.last_seen_us = row.Integer(5);
  out.applied_revision = row.Unsigned(6);
  out.rejected_digest = row.Bytes(7);
  out.rejected_build = row.Bytes(8);
  out.nack_reason = row.Bytes(9);
  out.usage_pending = row.Unsigned(10);
  out.usage_current_us = row.Integer(11);
  out.draining = row.Integer(12) != 0;
  return out;
}

LedgerAttempt ReadAttempt(const Row& row) {
  LedgerAttempt out;
  usage::Record& record = out.record;
  int column = 0;
  const auto integer = [&] { return row.Integer(column++); };
  const auto text = [&] { return row.Bytes(column++); };
  out.edge_id = text();
  record.request_id = text();
  record.attempt = static_cast<std::uint32_t>(integer());
  record.winner = integer() != 0;
  record.model = text();
  record.provider = text();
  record.upstream_model = text();
  record.requested_model = text();
  record.route = text();
  record.tokens.input = integer();
  record.tokens.cache_read = integer();
  record.tokens.cache_write = integer();
  record.tokens.output = integer();
  record.tokens.reasoning = integer();
  record.quality = static_cast<usage::Quality>(integer());
  record.outcome = static_cast<usage::Outcome>(integer());
  record.started_us = integer();
  record.duration_us = integer();
  record.first_byte_us = integer();
  record.config_revision = static_cast<std::uint64_t>(integer());
  if (row.IsNull(column)) {
    ++column;
  } else {
    record.cost_nano_usd = integer();
  }
  record.http_status = static_cast<int>(integer());
  record.error = text();
  record.streamed = integer() != 0;
  if (const std::string losses = text(); !losses.empty()) {
    for (const std::string_view loss : Split(losses, ' ')) record.losses.emplace_back(loss);
  }
  record.session = text();
  record.upstream_request_id = text();
  return out;
}

constexpr std::string_view kUsageColumns =
    "edge_id, request_id, attempt, winner, model, provider, upstream_model, requested_model, route, input, cache_read, "
    "cache_write, output, reasoning, quality, outcome, started_us, duration_us, first_byte_us, config_revision, "
    "cost_nano_usd, http_status, error, streamed, losses, session, upstream_request_id";

// --- The store ---

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Database> writer, std::unique_ptr<Database> reader, int lock_fd, Identity identity)
      : lock_fd_(lock_fd), writer_(std::move(writer)), reader_(std::move(reader)), identity_(std::move(identity)) {}
  ~SqliteStore() override {
    reader_.reset();  // First, so that it is the writer that makes the last checkpoint.
    writer_.reset();
    ::close(lock_fd_);
  }

  const Identity& identity() const override { return identity_; }

  absl::Status Transaction(const std::function<absl::Status()>& body) override {
    if (absl::Status status = writer_->Run("BEGIN IMMEDIATE", {}); !status.ok()) return status;
    absl::Status status = body();
    if (status.ok()) status = writer_->Run("COMMIT", {});
    if (!status.ok()) writer_->Run("ROLLBACK", {}).IgnoreError();  // What failed first is what is told.
    return status;
  }

  absl::StatusOr<std::optional<RevisionRow>> Head() override { return QueryRevision(*writer_, 0); }
  absl::StatusOr<std::optional<RevisionRow>> FindRevision(std::uint64_t revision) override {
    return revision == 0 ? std::optional<RevisionRow>() : QueryRevision(*writer_, revision);
  }
  absl::StatusOr<std::optional<RevisionRow>> ReadRevision(std::uint64_t revision) override {
    return QueryRevision(*reader_, revision);
  }

  absl::Status AddRevision(const RevisionRow& row) override {
    return writer_->Run(Concat("INSERT INTO revision(", kRevisionColumns, ") VALUES(?,?,?,?,?,?,?,?)"),
                        {row.revision, Value::Blob(row.digest), row.created_us, row.message, row.file_name,
                         row.rollback_of, Value::Blob(row.catalog), row.source});
  }

  absl::StatusOr<std::vector<RevisionRow>> ReadRevisions(std::uint32_t limit) override {
    std::vector<RevisionRow> rows;
    absl::Status status = reader_->Run(
        "SELECT revision, digest, created_us, message, file_name, rollback_of, x'', '' FROM revision "
        "ORDER BY revision DESC LIMIT ?",
        {static_cast<std::int64_t>(limit)}, [&](const Row& row) { rows.push_back(ReadRevisionRow(row)); });
    if (!status.ok()) return status;
    return rows;
  }

  absl::StatusOr<std::optional<std::string>> FindAnswer(std::string_view idempotency_key) override {
    std::optional<std::string> answer;
    absl::Status status = writer_->Run("SELECT answer FROM answer WHERE idempotency_key = ?", {idempotency_key},
                                       [&](const Row& row) { answer = row.Bytes(0); });
    if (!status.ok()) return status;
    return answer;
  }

  absl::Status AddAnswer(std::string_view idempotency_key, std::string_view answer, std::int64_t now_us) override {
    return writer_->Run("INSERT INTO answer VALUES(?,?,?)", {idempotency_key, Value::Blob(answer), now_us});
  }

  absl::StatusOr<std::vector<EdgeRow>> Edges() override {
    std::vector<EdgeRow> rows;
    absl::Status status = writer_->Run(
        "SELECT edge_id, name, build, http_address, first_seen_us, last_seen_us, applied_revision, rejected_digest, "
        "rejected_build, nack_reason, usage_pending, usage_current_us, draining FROM edge ORDER BY edge_id",
        {}, [&](const Row& row) { rows.push_back(ReadEdgeRow(row)); });
    if (!status.ok()) return status;
    return rows;
  }

  absl::Status PutEdge(const EdgeRow& row) override {
    return writer_->Run(
        "INSERT OR REPLACE INTO edge(edge_id, name, build, http_address, first_seen_us, last_seen_us, "
        "applied_revision, "
        "rejected_digest, rejected_build, nack_reason, usage_pending, usage_current_us, draining) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
        {row.edge_id, row.name, row.build, row.http_address, row.first_seen_us, row.last_seen_us, row.applied_revision,
         Value::Blob(row.rejected_digest), row.rejected_build, row.nack_reason, row.usage_pending, row.usage_current_us,
         row.draining ? 1 : 0});
  }

  absl::StatusOr<std::vector<CursorRow>> Cursors(std::string_view edge_id) override {
    std::vector<CursorRow> rows;
    absl::Status status =
        writer_->Run("SELECT epoch, journal_id, acked_seq, lost FROM usage_cursor WHERE edge_id = ? ORDER BY epoch",
                     {edge_id}, [&](const Row& row) { rows.push_back(ReadCursor(row)); });
    if (!status.ok()) return status;
    return rows;
  }

  absl::StatusOr<std::optional<CursorRow>> FindCursor(const LedgerKey& key) override {
    std::optional<CursorRow> found;
    absl::Status status =
        writer_->Run("SELECT epoch, journal_id, acked_seq, lost FROM usage_cursor WHERE edge_id = ? AND epoch = ?",
                     {key.edge_id, key.epoch}, [&](const Row& row) { found = ReadCursor(row); });
    if (!status.ok()) return status;
    return found;
  }

  absl::Status AddCursor(std::string_view edge_id, const CursorRow& row, std::int64_t now_us) override {
    return writer_->Run("INSERT INTO usage_cursor VALUES(?,?,?,?,?,?)",
                        {edge_id, row.epoch, Value::Blob(row.journal_id), row.acked_seq, row.lost, now_us});
  }

  absl::Status MoveCursor(const LedgerKey& key, std::uint64_t acked_seq, std::uint64_t lost,
                          std::int64_t now_us) override {
    return writer_->Run(
        "UPDATE usage_cursor SET acked_seq = ?, lost = ?, updated_us = ? WHERE edge_id = ? AND epoch = ?",
        {acked_seq, lost, now_us, key.edge_id, key.epoch});
  }

  absl::Status AddUsage(const LedgerKey& key, std::uint64_t seq, const usage::Record& record) override {
    static const std::string kSql = Concat("INSERT INTO usage_ledger(epoch, seq, ", kUsageColumns,
                                           ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    const std::string losses = Join(record.losses, " ");
    return writer_->Run(kSql, {key.epoch,
                               seq,
                               key.edge_id,
                               record.request_id,
                               static_cast<std::int64_t>(record.attempt),
                               record.winner ? 1 : 0,
                               record.model,
                               record.provider,
                               record.upstream_model,
                               record.requested_model,
                               record.route,
                               record.tokens.input,
                               record.tokens.cache_read,
                               record.tokens.cache_write,
                               record.tokens.output,
                               record.tokens.reasoning,
                               static_cast<int>(record.quality),
                               static_cast<int>(record.outcome),
                               record.started_us,
                               record.duration_us,
                               record.first_byte_us,
                               record.config_revision,
                               record.cost_nano_usd,
                               record.http_status,
                               record.error,
                               record.streamed ? 1 : 0,
                               losses,
                               record.session,
                               record.upstream_request_id});
  }

  absl::StatusOr<std::vector<UsageSum>> SumUsage(const UsageQuery& query) override {
    for (const std::string& name : query.group_by) {
      if (FindGrouping(name) == nullptr) {
        return InvalidArgument("group_by: got \"", name, "\", want one of ", Join(GroupNames(), " "));
      }
    }
    const std::int64_t to_us = query.to_us == 0 ? std::numeric_limits<std::int64_t>::max() : query.to_us;
    std::vector<UsageSum> sums;
    absl::Status status = reader_->Run(UsageSql(query), {query.zone_offset_us, query.from_us, to_us},
                                       [&](const Row& row) { sums.push_back(ReadSum(row, query.group_by)); });
    if (!status.ok()) return status;
    return sums;
  }

  absl::StatusOr<std::uint64_t> CountLost() override {
    std::uint64_t lost = 0;
    absl::Status status =
        reader_->Run("SELECT COALESCE(SUM(lost), 0) FROM usage_cursor", {}, [&](const Row& row) { lost = row.Unsigned(0); });
    if (!status.ok()) return status;
    return lost;
  }

  absl::StatusOr<std::vector<LedgerAttempt>> ReadRequest(std::string_view request_id) override {
    std::vector<LedgerAttempt> attempts;
    absl::Status status = reader_->Run(
        Concat("SELECT ", kUsageColumns, " FROM usage_ledger WHERE request_id = ? ORDER BY attempt, started_us"),
        {request_id}, [&](const Row& row) { attempts.push_back(ReadAttempt(row)); });
    if (!status.ok()) return status;
    return attempts;
  }

 private:
  static CursorRow ReadCursor(const Row& row) {
    return {row.Unsigned(0), row.Bytes(1), row.Unsigned(2), row.Unsigned(3)};
  }

  // revision 0: the head.
  static absl::StatusOr<std::optional<RevisionRow>> QueryRevision(Database& database, std::uint64_t revision) {
    std::optional<RevisionRow> found;
    absl::Status status = database.Run(
        Concat("SELECT ", kRevisionColumns, " FROM revision WHERE ?1 IN (0, revision) ORDER BY revision DESC LIMIT 1"),
        {revision}, [&](const Row& row) { found = ReadRevisionRow(row); });
    if (!status.ok()) return status;
    return found;
  }

  int lock_fd_;
  std::unique_ptr<Database> writer_;
  std::unique_ptr<Database> reader_;
  Identity identity_;
};

// --- Opening ---

absl::StatusOr<std::int64_t> ReadInteger(Database& database, const std::string& sql) {
  std::int64_t value = 0;
  if (absl::Status status = database.Run(sql, {}, [&](const Row& row) { value = row.Integer(0); }); !status.ok()) {
    return status;
  }
  return value;
}

absl::Status CreateSchema(Database& database) {
  const std::string lineage = RandomBytes(kLineageBytes);
  const std::string secret = RandomBytes(kFleetSecretBytes);
  absl::Status status = database.Script(Concat("BEGIN IMMEDIATE;", kSchema, "PRAGMA application_id = ", kApplicationId,
                                               "; PRAGMA user_version = ", kSchemaVersion, ";"));
  if (status.ok()) {
    status = database.Run("INSERT INTO identity VALUES(1, ?, ?)", {Value::Blob(lineage), Value::Blob(secret)});
  }
  return status.ok() ? database.Script("COMMIT") : status;
}

absl::Status CheckDamage(Database& database, const std::string& path) {
  std::string verdict;
  absl::Status status = database.Run("PRAGMA quick_check(1)", {}, [&](const Row& row) { verdict = row.Bytes(0); });
  if (!status.ok()) return status;
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(Concat("store ", path, ": the file is damaged (", verdict, "); restore it from a backup"));
}

absl::Status CheckOrCreate(Database& database, const std::string& path) {
  absl::StatusOr<std::int64_t> application = ReadInteger(database, "PRAGMA application_id");
  if (absl::IsDataLoss(application.status())) return InvalidArgument("store ", path, ": not a ccp database");
  if (!application.ok()) return application.status();
  absl::StatusOr<std::int64_t> tables = ReadInteger(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) return CreateSchema(database);
  if (*application != kApplicationId) return InvalidArgument("store ", path, ": not a ccp database");

  absl::StatusOr<std::int64_t> version = ReadInteger(database, "PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version > kSchemaVersion) {
    return InvalidArgument("store ", path, ": written by a newer ccp-control (schema ", *version, ", this one knows ",
                           kSchemaVersion, "); use the newer program");
  }
  return CheckDamage(database, path);
}

// Where symlinks lead, also to a file that is not there yet: one database has one lock file, whatever it is called.
std::string Target(const std::filesystem::path& path) {
  constexpr int kMaxLinks = 40;  // As the kernel has it. A longer chain, or a circle, SQLite cannot open either.
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; links < kMaxLinks && std::filesystem::is_symlink(target, error); ++links) {
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
  }
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(target, error);
  return error ? path.string() : canonical.string();
}

// The lock file keeps a second control out: two writers on one file is what SQLite's WAL-reset fault needs.
absl::StatusOr<int> Lock(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Unavailable("store ", path, ": cannot create the folder: ", error.message());
  const int fd = ::open(Concat(Target(path), ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable("store ", path, ": cannot create the lock file: ", std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return absl::AlreadyExistsError(
      Concat("store ", path, ": in use by another ccp-control; stop that one, or give this one another place"));
}

// The file holds the fleet secret: nobody else may read it. SQLite gives its -wal and -shm the same mode.
void CreatePrivate(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

absl::StatusOr<Identity> ReadIdentity(Database& database) {
  Identity identity;
  absl::Status status = database.Run("SELECT lineage, fleet_secret FROM identity", {}, [&](const Row& row) {
    identity = {row.Bytes(0), row.Bytes(1)};
  });
  if (!status.ok()) return status;
  return identity;
}

absl::StatusOr<std::unique_ptr<Store>> OpenLocked(const std::string& path, int lock_fd) {
  CreatePrivate(path);
  absl::StatusOr<std::unique_ptr<Database>> writer = Database::Open(path, Database::Mode::kWrite);
  if (!writer.ok()) return writer.status();
  if (absl::Status status = CheckOrCreate(**writer, path); !status.ok()) return status;
  if (absl::Status status = (*writer)->Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"); !status.ok()) {
    return status;
  }
  absl::StatusOr<Identity> identity = ReadIdentity(**writer);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<std::unique_ptr<Database>> reader = Database::Open(path, Database::Mode::kRead);
  if (!reader.ok()) return reader.status();
  if (absl::Status status = (*reader)->Script("PRAGMA wal_autocheckpoint = 0"); !status.ok()) return status;
  return std::make_unique<SqliteStore>(*std::move(writer), *std::move(reader), lock_fd, *std::move(identity));
}

}  // namespace

const std::vector<std::string>& GroupNames() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Grouping& grouping : kGroupings) names.emplace_back(grouping.name);
    return names;
  }();
  return kNames;
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path) {
  absl::StatusOr<int> lock_fd = Lock(path);
  if (!lock_fd.ok()) return lock_fd.status();
  absl::StatusOr<std::unique_ptr<Store>> store = OpenLocked(path, *lock_fd);
  if (!store.ok()) ::close(*lock_fd);
  return store;
}

}  // namespace ccp::control
