#include "tools/ccpctl/usage_table.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/base/units.h"

namespace ccp::ctl {
namespace {

using Align = Column::Align;
using Where = Column::Where;

Cell Count(std::uint64_t number) {
  const auto value = static_cast<std::int64_t>(number);
  return {Value(value), WithThousands(value)};
}

// A cost is never invented: what has no price says so, and a sum with such parts ends in "+".
Cell Cost(const v1::StatsRow& row) {
  const std::int64_t nano = row.cost_nano_usd();
  if (row.unpriced_attempts() == 0) return {Value(nano), FormatNanoUsd(nano)};
  return {Value(nano), nano == 0 ? "unpriced" : FormatNanoUsd(nano) + "+"};
}

std::vector<Cell> RowOf(const v1::StatsRow& row, const std::vector<std::string>& group_by, std::string_view no_group) {
  std::vector<Cell> cells;
  for (const std::string& key : group_by) {
    const auto found = row.group().find(key);
    const bool first = cells.empty();
    if (found != row.group().end())
      cells.emplace_back(found->second);
    else
      cells.push_back({Value{}, std::string(first ? no_group : " ")});
  }
  const v1::Tokens& tokens = row.tokens();
  for (Cell cell : {Count(row.requests()), Count(tokens.input()), Count(tokens.output()), Count(tokens.cache_write()),
                    Count(tokens.cache_read()), Count(tokens.reasoning()), Count(row.errors()), Cost(row),
                    Count(row.attempts()), Count(row.estimated_attempts()), Count(row.unpriced_attempts())}) {
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::string TitleOf(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return key;
}

}  // namespace

Listing UsageTable(const v1::StatsResponse& stats, const std::vector<std::string>& group_by) {
  Listing list;
  list.schema = "ccp.stats/v1";
  list.collection = "rows";
  for (const std::string& key : group_by) list.columns.push_back({key == "day" ? "DATE" : TitleOf(key), key});
  for (const auto& [title, key] : {std::pair{"REQS", "requests"},
                                   {"INPUT", "input_tokens"},
                                   {"OUTPUT", "output_tokens"},
                                   {"CACHE WRITE", "cache_write_tokens"},
                                   {"CACHE READ", "cache_read_tokens"},
                                   {"REASONING", "reasoning_tokens"},
                                   {"ERRORS", "errors"},
                                   {"COST", "cost_nano_usd"}}) {
    list.columns.push_back({title, key, Align::kRight});
  }
  list.columns.push_back({"TRIES", "attempts", Align::kRight, Where::kWideOnly});
  list.columns.push_back({"ESTIMATED", "estimated_attempts", Align::kRight, Where::kWideOnly});
  list.columns.push_back({"UNPRICED", "unpriced_attempts", Align::kRight, Where::kWideOnly});
  for (const auto& row : stats.rows()) list.rows.push_back(RowOf(row, group_by, "-"));
  list.total = RowOf(stats.total(), group_by, "TOTAL");
  list.facts = {
      {"complete_through", stats.complete_through_us() == 0 ? Value{} : Value(UtcTime(stats.complete_through_us()))},
      {"edges", static_cast<std::int64_t>(stats.edges_total())},
      {"edges_current", static_cast<std::int64_t>(stats.edges_current())},
      {"pending_records", static_cast<std::int64_t>(stats.pending_records())},
      {"lost_records", static_cast<std::int64_t>(stats.lost_records())}};
  return list;
}

std::string Completeness(const v1::StatsResponse& stats) {
  std::string out;
  if (stats.complete_through_us() != 0) out = Concat("complete through ", UtcTime(stats.complete_through_us()));
  if (stats.pending_records() != 0)
    out += Concat(out.empty() ? "" : "; ", WithThousands(static_cast<std::int64_t>(stats.pending_records())),
                  " records are still on their way");
  const std::uint64_t away = stats.edges_total() - std::min(stats.edges_total(), stats.edges_current());
  if (away != 0)
    out += Concat(out.empty() ? "" : "; ", away, " of ", stats.edges_total(), " edges have not reported lately");
  if (stats.lost_records() != 0)
    out += Concat(out.empty() ? "" : "; ", WithThousands(static_cast<std::int64_t>(stats.lost_records())),
                  " records were lost with an edge's journal, and are not in these sums");
  return out.empty() ? out : out + "\n";
}

}  // namespace ccp::ctl
