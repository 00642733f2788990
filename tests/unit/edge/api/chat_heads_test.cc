#include "edge/api/chat_heads.h"

#include <gtest/gtest.h>

#include "edge/upstream/request_head.h"

namespace ccp::edge {
namespace {

ChatHeads::Head SomeHead() { return std::make_shared<const PreparedRequest>(); }

TEST(ChatHeads, KnowsAHeadForItsModelAndKey) {
  const auto snapshot = std::make_shared<const Snapshot>();
  const config::Model model, other;
  ChatHeads heads;
  EXPECT_EQ(heads.Find(snapshot, model, "key"), nullptr);
  const ChatHeads::Head head = SomeHead();
  heads.Keep(model, "key", head);
  EXPECT_EQ(heads.Find(snapshot, model, "key"), head);
  EXPECT_EQ(heads.Find(snapshot, model, "new key"), nullptr);
  EXPECT_EQ(heads.Find(snapshot, other, "key"), nullptr);
}

// The next snapshot's models are others, even where one lies in the memory of another.
TEST(ChatHeads, ForgetsThemWithTheSnapshot) {
  const config::Model model;
  ChatHeads heads;
  EXPECT_EQ(heads.Find(std::make_shared<const Snapshot>(), model, "key"), nullptr);
  heads.Keep(model, "key", SomeHead());
  EXPECT_EQ(heads.Find(std::make_shared<const Snapshot>(), model, "key"), nullptr);
}

}  // namespace
}  // namespace ccp::edge
