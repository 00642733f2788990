// Writes one Anthropic answer, and cannot write an illegal one: message_start once and first, blocks 0, 1, 2, ... of which
// at most one is open, a thinking block sealed with its signature, message_delta and message_stop once, nothing after them
// or after an error. There is no call that could break the order: each does what is still due before its own part, and
// after the end does nothing.
//
// Texts called `escaped` are contents of valid JSON strings, still escaped; surrogates torn apart by the cut between two
// fragments of a text are joined here. Pure; thread-compatible; one answer, one writer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edge/translate/answer_writer.h"
#include "edge/translate/reply.h"
#include "edge/translate/surrogate_joiner.h"
#include "edge/translate/thinking_state.h"

namespace ccp::translate {

class BlockWriter {
 public:
  // Refers to both: `thinking` has the signatures of thinking blocks.
  BlockWriter(const ReplySettings& settings, ThinkingState& thinking);

  void Start(std::string& out);
  // Opens a block if none of that kind is open. An empty text is nothing, and so is a block of white space alone: a real
  // Claude refuses such a block when the client sends it back.
  void Text(std::string_view escaped, std::string& out);
  // The same, but an empty fragment opens the block too: state may have to travel without any text.
  void Thinking(std::string_view escaped, std::string& out);
  void OpenTool(std::string_view id, std::string_view name, std::string& out);
  void ToolInput(std::string_view escaped, std::string& out);   // Nothing unless a tool block is open.
  void WholeBlock(std::string_view json, std::string& out);     // A complete content block.
  void CloseBlock(std::string& out);
  void End(const MessageEnd& end, std::string& out);
  void Fail(const RequestError& error, std::string& out);

  bool started() const { return started_; }
  bool has_content() const { return next_index_ > 0 || open_.has_value(); }
  bool has_tool() const { return has_tool_; }
  bool ended() const { return ended_; }
  std::size_t held_bytes() const { return form_->held_bytes(); }  // Of what came and did not go out.
  std::size_t content_bytes() const { return content_bytes_; }  // Of texts and inputs, as escaped: for estimates.

 private:
  void TextDelta(std::string_view escaped, std::string& out);
  void Open(BlockKind kind, std::string& out);
  void Delta(std::string_view escaped, std::string& out);

  std::unique_ptr<AnswerWriter> form_;
  const ReplySettings& settings_;
  ThinkingState& thinking_;
  SurrogateJoiner joiner_;
  std::string leading_space_;      // Of a text block whose first word has not come; still escaped.
  std::size_t next_index_ = 0;     // Of the open block, else of the next one.
  std::size_t content_bytes_ = 0;
  std::optional<BlockKind> open_;
  bool started_;
  bool has_tool_ = false;
  bool ended_ = false;
};

}  // namespace ccp::translate
