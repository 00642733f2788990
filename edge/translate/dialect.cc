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

// Sources, read in November 2026: "docs" is the vendor's own documentation or the API types of its SDK; "reports" are
// refusals that users quote, word for word, in issue trackers; "experience" is what nobody here has seen in writing.
std::vector<Dialect> MakeDialects() {
  return {
      // Also what an unknown compatible host gets.
      // docs (API reference, chat/create): max_tokens is deprecated for max_completion_tokens, user, service_tier auto
      // and default, stop up to 4, file parts, web_search_options for the search models.
      // reports: "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40".
      {.name = "openai",
       .token_limit = Limit::kMaxCompletionTokens,
       .system_parts = true,
       .pdf = true,
       .search = Search::kWebSearchOptions,
       .max_tool_id = 40,
       .service_tier = true},
      // docs (API reference; reasoning guide): developer messages, max_completion_tokens only, effort instead of a
      // budget, stop "not supported with latest reasoning models". reports: temperature and top_p are refused.
      {.name = "openai-reasoning",
       .token_limit = Limit::kMaxCompletionTokens,
       .thinking = Thinking::kReasoningEffort,
       .system_role = Dialect::SystemRole::kDeveloper,
       .system_parts = true,
       .drop_sampling = true,
       .pdf = true,
       .search = Search::kWebSearchOptions,
       .max_stop_sequences = 0,
       .max_tool_id = 40,
       .service_tier = true},
      // docs (reasoning tokens; SDK types): the reasoning object with effort, max_tokens or enabled, reasoning_details
      // go back, top_k, user, parallel_tool_calls; the server tool openrouter:web_search, its "web" plugin being
      // deprecated.
      // reports: OpenAI's limit of 40 for tool-call ids holds behind it. experience: cache_control reaches Claude and
      // Gemini, file parts.
      {.name = "openrouter",
       .thinking = Thinking::kOpenRouter,
       .history = History::kReasoningDetails,
       .system_parts = true,
       .top_k = true,
       .cache_control = true,
       .pdf = true,
       .search = Search::kOpenRouter,
       .max_tool_id = 40},
      // docs (thinking mode; chat completion): thinking is on by default, efforts low, high and max, reasoning_content
      // must come back beside calls, stop up to 16, JSON mode without a schema.
      // reports: "Thinking mode does not support this tool_choice" for a forced tool; "" will do for reasoning_content.
      // experience: content is a string; no images, no user, no parallel_tool_calls.
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
      // docs (Model Studio: deep thinking): enable_thinking; its SDKs: enable_search, parallel_tool_calls.
      // reports: "The tool_choice parameter does not support being set to required or object in thinking mode";
      // "parameter.enable_thinking must be set to false for non-streaming calls".
      // experience: thinking_budget, top_k, partial; no user, no null content. Older models know JSON mode alone.
      {.name = "qwen",
       .thinking = Thinking::kQwen,
       .null_content = false,
       .top_k = true,
       .user = false,
       .search = Search::kQwen,
       .forced_tool_excludes_thinking = true,
       .prefill = Prefill::kPartial},
      // docs (types of Volcano's Ark SDK): thinking, user, parallel_tool_calls, service_tier auto and default.
      // experience: its models at times write calls as text.
      {.name = "doubao", .thinking = Thinking::kDoubao, .text_tool_calls = true, .service_tier = true},
      // docs (OpenAI compatibility; thinking): thinking under extra_body.google, or reasoning_effort, never both.
      // docs (Vertex AI, chat completions): web_search_options stands for Google's search.
      // reports: "Invalid JSON payload received. Unknown name \"parallel_tool_calls\": Cannot find field"; of
      // "google_search" in tools as well, so that there is no search but at Vertex AI.
      // reports: with include_thoughts they come in the text, between <thought> and </thought>, and in a stream each of
      // their chunks says extra_content.google.thought.
      // experience: user is refused alike, a subset of OpenAPI as schema, stop up to 5, thinking counted in the total alone.
      {.name = "gemini",
       .thinking = Thinking::kGemini,
       .schema = Schema::kGemini,
       .thoughts_in_total = true,
       .parallel_tool_calls = false,
       .user = false,
       .search = Search::kVertex,
       .think_tag = "thought",
       .max_stop_sequences = 5},
      // docs (API types of its SDK): user, parallel_tool_calls, every tool_choice, stop up to 4.
      // reports: "minItems is not supported" in a response_format. experience: that tools are held to the same rules.
      {.name = "groq", .token_limit = Limit::kMaxCompletionTokens, .schema = Schema::kNoLimits},
      // docs (chat API reference): max_tokens is deprecated, the thinking switch, stop up to 5, partial, json_schema;
      // of users it takes a safety_identifier.
      // reports: "thinking is enabled but reasoning_content is missing in assistant tool call message", of "" as well
      // with k2.5 and k2.6, while " " passes; "tool_choice 'specified' is incompatible with thinking enabled".
      // docs (web search): the builtin function $web_search, a call that the caller answers with the call's own
      // arguments; the pages stay with Kimi. Thinking has to be off beside it, which k2.5 and k2.6 can; models that
      // always think are not offered it here. experience: no parallel_tool_calls; that the call goes back as type
      // function, and that a forced search needs no tool_choice. Unverified: k3, for which nothing is said of either.
      {.name = "kimi",
       .token_limit = Limit::kMaxCompletionTokens,
       .thinking = Thinking::kKimi,
       .history = History::kReasoningContent,
       .echo_required = true,
       .unknown_reasoning = " ",
       .parallel_tool_calls = false,
       .user = false,
       .search = Search::kKimi,
       .max_stop_sequences = 5,
       .forced_tool_excludes_thinking = true,
       .prefill = Prefill::kPartial},
      // docs (chat completions; thinking mode): the thinking switch, reasoning_content comes back, tool_choice auto
      // only, one stop word, JSON mode, a user_id of its own instead of user. experience: no schema in response_format,
      // the web_search tool, no parallel_tool_calls.
      {.name = "glm",
       .thinking = Thinking::kGlm,
       .history = History::kReasoningContent,
       .parallel_tool_calls = false,
       .user = false,
       .json_schema = false,
       .search = Search::kGlm,
       .max_stop_sequences = 1,
       .tool_choice = Dialect::ToolChoice::kAutoOnly},
      // docs (types of its SDK): max_tokens, parallel_tool_calls.
      // reports: "Extra inputs are not permitted" of max_completion_tokens, metadata, reasoning_content and others;
      // "Tool call id was ... but must be a-z, A-Z, 0-9, with a length of 9"; "Unexpected role 'user' after role
      // 'tool'"; "Expected last role User or Tool (or Assistant with prefix True)"; $schema and $id break its tool
      // grammar.
      // experience: usage comes unasked; limits in schemas are refused.
      {.name = "mistral",
       .null_content = false,
       .user_after_tool = false,
       .schema = Schema::kNoLimits,
       .tool_id = Dialect::ToolId::kMistral9,
       .stream_usage = false,
       .user = false,
       .system_anywhere = false,
       .prefill = Prefill::kPrefix},
      // docs (reasoning outputs): the field reasoning, once reasoning_content; chat_template_kwargs.enable_thinking.
      // experience: chat templates decide much, so text goes as strings, system to the top, and nothing is null;
      // continue_final_message; without a --reasoning-parser or --tool-call-parser both stay in the text.
      {.name = "vllm",
       .thinking = Thinking::kChatTemplate,
       .history = History::kReasoning,
       .text_parts = false,
       .null_content = false,
       .top_k = true,
       .think_tag = "think",
       .text_tool_calls = true,
       .system_anywhere = false,
       .prefill = Prefill::kContinueFinalMessage},
      // docs (source, common/chat.cpp): reasoning_content in messages, tool_choice auto, none or required: a named tool
      // is read as auto.
      // reports: "Assistant response prefill is incompatible with enable_thinking". experience: as with vLLM,
      // templates; --reasoning-format none leaves thinking in the text.
      {.name = "llamacpp",
       .thinking = Thinking::kChatTemplate,
       .history = History::kReasoningContent,
       .text_parts = false,
       .null_content = false,
       .top_k = true,
       .think_tag = "think",
       .text_tool_calls = true,
       .tool_choice = Dialect::ToolChoice::kUnnamed,
       .system_anywhere = false,
       .prefill = Prefill::kWithoutThinking},
      // docs (OpenAI compatibility; source, openai/openai.go): the field reasoning, reasoning_effort, stream_options,
      // response_format with a schema; no tool_choice, no parallel_tool_calls; user is ignored.
      // experience: a wish to think is an error for models that cannot, so only "none" is sent; models without a template
      // of their own leave the tag in the text.
      {.name = "ollama",
       .thinking = Thinking::kOllama,
       .history = History::kReasoning,
       .text_parts = false,
       .null_content = false,
       .parallel_tool_calls = false,
       .think_tag = "think",
       .tool_choice = Dialect::ToolChoice::kAutoOnly},
      // A gateway: what holds for an unknown model holds for those behind it, and what it gives of a Claude's thinking
      // it wants back. docs (reasoning content): thinking_blocks in answers and in assistant messages.
      // experience: the rest, and that it hands redacted_thinking through in both.
      {.name = "litellm",
       .token_limit = Limit::kMaxCompletionTokens,
       .history = History::kThinkingBlocks,
       .system_parts = true,
       .pdf = true,
       .search = Search::kWebSearchOptions,
       .max_tool_id = 40,
       .service_tier = true},
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
