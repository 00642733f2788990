// The two forms in which a client takes an Anthropic answer, behind one interface: server-sent events, or one JSON object.
// Only BlockWriter calls it, and only BlockWriter knows the order in which an answer may be written.
//
// Texts called `escaped` are contents of JSON strings, still escaped, and valid. Pure; thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/usage/record.h"
#include "edge/translate/reply.h"

namespace ccp::translate {

struct MessageHead {
  std::string_view id;
  std::string_view model;
  std::int64_t estimated_input_tokens = 0;
};

struct MessageEnd {
  std::string_view stop_reason;      // "end_turn"
  std::string_view stop_sequence;    // Unescaped; "" is null.
  usage::Tokens tokens;
};

enum class BlockKind : std::uint8_t { kText, kThinking, kToolUse };

class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;

  // What `head` refers to must outlive the writer.
  virtual void StartMessage(const MessageHead& head, std::string& out) = 0;
  virtual void StartBlock(std::size_t index, BlockKind kind, std::string& out) = 0;  // kText, kThinking
  virtual void StartTool(std::size_t index, std::string_view id, std::string_view name, std::string& out) = 0;
  virtual void Delta(std::string_view escaped, std::string& out) = 0;                // Of the open block.
  virtual void Signature(std::string_view signature, std::string& out) = 0;          // Of the open thinking block; plain ASCII.
  virtual void StopBlock(std::string& out) = 0;
  virtual void WholeBlock(std::size_t index, std::string_view json, std::string& out) = 0;
  virtual void EndMessage(const MessageEnd& end, std::string& out) = 0;
  virtual void Error(const RequestError& error, std::string& out) = 0;

  virtual std::size_t held_bytes() const { return 0; }  // Of what came and did not go out.
};

std::unique_ptr<AnswerWriter> MakeEventWriter();
std::unique_ptr<AnswerWriter> MakeMessageWriter();  // Writes nothing before EndMessage(), and nothing at all on Error().

// What both forms say alike.
void AppendHead(std::string& out, const MessageHead& head);     // Members: id, type, role, model.
void AppendStopReason(std::string& out, const MessageEnd& end);       // Members: stop_reason, stop_sequence; stop_details of a refusal.
void AppendUsage(std::string& out, const usage::Tokens& tokens);  // An object: four counts, and the thinking's where there was any.

}  // namespace ccp::translate
