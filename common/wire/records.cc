// usage::Record <-> ccp.v1.UsageRecord.
#include <algorithm>
#include <array>
#include <limits>

#include "common/json/utf8.h"
#include "common/wire/convert.h"

namespace ccp::wire {
namespace {

// Counts are never negative; one that is, is a bug elsewhere and must not become 2^64.
std::uint64_t Unsigned(std::int64_t number) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number)); }
std::int64_t Signed(std::uint64_t number) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(number, kMost));
}

// A receiver refuses a whole batch for one string that is not UTF-8, and some of these come from clients and upstreams.
void Append(std::string& field, const std::string& text) { json::AppendValidUtf8(field, text); }

v1::Quality ToProto(usage::Quality quality) {
  switch (quality) {
    case usage::Quality::kUnknown: return v1::QUALITY_UNKNOWN;
    case usage::Quality::kReported: return v1::QUALITY_REPORTED;
    case usage::Quality::kPartial: return v1::QUALITY_PARTIAL;
    case usage::Quality::kEstimated: return v1::QUALITY_ESTIMATED;
  }
  return v1::QUALITY_UNKNOWN;
}

// A value of a newer build counts as unknown: the row must not be lost for it.
usage::Quality FromProto(v1::Quality quality) {
  switch (quality) {
    case v1::QUALITY_REPORTED: return usage::Quality::kReported;
    case v1::QUALITY_PARTIAL: return usage::Quality::kPartial;
    case v1::QUALITY_ESTIMATED: return usage::Quality::kEstimated;
    default: return usage::Quality::kUnknown;
  }
}

v1::Outcome ToProto(usage::Outcome outcome) {
  switch (outcome) {
    case usage::Outcome::kUnspecified: return v1::OUTCOME_UNSPECIFIED;
    case usage::Outcome::kOk: return v1::OUTCOME_OK;
    case usage::Outcome::kUpstreamError: return v1::OUTCOME_UPSTREAM_ERROR;
    case usage::Outcome::kClientCancelled: return v1::OUTCOME_CLIENT_CANCELLED;
    case usage::Outcome::kTimeout: return v1::OUTCOME_TIMEOUT;
    case usage::Outcome::kCutMidStream: return v1::OUTCOME_CUT_MID_STREAM;
    case usage::Outcome::kEdgeCrash: return v1::OUTCOME_EDGE_CRASH;
    case usage::Outcome::kRejected: return v1::OUTCOME_REJECTED;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

usage::Outcome FromProto(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_OK: return usage::Outcome::kOk;
    case v1::OUTCOME_UPSTREAM_ERROR: return usage::Outcome::kUpstreamError;
    case v1::OUTCOME_CLIENT_CANCELLED: return usage::Outcome::kClientCancelled;
    case v1::OUTCOME_TIMEOUT: return usage::Outcome::kTimeout;
    case v1::OUTCOME_CUT_MID_STREAM: return usage::Outcome::kCutMidStream;
    case v1::OUTCOME_EDGE_CRASH: return usage::Outcome::kEdgeCrash;
    case v1::OUTCOME_REJECTED: return usage::Outcome::kRejected;
    default: return usage::Outcome::kUnspecified;
  }
}

// Writes fields in protobuf's wire format, where a zero and an empty text are left out. The caller sees to the room.
class ProtoWriter {
 public:
  static constexpr std::size_t kMostNumberBytes = 12;  // A tag below field 2048, and a number.

  explicit ProtoWriter(char* at) : at_(at) {}
  char* at() const { return at_; }

  void Number(int field, std::uint64_t number) {
    if (number != 0) Present(field, number);
  }
  void Present(int field, std::uint64_t number) {
    Varint(static_cast<std::uint64_t>(field) << 3);
    Varint(number);
  }
  void Bytes(int field, std::string_view bytes) {
    constexpr std::uint64_t kLengthDelimited = 2;
    Varint(static_cast<std::uint64_t>(field) << 3 | kLengthDelimited);
    Varint(bytes.size());
    at_ = std::copy(bytes.begin(), bytes.end(), at_);
  }
  void Text(int field, std::string_view text) {
    if (!text.empty()) Bytes(field, text);
  }

 private:
  void Varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) *at_++ = static_cast<char>(number | 0x80);
    *at_++ = static_cast<char>(number);
  }

  char* at_;
};

