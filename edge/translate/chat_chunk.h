// The members of a Chat Completions answer that a reply looks at, each object read in one pass: an answer has thousands of
// chunks of two dozen members, nearly all alike, and looking a name up for each question would cost more than the rest.
// A member that is not there is absent; of two with one name the last counts. Pure.
#pragma once

#include <cstdint>

#include "common/json/document.h"

namespace ccp::translate {

struct ChunkMembers {  // A chunk of a stream, or a whole answer.
  json::Value choices;
  json::Value usage;
  json::Value web_search;     // GLM
  bool may_be_error = false;  // ReadReplyError() is to decide.
};
ChunkMembers ReadChunk(json::Value root);

struct ChoiceMembers {
  json::Value index;
  json::Value delta;
  json::Value message;
  json::Value finish_reason;
  json::Value usage;          // Kimi
  json::Value error;          // OpenRouter
};
ChoiceMembers ReadChoice(json::Value choice);

struct ContentMembers {  // A delta, or a message.
  json::Value text;
  json::Value refusal;
  json::Value tool_calls;
  json::Value function_call;
  json::Value audio;
  json::Value annotations;
  json::Value thinking_blocks;
  json::Value reasoning_details;
  json::Value reasoning_content;
  json::Value reasoning;
  json::Value extra_content;  // Gemini
};
ContentMembers ReadContent(json::Value content);
bool MarksThought(json::Value extra_content);  // The text beside it is, or begins with, what Gemini thought.

// What a chunk says that says one text and nothing else, as nearly all chunks do. Whatever member is added above and has an
// effect must be looked at here, or it is overlooked in all but the first of several like chunks.
struct LoneText {
  enum class Kind : std::uint8_t { kNone, kContent, kThought, kReasoning, kArguments } kind = Kind::kNone;
  std::uint8_t call = 0;      // With kArguments: the index of the call.
  json::Value text;           // A string.
};
LoneText ReadLoneText(const ChunkMembers& chunk);

struct CallMembers {
  json::Value index;
  json::Value id;
  json::Value function;
  json::Value extra_content;  // Gemini
};
CallMembers ReadCall(json::Value call);

struct FunctionMembers {
  json::Value name;
  json::Value arguments;
};
FunctionMembers ReadFunction(json::Value function);

}  // namespace ccp::translate
