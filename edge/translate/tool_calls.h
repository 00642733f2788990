// Puts the tool calls of a Chat Completions answer together and keeps all its content in order.
//
// Upstreams send calls in fragments: interleaved, with late names and ids, without indices, with the arguments so far
// repeated in each fragment. A client takes one block after the other. So the first unfinished call streams, and what comes
// after it - fragments of other calls, text, thinking - waits in order of arrival until that call is whole (its arguments
// are a complete object and the upstream has moved on) or the answer ends. translation.md 4.1.
//
// Calls that the edge answers by itself (Kimi's search) are no blocks: they are kept until asked for, word for word.
//
// Every block ends with arguments that are a JSON object: missing closing brackets are added when the upstream says that
// the call is finished; what is cut inside a value is cancelled (ObjectScanner::Cancellation), so no tool runs with half of it.
//
// Ownership: refers to `writer`, `losses` and `settings`, which must outlive it. Pure; thread-compatible.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "edge/translate/block_writer.h"
#include "edge/translate/loss.h"
#include "edge/translate/object_scanner.h"
#include "edge/translate/reasoning_state.h"
#include "edge/translate/reply.h"
#include "edge/translate/surrogate_joiner.h"

namespace ccp::translate {

// One element of delta.tool_calls. Empty texts are "not said".
struct ToolCallDelta {
  std::optional<std::int64_t> index;
  std::string id;
  std::string name;
  std::string_view arguments;          // Still escaped.
  std::string thought_signature;       // Gemini's; travels in the tool_use id.
};

// A call that is answered with its own arguments.
struct EchoedCall {
  std::string id;
  std::string arguments;               // As they came.
};

class ToolCalls {
 public:
  static constexpr std::size_t kMaxHeldBytes = 32u << 20;  // Of all calls together, and of what waits behind them.
  enum class Ending : std::uint8_t { kFinished, kCut };  // kCut: the token limit ended the answer, wherever it was.
  ToolCalls(BlockWriter& writer, Losses& losses, const ReplySettings& settings)
      : writer_(writer), losses_(losses), settings_(settings) {}

  void Call(const ToolCallDelta& delta, std::string& out);
  void Text(std::string_view escaped, std::string& out);
  void Thinking(std::string_view escaped, std::string& out);
  void WholeBlock(std::string_view json, std::string& out);

  // Ends the blocks that are whole; those that are not stay open, in case more of them comes.
  void CloseWhole(std::string& out);
  void Finish(Ending ending, std::string& out);

  // After Finish(). The next round of the answer begins: its calls have nothing to do with those before.
  std::vector<EchoedCall> TakeEchoed();

  // More than kMaxHeldBytes of an answer had to be kept: it cannot be passed on.
  bool overflowed() const { return held_ != nullptr && held_->bytes > kMaxHeldBytes; }

 private:
  struct ToolCall {
    std::optional<std::int64_t> index;
    std::string id;                    // The upstream's.
    std::string name;
    std::string thought_signature;
    std::string arguments;             // All that came, unescaped.
    std::string waiting;               // Still escaped; goes out when the block opens.
    std::string doubtful;              // A fragment that may be the next, or all so far repeated; unescaped.
    std::string comma;                 // And white space behind it: goes out when a value follows; unescaped.
    ObjectScanner scanner;
    SurrogateJoiner joiner;
    enum class Block : std::uint8_t { kDue, kOpen, kClosed, kHidden } block = Block::kDue;
    bool emitted = false;              // Arguments went out, or wait to.
    bool broken = false;               // What comes now cannot follow what went out.
  };
  enum class Kind : std::uint8_t { kText, kThinking, kWholeBlock, kCall };
  struct Item {
    Kind kind;
    std::string content;               // Of all but calls.
    ToolCall* call = nullptr;
  };

  struct Held {
    std::list<ToolCall> calls;         // All of the answer: a late fragment of a closed one must not begin another.
    std::list<Item> queue;             // In the client's order. The front may be a call that streams; the others wait.
    std::unordered_set<std::string> ids;  // Given to the client.
    std::string unescaped;
    std::size_t bytes = 0;
  };

  ToolCall* Find(const ToolCallDelta& delta);
  ToolCall& Add(const ToolCallDelta& delta);
  bool BeginsAnother(const ToolCall& call, const ToolCallDelta& delta);
  void TakeNames(ToolCall& call, const ToolCallDelta& delta);
  void Arguments(ToolCall& call, std::string_view escaped, std::string& out);
  void Take(ToolCall& call, std::string_view text, std::string_view escaped, std::string& out);
  void SettleDoubt(ToolCall& call, std::string& out);
  void Repair(ToolCall& call, std::string_view rest, std::string& accepted);
  void Emit(ToolCall& call, std::string_view escaped, std::string& out);
  void Put(Kind kind, std::string_view content, std::string& out);
  void Write(Kind kind, std::string_view content, std::string& out);
  void Advance(std::string& out);
  void Open(ToolCall& call, std::string& out);
  void Close(ToolCall& call, Ending ending, std::string& out);
  std::string Completion(const ToolCall& call, Ending ending);
  std::string_view ClientName(const ToolCall& call) const;
  std::string ClientId(const ToolCall& call);

  BlockWriter& writer_;
  Losses& losses_;
  const ReplySettings& settings_;
  std::unique_ptr<Held> held_;         // Most answers have no call.
};

}  // namespace ccp::translate
