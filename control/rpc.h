// What the gRPC faces share.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace ccp::control {

// The codes are the same by design of both libraries.
inline grpc::Status ToRpcStatus(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace ccp::control
