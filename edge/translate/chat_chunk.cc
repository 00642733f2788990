#include "edge/translate/chat_chunk.h"

#include <cstdint>
#include <limits>
#include <string_view>

namespace ccp::translate {

ChunkMembers ReadChunk(json::Value root) {
  ChunkMembers chunk;
  for (const auto [key, value] : root.members()) {
    const std::string_view name = key.escaped();
    if (name == "choices") chunk.choices = value;
    else if (name == "usage") chunk.usage = value;
    else if (name == "web_search") chunk.web_search = value;
    else if (name == "error") chunk.may_be_error |= !value.is_null();
    else if (name == "object" || name == "type") chunk.may_be_error |= value.escaped() == "error";
  }
  chunk.may_be_error |= !chunk.choices && !chunk.usage;
  return chunk;
}

ChoiceMembers ReadChoice(json::Value choice) {
  ChoiceMembers members;
  for (const auto [key, value] : choice.members()) {
    const std::string_view name = key.escaped();
    if (name == "index") members.index = value;
    else if (name == "delta") members.delta = value;
    else if (name == "message") members.message = value;
    else if (name == "finish_reason") members.finish_reason = value;
    else if (name == "usage") members.usage = value;
    else if (name == "error") members.error = value;
  }
  return members;
}

ContentMembers ReadContent(json::Value content) {
  ContentMembers members;
  for (const auto [key, value] : content.members()) {
    const std::string_view name = key.escaped();
    if (name == "content") members.text = value;
    else if (name == "tool_calls") members.tool_calls = value;
    else if (name == "reasoning_content") members.reasoning_content = value;
    else if (name == "reasoning") members.reasoning = value;
    else if (name == "reasoning_details") members.reasoning_details = value;
    else if (name == "thinking_blocks") members.thinking_blocks = value;
    else if (name == "refusal") members.refusal = value;
    else if (name == "function_call") members.function_call = value;
    else if (name == "audio") members.audio = value;
    else if (name == "annotations") members.annotations = value;
    else if (name == "extra_content") members.extra_content = value;
  }
  return members;
}

bool MarksThought(json::Value extra_content) {
  return extra_content["google"]["thought"].boolean().value_or(false);
}

namespace {

// A fragment that says which call it goes on with, and how.
LoneText ReadLoneArguments(json::Value calls) {
  if (!calls.is_array() || calls.size() != 1) return {};
  const CallMembers call = ReadCall(*calls.elements().begin());
  const FunctionMembers function = ReadFunction(call.function);
  const std::int64_t index = call.index.integer().value_or(-1);
  const bool plain_call = call.id.absent_or_null() && call.extra_content.absent_or_null() && function.name.absent_or_null();
  if (!plain_call || !function.arguments.is_string()) return {};
  if (index < 0 || index > std::numeric_limits<std::uint8_t>::max()) return {};
  return {LoneText::Kind::kArguments, static_cast<std::uint8_t>(index), function.arguments};
}

}  // namespace

LoneText ReadLoneText(const ChunkMembers& chunk) {
  const bool plain_chunk = !chunk.may_be_error && chunk.usage.absent_or_null() && chunk.web_search.absent_or_null();
  if (!plain_chunk || !chunk.choices.is_array() || chunk.choices.size() != 1) return {};
  const ChoiceMembers choice = ReadChoice(*chunk.choices.elements().begin());
  const bool plain_choice = choice.index.integer().value_or(0) == 0 && choice.message.absent_or_null() &&
                            choice.finish_reason.absent_or_null() && choice.usage.absent_or_null() &&
                            choice.error.absent_or_null();
  if (!plain_choice) return {};
  const ContentMembers delta = ReadContent(choice.delta);
  const bool plain_delta = delta.refusal.absent_or_null() && delta.function_call.absent_or_null() &&
                           delta.annotations.absent_or_null() && delta.audio.absent_or_null() &&
                           delta.thinking_blocks.absent_or_null() && delta.reasoning_details.absent_or_null() &&
                           delta.reasoning.absent_or_null();
  if (!plain_delta) return {};
  const bool no_text = delta.text.absent_or_null();
  const bool no_reasoning = delta.reasoning_content.absent_or_null();
  if (!delta.tool_calls.absent_or_null()) return no_text && no_reasoning ? ReadLoneArguments(delta.tool_calls) : LoneText();
  if (delta.text.is_string() && no_reasoning) {
    return {MarksThought(delta.extra_content) ? LoneText::Kind::kThought : LoneText::Kind::kContent, 0, delta.text};
  }
  if (!delta.reasoning_content.is_string() || !no_text) return {};
  return {LoneText::Kind::kReasoning, 0, delta.reasoning_content};
}

CallMembers ReadCall(json::Value call) {
  CallMembers members;
  json::Value custom;
  for (const auto [key, value] : call.members()) {
    const std::string_view name = key.escaped();
    if (name == "index") members.index = value;
    else if (name == "id") members.id = value;
    else if (name == "function") members.function = value;
    else if (name == "custom") custom = value;
    else if (name == "extra_content") members.extra_content = value;
  }
  if (!members.function) members.function = custom;
  return members;
}

FunctionMembers ReadFunction(json::Value function) {
  FunctionMembers members;
  for (const auto [key, value] : function.members()) {
    const std::string_view name = key.escaped();
    if (name == "arguments") members.arguments = value;
    else if (name == "name") members.name = value;
  }
  return members;
}

}  // namespace ccp::translate
