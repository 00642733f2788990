// Turns the journal into batches for ReportUsage, and acknowledgements into progress. No I/O of its own but the
// journal's.
//
// One batch is outstanding at a time: after Next() returned one, call OnAck() before the next, or Next() again when the
// stream broke; the records are then the same, and control drops what it already has.
// Threading: one caller at a time.
#pragma once

#include <chrono>
#include <string>

#include "ccp/v1/edge.pb.h"
#include "edge/usage/journal.h"

namespace ccp::edge {

class Reporter {
 public:
  Reporter(std::string edge_id, Journal& journal) : edge_id_(std::move(edge_id)), journal_(journal) {}

  // Until the next call. nullptr: everything durable is acknowledged.
  const v1::UsageBatch* Next();
  // Returns how long to wait before the next batch: control may be overloaded.
  std::chrono::milliseconds OnAck(const v1::UsageAck& ack);

 private:
  std::string edge_id_;
  Journal& journal_;
  v1::UsageBatch batch_;  // Kept for its memory: records come and go by the hundred.
};

}  // namespace ccp::edge
