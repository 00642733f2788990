// The face of control that edges see: Register, WatchConfig, ReportUsage. Thin: registry and ledger do the work.
//
// WatchConfig runs on raw bytes, so that a snapshot is encoded once and its bytes are shared by all streams.
// Ownership: borrows what it is given, which outlives the server it is registered with.
// Threading: gRPC's callback threads; nothing here waits.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "control/ledger.h"
#include "control/registry.h"
#include "control/store/store.h"
#include "control/task_thread.h"

namespace ccp::control {

struct EdgeServiceParts {
  Registry& registry;
  Ledger& ledger;
  StoreWriter& store;
  TaskThread& writer;
  std::function<std::int64_t()> now_us;
};

std::unique_ptr<grpc::Service> MakeEdgeService(EdgeServiceParts parts);

}  // namespace ccp::control
