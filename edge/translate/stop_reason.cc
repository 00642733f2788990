#include "edge/translate/stop_reason.h"

#include "common/base/text.h"

namespace ccp::translate {
namespace {

struct Row {
  std::string_view name;
  FinishReason reason;
};

// Names other than "stop" and its likes. max_tokens, model_length: Gemini, Mistral. model_context_window_exceeded, sensitive,
// network_error: GLM. safety to image_safety: Gemini. insufficient_system_resource: DeepSeek, of an answer that it gave up.
// function_call_filter, malformed_function_call: Gemini, of a call that it could not read itself. abort: vLLM, SGLang.
constexpr Row kRows[] = {
    {"length", FinishReason::kLength},          {"max_tokens", FinishReason::kLength},
    {"max_output_tokens", FinishReason::kLength}, {"model_length", FinishReason::kLength},
    {"model_context_window_exceeded", FinishReason::kContextFull},
    {"content_filter", FinishReason::kFilter},  {"safety", FinishReason::kFilter},
    {"sensitive", FinishReason::kFilter},       {"refusal", FinishReason::kFilter},
    {"recitation", FinishReason::kFilter},      {"blocklist", FinishReason::kFilter},
    {"prohibited_content", FinishReason::kFilter}, {"spii", FinishReason::kFilter},
    {"image_safety", FinishReason::kFilter},
    {"error", FinishReason::kError},            {"network_error", FinishReason::kError},
    {"insufficient_system_resource", FinishReason::kError},
    {"function_call_filter", FinishReason::kError}, {"malformed_function_call", FinishReason::kError},
    {"abort", FinishReason::kError},            {"aborted", FinishReason::kError},
};

}  // namespace

FinishReason ReadFinishReason(std::string_view finish_reason) {
  if (finish_reason.empty()) return FinishReason::kUnsaid;
  const std::string_view word = finish_reason.substr(0, finish_reason.find(':'));
  for (const Row& row : kRows) {
    if (EqualsIgnoreCase(row.name, word)) return row.reason;
  }
  return FinishReason::kStop;
}

std::string_view StopReason(FinishReason finish, Called called) {
  switch (finish) {
    case FinishReason::kLength: return "max_tokens";
    case FinishReason::kContextFull: return "model_context_window_exceeded";
    case FinishReason::kFilter: return "refusal";
    case FinishReason::kUnsaid:
    case FinishReason::kStop:
    case FinishReason::kError: break;
  }
  return called == Called::kTool ? "tool_use" : "end_turn";
}

}  // namespace ccp::translate