void WriteTokens(ProtoWriter& row, const usage::Tokens& tokens) {
  std::array<char, 5 * ProtoWriter::kMostNumberBytes> nested;
  ProtoWriter writer(nested.data());
  writer.Number(v1::Tokens::kInputFieldNumber, Unsigned(tokens.input));
  writer.Number(v1::Tokens::kCacheReadFieldNumber, Unsigned(tokens.cache_read));
  writer.Number(v1::Tokens::kCacheWriteFieldNumber, Unsigned(tokens.cache_write));
  writer.Number(v1::Tokens::kOutputFieldNumber, Unsigned(tokens.output));
  writer.Number(v1::Tokens::kReasoningFieldNumber, Unsigned(tokens.reasoning));
  row.Bytes(v1::UsageRecord::kTokensFieldNumber, {nested.data(), writer.at()});
}

void WriteRow(ProtoWriter& row, const usage::Record& record) {
  using Row = v1::UsageRecord;
  row.Text(Row::kRequestIdFieldNumber, record.request_id);
  row.Number(Row::kAttemptFieldNumber, record.attempt);
  row.Number(Row::kWinnerFieldNumber, record.winner ? 1 : 0);
  row.Text(Row::kModelFieldNumber, record.model);
  row.Text(Row::kProviderFieldNumber, record.provider);
  row.Text(Row::kUpstreamModelFieldNumber, record.upstream_model);
  row.Text(Row::kRequestedModelFieldNumber, record.requested_model);
  row.Text(Row::kRouteFieldNumber, record.route);
  WriteTokens(row, record.tokens);
  row.Number(Row::kQualityFieldNumber, static_cast<std::uint64_t>(ToProto(record.quality)));
  row.Number(Row::kOutcomeFieldNumber, static_cast<std::uint64_t>(ToProto(record.outcome)));
  row.Number(Row::kStartedUsFieldNumber, static_cast<std::uint64_t>(record.started_us));
  row.Number(Row::kDurationUsFieldNumber, static_cast<std::uint64_t>(record.duration_us));
  row.Number(Row::kFirstByteUsFieldNumber, static_cast<std::uint64_t>(record.first_byte_us));
  row.Number(Row::kConfigRevisionFieldNumber, record.config_revision);
  if (record.cost_nano_usd) row.Present(Row::kCostNanoUsdFieldNumber, static_cast<std::uint64_t>(*record.cost_nano_usd));
  row.Number(Row::kHttpStatusFieldNumber, static_cast<std::uint64_t>(std::max(0, record.http_status)));
  row.Text(Row::kErrorFieldNumber, record.error);
  row.Number(Row::kStreamedFieldNumber, record.streamed ? 1 : 0);
  for (const std::string& loss : record.losses) row.Bytes(Row::kLossesFieldNumber, loss);
  row.Text(Row::kSessionFieldNumber, record.session);
  row.Text(Row::kUpstreamRequestIdFieldNumber, record.upstream_request_id);
}

// Of all texts together, and how much room the whole row takes at most.
struct Extent {
  bool valid_utf8 = true;
  std::size_t bytes = 0;
};

Extent ExtentOf(const usage::Record& record) {
  Extent extent;
  const std::size_t fields = v1::UsageRecord::kUpstreamRequestIdFieldNumber + record.losses.size() + sizeof(usage::Tokens) / 8;
  const auto add = [&extent](const std::string& text) {
    extent.bytes += text.size();
    extent.valid_utf8 = extent.valid_utf8 && json::IsValidUtf8(text);
  };
  for (const std::string* text : {&record.request_id, &record.model, &record.provider, &record.upstream_model,
                                  &record.requested_model, &record.route, &record.error, &record.session,
                                  &record.upstream_request_id}) {
    add(*text);
  }
  for (const std::string& loss : record.losses) add(loss);
  extent.bytes += fields * ProtoWriter::kMostNumberBytes;
  return extent;
}

}  // namespace

