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
    --idle_;
    connection->OnTimeout(nullptr);
    if (!connection->timed_out() && connection->wire().Quiet()) return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(std::unique_ptr<Connection> connection) {
  // What the kernel has for it is asked when it is taken: between now and then the peer may speak or close in any case.
  if (closing_ || connection->timed_out() || !connection->wire().Drained()) return;
  auto& idle = places_[connection->origin()].idle;
  const bool surplus = idle.size() >= limits_.idle_per_origin;
  if (surplus && idle_ >= room()) return;
  connection->wire().Rest();
  connection->SetTimeout(surplus ? limits_.surplus_time : limits_.idle_time);
  connection->OnTimeout(this);
  idle.push_back(std::move(connection));
  ++idle_;
}

void ConnectionPool::MakeRoom() {
  const std::size_t most = room();
  for (auto& [origin, place] : places_) {
    auto& idle = place.idle;
    while (idle_ > most && idle.size() > limits_.idle_per_origin) {
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(limits_.idle_per_origin));
      --idle_;
    }
  }
}

void ConnectionPool::Expired(Connection& connection) {
  auto& idle = places_[connection.origin()].idle;
  const auto found = std::find_if(idle.begin(), idle.end(), [&](const auto& held) { return held.get() == &connection; });
  if (found == idle.end()) return;
  idle.erase(found);
  --idle_;
}

const std::shared_ptr<TlsSessions>& ConnectionPool::Sessions(const Origin& origin) {
  auto& sessions = places_[origin].sessions;
  if (sessions == nullptr) sessions = MakeTlsSessions();
  return sessions;
}

void ConnectionPool::CloseIdle() {
  closing_ = true;
  for (auto& [origin, place] : places_) place.idle.clear();
  idle_ = 0;
}

}  // namespace ccp::edge
