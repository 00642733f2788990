// The heads of requests to Chat Completions upstreams, made ready once for each model of a snapshot.
//
// Ownership: keeps the snapshot whose models it knows. Threading: one per worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/config/model.h"
#include "edge/snapshot.h"
#include "edge/upstream/client.h"

namespace ccp::edge {

class ChatHeads {
 public:
  using Head = std::shared_ptr<const PreparedRequest>;

  // Of `model`, which is one of `snapshot`'s. nullptr: not made ready yet, or with another key.
  Head Find(const std::shared_ptr<const Snapshot>& snapshot, const config::Model& model, std::string_view key);
  void Keep(const config::Model& model, std::string_view key, Head head);

 private:
  struct Entry {
    std::string key;
    Head head;
  };
  std::shared_ptr<const Snapshot> snapshot_;
  std::unordered_map<const config::Model*, Entry> entries_;
};

}  // namespace ccp::edge