v1::UsageRecord ToProto(const usage::Record& record) {
  v1::UsageRecord proto;
  Append(*proto.mutable_request_id(), record.request_id);
  proto.set_attempt(record.attempt);
  proto.set_winner(record.winner);
  Append(*proto.mutable_model(), record.model);
  Append(*proto.mutable_provider(), record.provider);
  Append(*proto.mutable_upstream_model(), record.upstream_model);
  Append(*proto.mutable_requested_model(), record.requested_model);
  Append(*proto.mutable_route(), record.route);
  v1::Tokens& tokens = *proto.mutable_tokens();
  tokens.set_input(Unsigned(record.tokens.input));
  tokens.set_cache_read(Unsigned(record.tokens.cache_read));
  tokens.set_cache_write(Unsigned(record.tokens.cache_write));
  tokens.set_output(Unsigned(record.tokens.output));
  tokens.set_reasoning(Unsigned(record.tokens.reasoning));
  proto.set_quality(ToProto(record.quality));
  proto.set_outcome(ToProto(record.outcome));
  proto.set_started_us(record.started_us);
  proto.set_duration_us(record.duration_us);
  proto.set_first_byte_us(record.first_byte_us);
  proto.set_config_revision(record.config_revision);
  if (record.cost_nano_usd) proto.set_cost_nano_usd(*record.cost_nano_usd);
  proto.set_http_status(static_cast<std::uint32_t>(std::max(0, record.http_status)));
  Append(*proto.mutable_error(), record.error);
  proto.set_streamed(record.streamed);
  for (const std::string& loss : record.losses) Append(*proto.add_losses(), loss);
  Append(*proto.mutable_session(), record.session);
  Append(*proto.mutable_upstream_request_id(), record.upstream_request_id);
  return proto;
}

void AppendSerialized(std::string& out, const usage::Record& record) {
  const Extent extent = ExtentOf(record);
  if (!extent.valid_utf8) {
    out += ToProto(record).SerializeAsString();
    return;
  }
  const std::size_t before = out.size();
  out.resize(before + extent.bytes);
  ProtoWriter row(&out[before]);
  WriteRow(row, record);
  out.resize(static_cast<std::size_t>(row.at() - out.data()));
}

usage::Record FromProto(const v1::UsageRecord& proto) {
  usage::Record record;
  record.request_id = proto.request_id();
  record.attempt = proto.attempt();
  record.winner = proto.winner();
  record.model = proto.model();
  record.provider = proto.provider();
  record.upstream_model = proto.upstream_model();
  record.requested_model = proto.requested_model();
  record.route = proto.route();
  record.tokens = {.input = Signed(proto.tokens().input()),
                   .cache_read = Signed(proto.tokens().cache_read()),
                   .cache_write = Signed(proto.tokens().cache_write()),
                   .output = Signed(proto.tokens().output()),
                   .reasoning = Signed(proto.tokens().reasoning())};
  record.quality = FromProto(proto.quality());
  record.outcome = FromProto(proto.outcome());
  record.started_us = proto.started_us();
  record.duration_us = proto.duration_us();
  record.first_byte_us = proto.first_byte_us();
  record.config_revision = proto.config_revision();
  if (proto.has_cost_nano_usd()) record.cost_nano_usd = proto.cost_nano_usd();
  record.http_status = static_cast<int>(proto.http_status());
  record.error = proto.error();
  record.streamed = proto.streamed();
  record.losses = {proto.losses().begin(), proto.losses().end()};
  record.session = proto.session();
  record.upstream_request_id = proto.upstream_request_id();
  return record;
}

}  // namespace ccp::wire
