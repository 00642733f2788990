#include "edge/api/chat_heads.h"

#include <utility>

namespace ccp::edge {

ChatHeads::Head ChatHeads::Find(const std::shared_ptr<const Snapshot>& snapshot, const config::Model& model,
                                std::string_view key) {
  if (snapshot_ != snapshot) {
    entries_.clear();
    snapshot_ = snapshot;
  }
  const auto entry = entries_.find(&model);
  return entry != entries_.end() && entry->second.key == key ? entry->second.head : nullptr;
}

void ChatHeads::Keep(const config::Model& model, std::string_view key, Head head) {
  entries_[&model] = {std::string(key), std::move(head)};
}

}  // namespace ccp::edge
