// A list of things and the six ways to print it: table, wide, json, yaml, csv, name.
//
// A cell holds the value (what programs read) and, where people read it otherwise, the text shown in tables:
// 1204551 and "1,204,551". JSON is a contract with a schema name and version; tables are not.
// Pure: values in, text out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace ccp::ctl {

enum class Format : std::uint8_t { kTable, kWide, kJson, kYaml, kCsv, kName };
absl::StatusOr<Format> ParseFormat(std::string_view text);  // kInvalidArgument names the choices.

// monostate is unknown: "-" in a table, null in JSON, empty in CSV.
using Value = std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<std::string>>;

struct Cell {
  Value value;
  std::string shown;  // Empty: the value's own text.

  Cell(Value v) : value(std::move(v)) {}                // NOLINT: implicit by intent
  Cell(std::string text) : value(std::move(text)) {}    // NOLINT
  Cell(const char* text) : value(std::string(text)) {}  // NOLINT
  Cell(std::int64_t number) : value(number) {}          // NOLINT
  Cell(Value v, std::string text) : value(std::move(v)), shown(std::move(text)) {}
};

struct Column {
  enum class Align : std::uint8_t { kLeft, kRight };
  enum class Where : std::uint8_t { kAlways, kWideOnly, kProgramsOnly };
  std::string title;  // As in tables: "LAST SEEN".
  std::string key;    // As in JSON, YAML and CSV: "last_seen".
  Align align = Align::kLeft;
  Where where = Where::kAlways;
};

struct Listing {
  std::string schema;      // "ccp.edges/v1"
  std::string collection;  // "edges"
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;               // Each as long as `columns`.
  std::vector<Cell> total;                           // Empty, or one more row: the last of a table, "total" in JSON.
  std::vector<std::pair<std::string, Value>> facts;  // About the list as a whole: JSON and YAML only.
};

std::string Render(const Listing& listing, Format format);

std::string WithThousands(std::int64_t number);  // 1204551 -> "1,204,551"
std::string Age(std::int64_t seconds);           // "42s" "3m" "5h" "6d"
std::string UtcTime(std::int64_t unix_us);       // "2026-11-22T20:31:26Z"; RFC 3339
std::string ValueText(const Value& value);       // As CSV has it.
std::string ValueJson(const Value& value);

}  // namespace ccp::ctl
