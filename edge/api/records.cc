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

AttemptRecord::AttemptRecord(UsageSink& sink, usage::Record opening, const config::Model& model)
    : sink_(sink), model_(model), row_(std::move(opening)) {
  row_.model = model.name;
  row_.provider = model.provider;
  row_.upstream_model = model.upstream_name;
  row_.started_us = UnixMicros();
}

AttemptRecord::~AttemptRecord() { Close(usage::Outcome::kClientCancelled, Winner::kYes, "the client went away"); }

void AttemptRecord::Open() { handle_ = sink_.Open(row_); }

void AttemptRecord::SetUpstreamAnswer(int http_status, std::string_view upstream_request_id) {
  row_.http_status = http_status;
  row_.upstream_request_id = upstream_request_id;
}

void AttemptRecord::SetFirstByte() {
  if (row_.first_byte_us == 0) row_.first_byte_us = std::max<std::int64_t>(1, Elapsed().count());
}

void AttemptRecord::AddLosses(const translate::Losses& losses) { AddCodes(row_.losses, losses); }

void AttemptRecord::Close(usage::Outcome outcome, Winner winner, std::string_view error) {
  if (std::exchange(closed_, true)) return;
  TakeFromReply();
  row_.outcome = outcome;
  row_.winner = winner == Winner::kYes;
  row_.error = error.substr(0, kLongestError);
  row_.duration_us = Elapsed().count();
  if (model_.price) row_.cost_nano_usd = usage::Cost(row_.tokens, *model_.price);
  sink_.Close(handle_, row_);
}

void AttemptRecord::TakeFromReply() {
  if (reply_ == nullptr) return;
  row_.tokens = reply_->tokens();
  row_.quality = reply_->quality();
  AddCodes(row_.losses, reply_->losses());
}

std::chrono::microseconds AttemptRecord::Elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun_);
}

}  // namespace ccp::edge
