// Where workers leave usage records: the journal, seen from the request path.
#pragma once

#include <cstdint>

#include "common/usage/record.h"

namespace ccp::edge {

// Threading: thread-safe; callable from every worker. A call copies some hundred bytes under a short mutex.
// Order: Open() before the first byte goes upstream; Close() before the terminal event goes to the client. When Close()
//   returns, the record survives kill -9. An attempt opened and never closed becomes a row with outcome edge_crash when
//   the journal is next opened.
class UsageSink {
 public:
  virtual ~UsageSink() = default;
  virtual std::uint64_t Open(const usage::Record& opening) = 0;   // Returns the attempt's handle, never 0.
  virtual void Close(std::uint64_t handle, const usage::Record& record) = 0;  // handle 0: was never opened (rejected requests).
};

}  // namespace ccp::edge
