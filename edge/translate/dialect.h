// How the Chat Completions of one vendor differ from OpenAI's: data, one row a vendor in dialect.cc.
// A row is a fact about a vendor's API; its comment says where the fact comes from. What differs from model to model of
// one vendor is in model_family.h. Immutable, shared, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::translate {

struct Dialect {
  std::string_view name;
  enum class TokenLimit : std::uint8_t { kMaxTokens, kMaxCompletionTokens } token_limit = TokenLimit::kMaxTokens;
  // How thinking and effort are expressed: translation.md 2.3, one column each.
  enum class Thinking : std::uint8_t {
    kNone,
    kReasoningEffort,
    kOpenRouter,
    kDeepSeek,
    kQwen,
    kDoubao,
    kChatTemplate,
    kGlm,
    kKimi,
    kGemini,
    kOllama,
  } thinking = Thinking::kNone;
  // In which field earlier thinking goes back to the upstream.
  enum class History : std::uint8_t {
    kDrop,
    kReasoningContent,
    kReasoning,
    kReasoningDetails,
    kThinkingBlocks  // A Claude's own blocks, signed or redacted, and nobody else's.
  } history = History::kDrop;
  bool echo_required = false;               // Each assistant turn with tool calls must carry reasoning_content ...
  std::string_view unknown_reasoning = "";  // ... and this is what stands for one that nobody knows.
  enum class SystemRole : std::uint8_t { kSystem, kDeveloper } system_role = SystemRole::kSystem;
  bool system_parts = false;    // System text may be an array of parts; else blocks are joined with a blank line.
  bool text_parts = true;       // Message content may be an array of text parts.
  bool null_content = true;     // content: null beside tool_calls; else "".
  bool user_after_tool = true;  // A user message may follow a tool message; else an assistant message goes between.
  enum class Schema : std::uint8_t { kWhole, kGemini, kNoLimits } schema = Schema::kWhole;
  enum class ToolId : std::uint8_t { kAny, kMistral9 } tool_id = ToolId::kAny;
  bool drop_sampling = false;       // temperature and top_p are refused.
  bool top_k = false;               // top_k is understood.
  bool cache_control = false;       // cache_control on text parts is understood.
  bool stream_usage = true;         // stream_options.include_usage is understood.
  bool thoughts_in_total = false;   // usage: thinking is part of total_tokens, and not of completion_tokens.
  bool parallel_tool_calls = true;  // The field parallel_tool_calls is understood.
  bool user = true;                 // The field user is understood.
  bool pdf = false;                 // {"type":"file"} parts are understood.
  bool images = true;
  bool json_schema = true;  // response_format json_schema; else json_object.
  enum class Search : std::uint8_t {
    kNone,
    kWebSearchOptions,
    kOpenRouter,
    kQwen,
    kGlm,
    kVertex,
    kKimi  // A call that the edge answers: search_round.h.
  } search = Search::kNone;
  std::string_view think_tag = {};  // think: a leading <think>...</think> in the text is thinking; empty: no tag is.
  bool text_tool_calls = false;  // Function calls written as text become tool calls.
  std::size_t max_tool_name = 64;
  std::size_t max_stop_sequences = 4;  // 0: the field stop is refused.
  std::size_t max_tool_id = 0;         // Longer tool-call ids are refused; 0: no limit known.
  // What tool_choice may be. kUnnamed: no single tool can be asked for; kAutoOnly: anything else is refused or ignored.
  enum class ToolChoice : std::uint8_t { kAny, kUnnamed, kAutoOnly } tool_choice = ToolChoice::kAny;
  bool forced_tool_excludes_thinking = false;  // A forced tool is refused while the model thinks.
  bool service_tier = false;                   // The field service_tier is understood.
  bool system_anywhere = true;  // System messages may stand inside the conversation; else they become marked user text.
  // How a trailing assistant message is continued instead of answered. kWithoutThinking: it just is, but thinking has
  // to be off.
  enum class Prefill : std::uint8_t {
    kPlain,
    kPrefix,
    kPartial,
    kContinueFinalMessage,
    kWithoutThinking
  } prefill = Prefill::kPlain;
};

const Dialect* FindDialect(std::string_view name);  // nullptr if unknown.
const std::vector<Dialect>& Dialects();

// The row for one model: "openai" becomes "openai-reasoning" for models whose name says that they reason (o3, gpt-5
// ...), because OpenAI refuses sampling parameters for them. Every other row is returned as it is.
const Dialect& DialectForModel(const Dialect& dialect, std::string_view upstream_name);

}  // namespace ccp::translate
