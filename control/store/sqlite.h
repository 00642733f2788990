// SQLite's C interface as values: a connection and its statements. Knows nothing of our tables.
//
// Ownership: a Database owns its connection and must outlive its Statements.
// Threading: one thread at a time for a Database and everything made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ccp::control::sqlite {

// A parameter of a statement. Text and blobs must live until the statement has run.
class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };
  Value(std::int64_t integer) : kind_(Kind::kInteger), integer_(integer) {}                              // NOLINT
  Value(std::uint64_t integer) : kind_(Kind::kInteger), integer_(static_cast<std::int64_t>(integer)) {}  // NOLINT
  Value(int integer) : kind_(Kind::kInteger), integer_(integer) {}                                       // NOLINT
  Value(std::string_view text) : kind_(Kind::kText), bytes_(text) {}                                     // NOLINT
  Value(const std::string& text) : kind_(Kind::kText), bytes_(text) {}                                   // NOLINT
  Value(std::optional<std::int64_t> integer)                                                             // NOLINT
      : kind_(integer ? Kind::kInteger : Kind::kNull), integer_(integer.value_or(0)) {}
  static Value Blob(std::string_view bytes) {
    Value value(bytes);
    value.kind_ = Kind::kBlob;
    return value;
  }
  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  std::string_view bytes() const { return bytes_; }

 private:
  Kind kind_;
  std::int64_t integer_ = 0;
  std::string_view bytes_;
};

// The row a running statement stands on. Columns count from 0.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t Integer(int column) const;
  std::uint64_t Unsigned(int column) const { return static_cast<std::uint64_t>(Integer(column)); }
  std::string Bytes(int column) const;  // Text or blob.
  bool IsNull(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Database {
 public:
  enum class Mode : std::uint8_t { kWrite, kRead };
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one statement, prepared once and kept; `each_row` is called for every row.
  absl::Status Run(const std::string& sql, const std::vector<Value>& parameters,
                   const std::function<void(const Row&)>& each_row = nullptr);
  absl::Status Script(const std::string& sql);  // Several statements without parameters or rows.

 private:
  struct Prepared;
  Database(sqlite3* connection, std::string path);
  absl::StatusOr<sqlite3_stmt*> Prepare(const std::string& sql);
  absl::Status Error(int code) const;

  sqlite3* connection_;
  std::string path_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
};

}  // namespace ccp::control::sqlite
