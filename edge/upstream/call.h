// One request and its answer on one connection.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "edge/http/awaitable.h"
#include "edge/upstream/client.h"
#include "edge/upstream/connection.h"
#include "edge/upstream/pool.h"

namespace ccp::edge {

// What the calls of a client share; outlives them.
struct CallResources {
  ConnectionPool pool;
  std::array<char, 64 * 1024> scratch;  // Bytes between the socket and the parser; nobody suspends while using it.
};

struct ExchangeOutcome {
  Result<std::unique_ptr<UpstreamCall>> call;
  // The peer closed the connection before it answered at all: on a reused one a sign that it had been closed already, and
  // the request may be sent again.
  bool no_answer = false;
};

// Sends `bytes`, which are the request's, and reads the answer's head. `request` and what `bytes` refers to must live until
// this has returned.
Awaitable<ExchangeOutcome> Exchange(CallResources& resources, std::unique_ptr<Connection> connection, RequestBuffers bytes,
                                    const UpstreamRequest& request);

}  // namespace ccp::edge
