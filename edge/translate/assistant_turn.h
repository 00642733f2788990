// One assistant turn of the history: text, calls and reasoning of all messages that form it, written as one message.
// Internal to edge/translate.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/messages/block.h"
#include "edge/translate/chat_context.h"

namespace ccp::translate {

// The calls of the turn just written, as far as they still wait for their results.
class OpenCalls {
 public:
  // The number of the turn's last call of that id, from 1; 0: none yet. Clients repeat ids, which no upstream may see.
  int LastNumber(const std::string& client_id) const;
  bool Knows(const std::string& upstream_id) const { return upstream_ids_.contains(upstream_id); }
  void Add(const std::string& client_id, int number, std::string upstream_id);

  // The upstream id of the first unanswered call of that name, now answered; nullptr if there is none.
  const std::string* Answer(const std::string& client_id);

  std::vector<std::string_view> Unanswered() const;
  void Clear();

 private:
  struct Call {
    std::string upstream_id;
    std::size_t next = kNone;  // The next call of the same id, in order.
    bool answered = false;
  };
  struct SameId {
    std::size_t first_open;
    std::size_t last;
    int last_number;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Call> calls_;
  std::unordered_map<std::string, SameId> by_id_;
  std::unordered_set<std::string> upstream_ids_;
};

class AssistantTurn {
 public:
  AssistantTurn(ChatContext& context, OpenCalls& open_calls) : context_(context), open_calls_(open_calls) {}

  // Whether an assistant message's content holds neither text nor calls. One of thinking alone is an error upstream.
  static bool IsSilent(json::Value content);

  void Add(json::Value content);

  enum class Place : std::uint8_t { kInside, kLast };
  // REQUIRES: one of the messages added is not silent.
  void AppendTo(std::string& out, Place place);

 private:
  void AddBlock(json::Value value);
  void NoteDropped(const messages::Block& block);
  void AddText(json::Value text);
  void AddThinking(const messages::Block& block);
  void AddThinkingBlock(const messages::Block& block);
  void AddCall(const messages::Block& block);
  void TakeState(const struct ReasoningState& state, std::string_view shown_text);
  void AppendContent(std::string& out) const;
  void AppendReasoning(std::string& out) const;
  void AppendCalls(std::string& out) const;
  void AppendPrefillMark(std::string& out);

  struct Call {
    std::string id;
    std::string name;
    std::string thought_signature;  // Gemini's; usually empty.
    json::Value input;
  };

  ChatContext& context_;
  OpenCalls& open_calls_;
  std::vector<std::string_view> texts_;  // Escaped.
  std::vector<Call> calls_;
  std::string reasoning_;          // Escaped text.
  std::string reasoning_details_;  // Elements of a JSON array.
  std::string thinking_blocks_;    // The same.
  std::string thought_signature_;  // Of a thinking block: belongs to the first call.
};

}  // namespace ccp::translate
