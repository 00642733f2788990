// Idle connections, by origin; the one used last is taken first, so that the surplus of a burst ages and is closed.
//
// Answers end in crowds where many requests are open: without a place for each of their connections, many of the next
// requests would have to connect anew. So there is a surplus, for a short time and as far as there is room.
// Ownership: owns what is idle. Threading: one pool per worker; nothing here locks.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "edge/upstream/connection.h"

namespace ccp::edge {

class ConnectionPool final : private Connection::Observer {
 public:
  struct Limits {
    std::size_t idle_per_origin = 64;                // These for the whole of their time.
    std::chrono::milliseconds idle_time{60'000};
    std::chrono::milliseconds surplus_time{5'000};
    std::function<std::size_t()> room{};             // For how many to be idle in all, surplus and not. Empty: no surplus.
  };
  explicit ConnectionPool(Limits limits) : limits_(std::move(limits)) {}
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // An idle connection that looks alive, or nullptr. Dead ones met on the way are closed.
  std::unique_ptr<Connection> Take(const Origin& origin);

  // Takes back a connection whose last answer was read to its clean end; closes it where it has timed out or holds bytes
  // behind the answer, where there are enough, and after CloseIdle().
  void Put(std::unique_ptr<Connection> connection);

  // Somebody is about to connect: closes of the surplus what there is no room for any more.
  void MakeRoom();

  // TLS sessions of an origin, shared by its connections.
  const std::shared_ptr<TlsSessions>& Sessions(const Origin& origin);

  // Closes what is idle now, and from now on each connection that comes back: one that rested would keep the loop from
  // ending for its whole idle time.
  void CloseIdle();

 private:
  struct Place {
    std::deque<std::unique_ptr<Connection>> idle;  // The longest in front; those of the surplus are behind the others.
    std::shared_ptr<TlsSessions> sessions;
  };
  void Expired(Connection& connection) override;
  std::size_t room() const { return limits_.room ? limits_.room() : 0; }

  Limits limits_;
  std::map<Origin, Place> places_;
  std::size_t idle_ = 0;  // In all places.
  bool closing_ = false;
};

}  // namespace ccp::edge
