#include "edge/translate/usage_reader.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace ccp::translate {
namespace {

// More than any upstream counts, and so little that sums of such counts do not overflow.
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

std::optional<std::int64_t> Count(json::Value number) {
  const std::optional<std::int64_t> count = number.integer();
  if (!count) return std::nullopt;
  return std::clamp<std::int64_t>(*count, 0, kMostTokens);
}

// The first of several places where vendors report one count. A zero does not hide a count in a later place.
std::optional<std::int64_t> FirstCount(std::initializer_list<json::Value> places) {
  std::optional<std::int64_t> zero;
  for (const json::Value place : places) {
    const std::optional<std::int64_t> count = Count(place);
    if (count && *count > 0) return count;
    if (count) zero = count;
  }
  return zero;
}

// The members of a Chat Completions usage object, read in one pass.
struct ChatUsage {
  json::Value prompt_tokens, input_tokens, completion_tokens, output_tokens, total_tokens;
  json::Value prompt_tokens_details, input_tokens_details, completion_tokens_details, output_tokens_details;
  json::Value cache_read_input_tokens, cache_creation_tokens, cache_creation_input_tokens, reasoning_tokens;
  json::Value prompt_cache_hit_tokens;  // DeepSeek
  json::Value cached_tokens;            // Kimi
};

constexpr std::pair<std::string_view, json::Value ChatUsage::*> kChatUsageMembers[] = {
    {"prompt_tokens", &ChatUsage::prompt_tokens},
    {"completion_tokens", &ChatUsage::completion_tokens},
    {"total_tokens", &ChatUsage::total_tokens},
    {"prompt_tokens_details", &ChatUsage::prompt_tokens_details},
    {"completion_tokens_details", &ChatUsage::completion_tokens_details},
    {"input_tokens", &ChatUsage::input_tokens},
    {"output_tokens", &ChatUsage::output_tokens},
    {"input_tokens_details", &ChatUsage::input_tokens_details},
    {"output_tokens_details", &ChatUsage::output_tokens_details},
    {"cache_read_input_tokens", &ChatUsage::cache_read_input_tokens},
    {"cache_creation_tokens", &ChatUsage::cache_creation_tokens},
    {"cache_creation_input_tokens", &ChatUsage::cache_creation_input_tokens},
    {"reasoning_tokens", &ChatUsage::reasoning_tokens},
    {"prompt_cache_hit_tokens", &ChatUsage::prompt_cache_hit_tokens},
    {"cached_tokens", &ChatUsage::cached_tokens},
};

ChatUsage ReadMembers(json::Value usage) {
  ChatUsage members;
  for (const auto [key, value] : usage.members()) {
    const std::string_view name = key.escaped();
    for (const auto& [wanted, member] : kChatUsageMembers) {
      if (name != wanted) continue;
      members.*member = value;
      break;
    }
  }
  return members;
}

}  // namespace

std::optional<usage::Tokens> ReadChatUsage(json::Value usage, Thoughts thoughts) {
  if (!usage.is_object()) return std::nullopt;
  const ChatUsage said = ReadMembers(usage);
  const auto prompt = FirstCount({said.prompt_tokens, said.input_tokens});
  const auto completion = FirstCount({said.completion_tokens, said.output_tokens});
  if (!prompt && !completion) return std::nullopt;
  const json::Value of_prompt = said.prompt_tokens_details;
  usage::Tokens tokens;
  tokens.cache_read =
      FirstCount({of_prompt["cached_tokens"], said.cache_read_input_tokens, said.prompt_cache_hit_tokens,
                  said.cached_tokens, said.input_tokens_details["cached_tokens"]})
          .value_or(0);
  tokens.cache_write = FirstCount({of_prompt["cache_write_tokens"], of_prompt["cache_creation_tokens"],
                                   said.cache_creation_tokens, said.cache_creation_input_tokens})
                           .value_or(0);
  tokens.input = std::max<std::int64_t>(0, prompt.value_or(0) - tokens.cache_read - tokens.cache_write);
  tokens.output = completion.value_or(0);
  tokens.reasoning = FirstCount({said.completion_tokens_details["reasoning_tokens"],
                                 said.output_tokens_details["reasoning_tokens"], said.reasoning_tokens})
                         .value_or(0);
  // OpenAI counts reasoning within the completion, xAI beside it; Gemini does not name it, but its total knows.
  const std::int64_t beside = Count(said.total_tokens).value_or(0) - prompt.value_or(0) - tokens.output;
  if (tokens.reasoning == 0 && beside > 0 && thoughts == Thoughts::kInTotalOnly) tokens.reasoning = beside;
  if (tokens.reasoning > 0 && tokens.reasoning == beside) tokens.output += beside;
  return tokens;
}

bool ReadMessagesUsage(json::Value usage, usage::Tokens& tokens) {
  bool said = false;
  const auto take = [&](json::Value number, std::int64_t& count) {
    const std::optional<std::int64_t> found = Count(number);
    if (!found) return;
    if (*found > 0) count = *found;
    said = true;
  };
  take(usage["input_tokens"], tokens.input);
  take(usage["cache_read_input_tokens"], tokens.cache_read);
  take(usage["cache_creation_input_tokens"], tokens.cache_write);
  take(usage["output_tokens"], tokens.output);
  take(usage["output_tokens_details"]["thinking_tokens"], tokens.reasoning);
  return said;
}

}  // namespace ccp::translate
