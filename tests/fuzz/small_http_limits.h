// Limits that damaged requests of a few hundred bytes can reach.
#pragma once

#include "edge/http/request_parser.h"

namespace ccp::edge {

inline HttpLimits SmallLimits() {
  HttpLimits limits;
  limits.header_bytes = 512;
  limits.header_fields = 8;
  limits.target_bytes = 64;
  limits.body_bytes = 256;
  return limits;
}

}  // namespace ccp::edge
