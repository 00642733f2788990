#include "edge/translate/usage_reader.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace ccp::translate {
namespace {

using Path = std::initializer_list<std::string_view>;

std::optional<std::int64_t> Count(json::Value object, Path path) {
  for (const std::string_view key : path) object = object[key];
  const std::optional<std::int64_t> count = object.integer();
  if (!count) return std::nullopt;
  return std::max<std::int64_t>(*count, 0);
}

// The first of several names under which vendors report one count. A zero does not hide a count under a later name.
std::optional<std::int64_t> FirstCount(json::Value object, std::initializer_list<Path> paths) {
  std::optional<std::int64_t> zero;
  for (const Path path : paths) {
    const std::optional<std::int64_t> count = Count(object, path);
    if (count && *count > 0) return count;
    if (count) zero = count;
  }
  return zero;
}

}  // namespace

std::optional<usage::Tokens> ReadChatUsage(json::Value usage) {
  if (!usage.is_object()) return std::nullopt;
  const auto prompt = FirstCount(usage, {{"prompt_tokens"}, {"input_tokens"}});
  const auto completion = FirstCount(usage, {{"completion_tokens"}, {"output_tokens"}});
  if (!prompt && !completion) return std::nullopt;
  usage::Tokens tokens;
  tokens.cache_read = FirstCount(usage, {{"prompt_tokens_details", "cached_tokens"},
                                         {"cache_read_input_tokens"},
                                         {"prompt_cache_hit_tokens"},  // DeepSeek
                                         {"cached_tokens"},            // Kimi
                                         {"input_tokens_details", "cached_tokens"}})
                          .value_or(0);
  tokens.cache_write = FirstCount(usage, {{"prompt_tokens_details", "cache_write_tokens"},
                                          {"prompt_tokens_details", "cache_creation_tokens"},
                                          {"cache_creation_tokens"},
                                          {"cache_creation_input_tokens"}})
                           .value_or(0);
  tokens.input = std::max<std::int64_t>(0, prompt.value_or(0) - tokens.cache_read - tokens.cache_write);
  tokens.output = completion.value_or(0);
  tokens.reasoning = FirstCount(usage, {{"completion_tokens_details", "reasoning_tokens"},
                                        {"output_tokens_details", "reasoning_tokens"},
                                        {"reasoning_tokens"}})
                         .value_or(0);
  return tokens;
}

bool ReadMessagesUsage(json::Value usage, usage::Tokens& tokens) {
  bool said = false;
  const auto take = [&](Path path, std::int64_t& count) {
    const std::optional<std::int64_t> found = Count(usage, path);
    if (!found) return;
    count = *found;
    said = true;
  };
  take({"input_tokens"}, tokens.input);
  take({"cache_read_input_tokens"}, tokens.cache_read);
  take({"cache_creation_input_tokens"}, tokens.cache_write);
  take({"output_tokens"}, tokens.output);
  take({"output_tokens_details", "thinking_tokens"}, tokens.reasoning);
  return said;
}

}  // namespace ccp::translate
