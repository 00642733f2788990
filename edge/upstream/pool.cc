#include "edge/upstream/pool.h"

#include <algorithm>
#include <utility>

namespace ccp::edge {

std::unique_ptr<Connection> ConnectionPool::Take(const Origin& origin) {
  const auto place = places_.find(origin);
  if (place == places_.end()) return nullptr;
  auto& idle = place->second.idle;
  while (!idle.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle.back());
    idle.pop_back();
    connection->OnTimeout(nullptr);
    if (!connection->timed_out() && connection->wire().Quiet()) return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(std::unique_ptr<Connection> connection) {
  // What the kernel has for it is asked when it is taken: between now and then the peer may speak or close in any case.
  if (closing_ || connection->timed_out() || !connection->wire().Drained()) return;
  auto& idle = places_[connection->origin()].idle;
  if (idle.size() >= limits_.idle_per_origin) return;
  connection->wire().Rest();
  connection->SetTimeout(limits_.idle_time);
  connection->OnTimeout(this);
  idle.push_back(std::move(connection));
}

void ConnectionPool::Expired(Connection& connection) {
  auto& idle = places_[connection.origin()].idle;
  const auto found = std::find_if(idle.begin(), idle.end(), [&](const auto& held) { return held.get() == &connection; });
  if (found != idle.end()) idle.erase(found);
}

const std::shared_ptr<TlsSessions>& ConnectionPool::Sessions(const Origin& origin) {
  auto& sessions = places_[origin].sessions;
  if (sessions == nullptr) sessions = MakeTlsSessions();
  return sessions;
}

void ConnectionPool::CloseIdle() {
  closing_ = true;
  for (auto& [origin, place] : places_) place.idle.clear();
}

}  // namespace ccp::edge
