#include "edge/translate/dialect.h"

#include <algorithm>

namespace ccp::translate {
namespace {

using Thinking = Dialect::Thinking;
using History = Dialect::History;
using Limit = Dialect::TokenLimit;
using Schema = Dialect::Schema;
using Search = Dialect::Search;
using Prefill = Dialect::Prefill;

// Every row was read from the vendor's own API reference in November 2026, unless its comment says otherwise.
std::vector<Dialect> MakeDialects() {
  return {
      // platform.openai.com/docs/api-reference/chat/create. max_tokens is deprecated there, and refused by reasoning
      // models.
      // Tool-call ids over 40 characters are refused ("string too long"). Also what an unknown compatible host gets.
      {.name = "openai",
       .token_limit = Limit::kMaxCompletionTokens,
       .system_parts = true,
       .pdf = true,
       .search = Search::kWebSearchOptions,
       .max_tool_id = 40,
       .service_tier = true},
      // platform.openai.com/docs/guides/reasoning: developer messages, no sampling, effort instead of a budget.
      {.name = "openai-reasoning",
       .token_limit = Limit::kMaxCompletionTokens,
       .thinking = Thinking::kReasoningEffort,
       .system_role = Dialect::SystemRole::kDeveloper,
       .system_parts = true,
       .drop_sampling = true,
       .pdf = true,
       .search = Search::kWebSearchOptions,
       .max_tool_id = 40,
       .service_tier = true},
      // openrouter.ai/docs: reasoning object, reasoning_details go back, cache_control passes to Claude and Gemini, web
      // plugin.
      {.name = "openrouter",
       .thinking = Thinking::kOpenRouter,
       .history = History::kReasoningDetails,
       .system_parts = true,
       .top_k = true,
       .cache_control = true,
       .pdf = true,
       .search = Search::kOpenRouterPlugin},
      // api-docs.deepseek.com: content is a string; thinking switch and effort; reasoning_content must come back beside
      // calls;
      // JSON mode without a schema; a forced tool is refused while thinking.
      {.name = "deepseek",
       .thinking = Thinking::kDeepSeek,
       .history = History::kReasoningContent,
       .echo_required = true,
       .text_parts = false,
       .parallel_tool_calls = false,
       .user = false,
       .images = false,
       .json_schema = false,
       .max_stop_sequences = 16,
       .forced_tool_excludes_thinking = true},
      // DashScope, OpenAI-compatible mode: enable_thinking, thinking_budget, top_k, enable_search; partial continues a
      // prefill.
      {.name = "qwen",
       .thinking = Thinking::kQwen,
       .null_content = false,
       .top_k = true,
       .user = false,
       .search = Search::kQwen,
       .forced_tool_excludes_thinking = true,
       .prefill = Prefill::kPartial},
      // Volcano Ark: thinking.type enabled, disabled or auto. Its models at times write calls as text.
      {.name = "doubao", .thinking = Thinking::kDoubao, .user = false, .text_tool_calls = true},
      // ai.google.dev/gemini-api/docs/openai: thinking under extra_body.google, a subset of OpenAPI as schema.
      {.name = "gemini",
       .thinking = Thinking::kGemini,
       .schema = Schema::kGemini,
       .parallel_tool_calls = false,
       .user = false,
       .max_stop_sequences = 5},
      // console.groq.com/docs/openai: max_completion_tokens; several length and pattern keywords are refused in tool
      // schemas.
      {.name = "groq", .token_limit = Limit::kMaxCompletionTokens, .schema = Schema::kNoLimits},
      // platform.moonshot.ai/docs: thinking switch from k2.5 on, reasoning_content must come back, partial mode for
      // prefills.
      {.name = "kimi",
       .thinking = Thinking::kKimi,
       .history = History::kReasoningContent,
       .echo_required = true,
       .parallel_tool_calls = false,
       .user = false,
       .max_stop_sequences = 5,
       .forced_tool_excludes_thinking = true,
       .prefill = Prefill::kPartial},
      // docs.z.ai: thinking switch, one stop word, tool_choice auto only, JSON mode without a schema, own search tool.
      {.name = "glm",
       .thinking = Thinking::kGlm,
       .history = History::kReasoningContent,
       .parallel_tool_calls = false,
       .user = false,
       .json_schema = false,
       .search = Search::kGlm,
       .max_stop_sequences = 1,
       .tool_choice = Dialect::ToolChoice::kAutoOnly},
      // docs.mistral.ai/api: unknown fields are refused, ids are nine letters or digits, the last message is never
      // system,
      // usage comes unasked, prefix continues a prefill.
      {.name = "mistral",
       .null_content = false,
       .schema = Schema::kNoLimits,
       .tool_id = Dialect::ToolId::kMistral9,
       .stream_usage = false,
       .user = false,
       .system_anywhere = false,
       .prefill = Prefill::kPrefix},
      // docs.vllm.ai, OpenAI-compatible server. Chat templates decide much: text as strings, system at the top, no
      // null.
      {.name = "vllm",
       .thinking = Thinking::kChatTemplate,
       .history = History::kReasoning,
       .text_parts = false,
       .null_content = false,
       .top_k = true,
       .system_anywhere = false,
       .prefill = Prefill::kContinueFinalMessage},
      // llama.cpp, tools/server/README.md. A trailing assistant message is continued without being asked.
      {.name = "llamacpp",
       .thinking = Thinking::kChatTemplate,
       .history = History::kReasoningContent,
       .text_parts = false,
       .null_content = false,
       .top_k = true,
       .system_anywhere = false},
      // docs.ollama.com/openai: no tool_choice; a wish to think is an error for models that cannot, so only "none" is
      // sent.
      {.name = "ollama",
       .thinking = Thinking::kOllama,
       .history = History::kReasoning,
       .text_parts = false,
       .null_content = false,
       .parallel_tool_calls = false,
       .tool_choice = Dialect::ToolChoice::kAutoOnly},
  };
}

// o1, o3-mini, o4-mini-2025-04-16, gpt-5, gpt-5.1-codex; not gpt-5-chat-latest, not a vendor's "openai/..." name.
bool NamesReasoningModel(std::string_view name) {
  if (name.starts_with("gpt-5")) return !name.starts_with("gpt-5-chat");
  if (name.size() < 2 || name[0] != 'o' || name[1] < '1' || name[1] > '9') return false;
  return name.size() == 2 || name[2] == '-';
}

}  // namespace

const std::vector<Dialect>& Dialects() {
  static const std::vector<Dialect> dialects = MakeDialects();
  return dialects;
}

const Dialect* FindDialect(std::string_view name) {
  const auto& all = Dialects();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Dialect& row) { return row.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Dialect& DialectForModel(const Dialect& dialect, std::string_view upstream_name) {
  if (dialect.name != "openai" || !NamesReasoningModel(upstream_name)) return dialect;
  return *FindDialect("openai-reasoning");
}

}  // namespace ccp::translate
