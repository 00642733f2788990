// The face of control that operators see, through ccpctl. Thin: config_service, registry and store do the work.
//
// Ownership: borrows what it is given, which outlives the server it is registered with.
// Threading: gRPC's callback threads post to the store's two threads and finish from there; nothing waits.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "control/config_service.h"
#include "control/registry.h"
#include "control/store/store.h"
#include "control/task_thread.h"

namespace ccp::control {

// So long an Apply or a Rollback waits for edges at most, whatever was asked for.
inline constexpr std::chrono::milliseconds kMaxWait{60'000};

struct AdminServiceParts {
  ConfigService& config;  // On `writer`.
  StoreReader& store;     // On `reader`.
  Registry& registry;
  TaskThread& writer;
  TaskThread& reader;
  std::string lineage;
};

std::unique_ptr<grpc::Service> MakeAdminService(AdminServiceParts parts);

// "+02:00", "-0330", "Z", "" -> microseconds to add to UTC.
absl::StatusOr<std::int64_t> ParseZoneOffset(std::string_view text);

}  // namespace ccp::control
