#include "tools/ccpctl/listing.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "common/base/text.h"
#include "common/json/utf8.h"
#include "common/json/write.h"

namespace ccp::ctl {
namespace {

using Where = Column::Where;

constexpr std::string_view kGap = "  ";

// Control characters as '?': names that clients and upstreams chose must not break a table, nor steer a terminal.
// Those from U+0080 to U+009F are two bytes, of which the second is 0x80 to 0x9f.
std::string OneLine(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool second_set = byte == 0xC2 && i + 1 < text.size() && (static_cast<unsigned char>(text[i + 1]) >> 5) == 4;
    if (second_set) text.erase(i, 1);
    if (second_set || byte < 0x20 || byte == 0x7f) text[i] = '?';
  }
  return text;
}

std::string Shown(const Cell& cell) {
  if (!cell.shown.empty()) return OneLine(cell.shown);
  if (std::holds_alternative<std::monostate>(cell.value)) return "-";
  std::string text = OneLine(ValueText(cell.value));
  return text.empty() ? "-" : text;
}

// Characters, not bytes: names may be in any language.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool Visible(const Column& column, Format format) {
  return column.where == Where::kAlways || (column.where == Where::kWideOnly && format == Format::kWide);
}

std::string RenderTable(const Listing& listing, Format format) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::size_t> shown_columns;
  for (std::size_t c = 0; c < listing.columns.size(); ++c) {
    if (Visible(listing.columns[c], format)) shown_columns.push_back(c);
  }
  const auto add_line = [&](const auto& text_of) {
    auto& line = lines.emplace_back();
    for (const std::size_t c : shown_columns) line.push_back(text_of(c));
  };
  add_line([&](std::size_t c) { return listing.columns[c].title; });
  for (const auto& row : listing.rows) add_line([&](std::size_t c) { return Shown(row[c]); });
  if (!listing.total.empty()) add_line([&](std::size_t c) { return Shown(listing.total[c]); });

  std::vector<std::size_t> widths(shown_columns.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], Width(line[i]));
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - Width(line[i]), ' ');
      const bool right = listing.columns[shown_columns[i]].align == Column::Align::kRight;
      text += Concat(i == 0 ? "" : kGap, right ? padding : "", line[i], right ? "" : padding);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string JsonObject(const std::vector<Column>& columns, const std::vector<Cell>& cells) {
  std::string out = "{";
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out += Concat(c == 0 ? "" : ",", json::Quoted(columns[c].key), ":", ValueJson(cells[c].value));
  }
  return out + "}";
}

std::string RenderJson(const Listing& listing) {
  std::string out = Concat("{\n  \"schema\": ", json::Quoted(listing.schema), ",\n");
  for (const auto& [key, value] : listing.facts) out += Concat("  ", json::Quoted(key), ": ", ValueJson(value), ",\n");
  if (!listing.total.empty()) out += Concat("  \"total\": ", JsonObject(listing.columns, listing.total), ",\n");
  out += Concat("  ", json::Quoted(listing.collection), ": [");
  for (std::size_t r = 0; r < listing.rows.size(); ++r) {
    out += Concat(r == 0 ? "\n    " : ",\n    ", JsonObject(listing.columns, listing.rows[r]));
  }
  return out + (listing.rows.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

// Strings are written as JSON strings, which are YAML strings too: nothing to guess about quoting.
std::string YamlObject(const std::vector<Column>& columns, const std::vector<Cell>& cells, std::string_view first) {
  std::string out;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out += Concat(c == 0 ? first : "    ", columns[c].key, ": ", ValueJson(cells[c].value), "\n");
  }
  return out;
}

std::string RenderYaml(const Listing& listing) {
  std::string out = Concat("schema: ", json::Quoted(listing.schema), "\n");
  for (const auto& [key, value] : listing.facts) out += Concat(key, ": ", ValueJson(value), "\n");
  if (!listing.total.empty()) out += "total:\n" + YamlObject(listing.columns, listing.total, "    ");
  out += listing.collection + (listing.rows.empty() ? ": []\n" : ":\n");
  for (const auto& row : listing.rows) out += YamlObject(listing.columns, row, "  - ");
  return out;
}

std::string CsvField(std::string text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string RenderCsv(const Listing& listing) {
  std::string out;
  for (std::size_t c = 0; c < listing.columns.size(); ++c) out += (c == 0 ? "" : ",") + listing.columns[c].key;
  out += "\r\n";
  for (const auto& row : listing.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) out += (c == 0 ? "" : ",") + CsvField(ValueText(row[c].value));
    out += "\r\n";
  }
  return out;
}

std::string RenderNames(const Listing& listing) {
  std::string out;
  for (const auto& row : listing.rows) out += ValueText(row.front().value) + "\n";
  return out;
}

}  // namespace

absl::StatusOr<Format> ParseFormat(std::string_view text) {
  static constexpr std::pair<std::string_view, Format> kFormats[] = {
      {"table", Format::kTable}, {"wide", Format::kWide}, {"json", Format::kJson},
      {"yaml", Format::kYaml},   {"csv", Format::kCsv},   {"name", Format::kName}};
  for (const auto& [name, format] : kFormats) {
    if (text == name) return format;
  }
  return InvalidArgument("-o: got \"", text, "\", want one of table, wide, json, yaml, csv, name");
}

std::string Render(const Listing& listing, Format format) {
  switch (format) {
    case Format::kTable:
    case Format::kWide:
      return RenderTable(listing, format);
    case Format::kJson:
      return RenderJson(listing);
    case Format::kYaml:
      return RenderYaml(listing);
    case Format::kCsv:
      return RenderCsv(listing);
    case Format::kName:
      return RenderNames(listing);
  }
  return {};
}

std::string WithThousands(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first_digit = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string Age(std::int64_t seconds) {
  if (seconds < 0) return "0s";
  if (seconds < 120) return Concat(seconds, "s");
  if (seconds < 2 * 3600) return Concat(seconds / 60, "m");
  if (seconds < 2 * 86'400) return Concat(seconds / 3600, "h");
  return Concat(seconds / 86'400, "d");
}

std::string UtcTime(std::int64_t unix_us) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(unix_us)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::seconds>(time - day));
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string ValueText(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return Join(*list, " ");
  return {};
}

std::string ValueJson(const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return "null";
  if (const auto* text = std::get_if<std::string>(&value)) return json::Quoted(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string out = "[";
    for (const std::string& item : *list) out += (out.size() > 1 ? "," : "") + json::Quoted(item);
    return out + "]";
  }
  return ValueText(value);
}

}  // namespace ccp::ctl
