// Idle connections, by origin; the one used last is taken first, so that the surplus of a burst ages and is closed.
//
// Ownership: owns what is idle. Threading: one pool per worker; nothing here locks.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "edge/upstream/connection.h"

namespace ccp::edge {

class ConnectionPool final : private Connection::Observer {
 public:
  struct Limits {
    std::size_t idle_per_origin = 64;
    std::chrono::milliseconds idle_time{60'000};
  };
  explicit ConnectionPool(Limits limits) : limits_(limits) {}
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // An idle connection that looks alive, or nullptr. Dead ones met on the way are closed.
  std::unique_ptr<Connection> Take(const Origin& origin);

  // Takes back a connection whose last answer was read to its clean end; closes it where it has timed out or holds bytes
  // behind the answer, where there are enough, and after CloseIdle().
  void Put(std::unique_ptr<Connection> connection);

  // TLS sessions of an origin, shared by its connections.
  const std::shared_ptr<TlsSessions>& Sessions(const Origin& origin);

  // Closes what is idle now, and from now on each connection that comes back: one that rested would keep the loop from
  // ending for its whole idle time.
  void CloseIdle();

 private:
  struct Place {
    std::vector<std::unique_ptr<Connection>> idle;
    std::shared_ptr<TlsSessions> sessions;
  };
  void Expired(Connection& connection) override;

  Limits limits_;
  std::map<Origin, Place> places_;
  bool closing_ = false;
};

}  // namespace ccp::edge
