#include "tools/ccpctl/request_history.h"

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/wire/convert.h"

namespace ccp::ctl {
namespace {

using Align = Column::Align;
using Where = Column::Where;

Cell Milliseconds(std::int64_t microseconds) {
  return {Value(microseconds), Concat(WithThousands(microseconds / 1000), " ms")};
}

Cell Tokens(std::int64_t tokens) { return {Value(tokens), WithThousands(tokens)}; }

}  // namespace

Listing RequestHistory(const v1::GetRequestResponse& history) {
  Listing list{"ccp.request/v1",
               "attempts",
               {{"TRY", "attempt", Align::kRight},
                {"MODEL", "model"},
                {"ROUTE", "route"},
                {"OUTCOME", "outcome"},
                {"STATUS", "http_status", Align::kRight},
                {"INPUT", "input_tokens", Align::kRight},
                {"CACHED", "cache_read_tokens", Align::kRight},
                {"OUTPUT", "output_tokens", Align::kRight},
                {"COST", "cost_nano_usd", Align::kRight},
                {"FIRST BYTE", "first_byte_us", Align::kRight},
                {"TOTAL", "duration_us", Align::kRight},
                {"LOSSES", "losses"},
                {"ERROR", "error"},
                {"ASKED FOR", "requested_model", Align::kLeft, Where::kWideOnly},
                {"QUALITY", "quality", Align::kLeft, Where::kWideOnly},
                {"STARTED", "started", Align::kLeft, Where::kWideOnly},
                {"EDGE", "edge", Align::kLeft, Where::kWideOnly},
                {"REVISION", "config_revision", Align::kRight, Where::kWideOnly},
                {"UPSTREAM ID", "upstream_request_id", Align::kLeft, Where::kWideOnly},
                {"ANSWER", "winner", Align::kLeft, Where::kProgramsOnly}},
               {},
               {},
               {}};
  for (const auto& attempt : history.attempts()) {
    const usage::Record record = wire::FromProto(attempt.record());
    const Cell cost = record.cost_nano_usd ? Cell(Value(*record.cost_nano_usd), FormatNanoUsd(*record.cost_nano_usd))
                                           : Cell(Value{}, "unpriced");
    list.rows.push_back({std::int64_t{record.attempt},
                         record.model,
                         record.route,
                         std::string(usage::OutcomeName(record.outcome)),
                         std::int64_t{record.http_status},
                         Tokens(record.tokens.prompt()),
                         Tokens(record.tokens.cache_read),
                         Tokens(record.tokens.output),
                         cost,
                         Milliseconds(record.first_byte_us),
                         Milliseconds(record.duration_us),
                         Value(record.losses),
                         record.error,
                         record.requested_model,
                         std::string(usage::QualityName(record.quality)),
                         UtcTime(record.started_us),
                         attempt.edge_id(),
                         static_cast<std::int64_t>(record.config_revision),
                         record.upstream_request_id,
                         Value(record.winner)});
  }
  return list;
}

}  // namespace ccp::ctl
