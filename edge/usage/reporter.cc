#include "edge/usage/reporter.h"

#include "common/base/log.h"
#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::size_t kMaxRecords = 500;
constexpr std::size_t kMaxBytes = 1 << 20;  // gRPC refuses messages over 4 MiB.
constexpr std::chrono::milliseconds kDefaultRetry{1'000};

// Loss is a row, never silence. It counts as an attempt, not as a request: whether its client got an answer is unknown.
v1::UsageRecord LostRecord(std::uint64_t epoch, std::uint64_t seq, std::int64_t near_us) {
  v1::UsageRecord record;
  record.set_request_id(Concat("lost_", epoch, "_", seq));
  record.set_attempt(1);
  record.set_started_us(near_us);
  record.set_outcome(v1::OUTCOME_EDGE_CRASH);
  record.set_error("this record was damaged in the edge's journal");
  return record;
}

}  // namespace

const v1::UsageBatch* Reporter::Next() {
  const std::optional<Journal::Batch> batch = journal_.NextBatch(kMaxRecords, kMaxBytes);
  if (!batch) return nullptr;
  batch_.Clear();
  batch_.set_edge_id(edge_id_);
  batch_.set_epoch(batch->epoch);
  batch_.set_first_seq(batch->first_seq);
  batch_.set_oldest_seq(batch->oldest_seq);
  std::uint64_t seq = batch->first_seq;
  std::int64_t near_us = 0;
  for (const std::string& bytes : batch->records) {
    v1::UsageRecord& record = *batch_.add_records();
    if (bytes.empty() || !record.ParseFromString(bytes)) record = LostRecord(batch->epoch, seq, near_us);
    near_us = record.started_us();
    record.set_seq(seq++);
  }
  return &batch_;
}

std::chrono::milliseconds Reporter::OnAck(const v1::UsageAck& ack) {
  if (ack.code() == v1::UsageAck::OVERLOADED) {
    return ack.retry_after_ms() > 0 ? std::chrono::milliseconds(ack.retry_after_ms()) : kDefaultRetry;
  }
  if (ack.code() == v1::UsageAck::GAP) {
    log::Warn(Concat("usage: control asks for older records epoch=", ack.epoch(), " from=", ack.acked_seq() + 1));
  }
  journal_.Acknowledge(ack.epoch(), ack.acked_seq());
  return std::chrono::milliseconds(0);
}

}  // namespace ccp::edge
