#include "edge/translate/stop_reason.h"

#include "common/base/text.h"

namespace ccp::translate {
namespace {

struct Row {
  std::string_view name;
  FinishReason reason;
};

// Names other than "stop" and its likes. max_tokens, model_length: Gemini, Mistral. safety and the rest: Gemini.
constexpr Row kRows[] = {
    {"length", FinishReason::kLength},          {"max_tokens", FinishReason::kLength},
    {"max_output_tokens", FinishReason::kLength}, {"model_length", FinishReason::kLength},
    {"content_filter", FinishReason::kFilter},  {"safety", FinishReason::kFilter},
    {"sensitive", FinishReason::kFilter},       {"refusal", FinishReason::kFilter},
    {"recitation", FinishReason::kFilter},      {"blocklist", FinishReason::kFilter},
    {"prohibited_content", FinishReason::kFilter},
    {"error", FinishReason::kError},            {"network_error", FinishReason::kError},
};

}  // namespace

FinishReason ReadFinishReason(std::string_view finish_reason) {
  if (finish_reason.empty()) return FinishReason::kUnsaid;
  for (const Row& row : kRows) {
    if (EqualsIgnoreCase(row.name, finish_reason)) return row.reason;
  }
  return FinishReason::kStop;
}

std::string_view StopReason(FinishReason finish, Called called) {
  switch (finish) {
    case FinishReason::kLength: return "max_tokens";
    case FinishReason::kFilter: return "refusal";
    case FinishReason::kUnsaid:
    case FinishReason::kStop:
    case FinishReason::kError: break;
  }
  return called == Called::kTool ? "tool_use" : "end_turn";
}

}  // namespace ccp::translate
