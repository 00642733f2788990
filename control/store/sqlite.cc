#include "control/store/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "common/base/text.h"

namespace ccp::control::sqlite {
namespace {

int Bind(sqlite3_stmt* statement, int index, const Value& value) {
  // SQLITE_STATIC is a C cast; a null destructor is what it stands for: the bytes outlive the run.
  switch (value.kind()) {
    case Value::Kind::kNull:
      return sqlite3_bind_null(statement, index);
    case Value::Kind::kInteger:
      return sqlite3_bind_int64(statement, index, value.integer());
    case Value::Kind::kText:
      return sqlite3_bind_text64(statement, index, value.bytes().data(), value.bytes().size(), nullptr, SQLITE_UTF8);
    default:
      return sqlite3_bind_blob64(statement, index, value.bytes().data(), value.bytes().size(), nullptr);
  }
}

}  // namespace

struct Database::Prepared {
  std::string sql;
  sqlite3_stmt* statement;
  ~Prepared() { sqlite3_finalize(statement); }
};

std::int64_t Row::Integer(int column) const { return sqlite3_column_int64(statement_, column); }
bool Row::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string Row::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

Database::Database(sqlite3* connection, std::string path) : connection_(connection), path_(std::move(path)) {}

Database::~Database() {
  prepared_.clear();
  sqlite3_close_v2(connection_);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  const int flags = mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (connection == nullptr) return Unavailable("store ", path, ": out of memory");
  std::unique_ptr<Database> database(new Database(connection, path));
  if (code != SQLITE_OK) return database->Error(code);
  sqlite3_busy_timeout(connection, 5'000);
  return database;
}

absl::Status Database::Error(int code) const {
  std::string text = Concat("store ", path_, ": ", sqlite3_errmsg(connection_));
  if (code == SQLITE_CONSTRAINT) return absl::AbortedError(text);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return absl::DataLossError(text);
  return absl::UnavailableError(text);
}

absl::StatusOr<sqlite3_stmt*> Database::Prepare(const std::string& sql) {
  for (const std::unique_ptr<Prepared>& known : prepared_) {
    if (known->sql == sql) return known->statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.c_str(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  // Reports are put together from few parts, so the number of different statements is small, but not under our control.
  constexpr std::size_t kMaxPrepared = 64;
  if (prepared_.size() >= kMaxPrepared) prepared_.erase(prepared_.begin());
  prepared_.push_back(std::unique_ptr<Prepared>(new Prepared{sql, statement}));
  return statement;
}

absl::Status Database::Run(const std::string& sql, const std::vector<Value>& parameters,
                           const std::function<void(const Row&)>& each_row) {
  absl::StatusOr<sqlite3_stmt*> prepared = Prepare(sql);
  if (!prepared.ok()) return prepared.status();
  sqlite3_stmt* statement = *prepared;
  int code = SQLITE_OK;
  for (std::size_t i = 0; i < parameters.size() && code == SQLITE_OK; ++i) {
    code = Bind(statement, static_cast<int>(i) + 1, parameters[i]);
  }
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && each_row) each_row(Row(statement));
  }
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Error(sqlite3_extended_errcode(connection_) & 0xFF);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return status;
}

absl::Status Database::Script(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

}  // namespace ccp::control::sqlite
