#include "edge/api/records.h"

#include <algorithm>
#include <utility>

namespace ccp::edge {
namespace {

constexpr std::size_t kLongestError = 500;  // Bytes kept of an upstream's message.

void AddCodes(std::vector<std::string>& codes, const translate::Losses& losses) {
  for (const std::string_view code : losses.codes()) {
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.emplace_back(code);
  }
}

}  // namespace

std::int64_t UnixMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void RecordRejected(UsageSink& sink, usage::Record record, const RequestError& error) {
  record.attempt = 0;
  record.winner = true;
  record.outcome = usage::Outcome::kRejected;
  record.error = error.message.substr(0, kLongestError);
  if (record.started_us == 0) record.started_us = UnixMicros();
  sink.Close(0, record);
}

void RecordRefusal(ApiContext& context, const RequestError& error, std::string_view request_id) {
  usage::Record record;
  record.request_id = request_id;
  record.config_revision = context.snapshot == nullptr ? 0 : context.snapshot->revision;
  RecordRejected(*context.usage, std::move(record), error);
  RequestSample sample;
  sample.http_status = error.http_status;
  context.metrics.CountRequest(sample);
}

AttemptRecord::AttemptRecord(const TurnState& turn, const config::Model& model)
    : turn_(turn), model_(model), started_us_(UnixMicros()) {}

AttemptRecord::~AttemptRecord() { Close(usage::Outcome::kClientCancelled, Winner::kYes, "the client went away"); }

void AttemptRecord::BeginAnew() {
  started_us_ = UnixMicros();
  begun_ = std::chrono::steady_clock::now();
}

void AttemptRecord::Open() { handle_ = turn_.context.usage->Open(Row()); }

usage::Record AttemptRecord::Row() const {
  usage::Record row;
  row.request_id = turn_.request_id;
  row.attempt = static_cast<std::uint32_t>(turn_.attempts);
  row.requested_model = turn_.requested_model;
  row.route = turn_.route;
  row.config_revision = turn_.snapshot->revision;
  row.session = turn_.session;
  row.streamed = turn_.streamed;
  row.model = model_.name;
  row.provider = model_.provider;
  row.upstream_model = model_.upstream_name;
  row.started_us = started_us_;
  row.http_status = http_status_;
  row.upstream_request_id = upstream_request_id_;
  row.first_byte_us = first_byte_us_;
  row.losses = losses_;
  row.tokens = tokens();
  row.quality = quality();
  row.outcome = outcome_;
  return row;
}

void AttemptRecord::SetUpstreamAnswer(int http_status, std::string_view upstream_request_id) {
  http_status_ = http_status;
  upstream_request_id_ = upstream_request_id;
}

void AttemptRecord::SetFirstByte() {
  if (first_byte_us_ == 0) first_byte_us_ = std::max<std::int64_t>(1, Elapsed().count());
}

void AttemptRecord::AddLosses(const translate::Losses& losses) { AddCodes(losses_, losses); }

void AttemptRecord::Close(usage::Outcome outcome, Winner winner, std::string_view error) {
  if (std::exchange(closed_, true)) return;
  if (reply_ != nullptr) AddCodes(losses_, reply_->losses());
  outcome_ = outcome;
  usage::Record row = Row();
  row.winner = winner == Winner::kYes;
  row.error = error.substr(0, kLongestError);
  row.duration_us = Elapsed().count();
  if (model_.price) row.cost_nano_usd = usage::Cost(row.tokens, *model_.price);
  turn_.context.usage->Close(handle_, row);
}

std::chrono::microseconds AttemptRecord::Elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun_);
}

}  // namespace ccp::edge
