#include "edge/translate/context_overflow.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "common/base/text.h"

namespace ccp::translate {
namespace {

// Words of the vendors' own messages and codes, in lower case.
constexpr std::string_view kOverflowPhrases[] = {
    "context_length_exceeded",               // OpenAI, Azure, Groq, xAI: code
    "maximum context length",                // OpenAI, DeepSeek, vLLM, OpenRouter, Mistral
    "maximum prompt length",                 // xAI
    "exceeds the context window",            // OpenAI
    "context window exceeds",                // MiniMax
    "input tokens exceed",                   // OpenAI, Azure
    "exceeds the maximum number of tokens",  // Gemini
    "range of input length",                 // Qwen
    "exceed_context_size",                   // llama.cpp: type
    "available context size",                // llama.cpp
    "exceeds the context length",            // Ollama
    "exceeded model token limit",            // Kimi
    "prompt exceeds max length",             // GLM
    "longer than the maximum model length",  // vLLM
    "model's context length is only",        // vLLM
    "longer than the model's context length",  // SGLang, Together
    "loaded with context length of only",    // LM Studio
    "token length exceed model limit",       // Qwen
    "maximum allowed input length",          // Poolside
    "configured context size is",            // DwarfStar
    "exceeded max context length",           // Ollama
    "prompt too long",                       // GLM, Ollama
    "too long to fit into the model",        // vLLM
    "too large for model with",              // Mistral
    "exceed max message tokens",             // Doubao
    "input length and `max_tokens` exceed",  // Anthropic
    "prompt is too long",                    // Anthropic, Fireworks
    "input is too long for",                 // Bedrock
    "too many tokens",                       // Cohere
};

// Where a number stands in such a message.
struct Anchor {
  std::string_view words;                                   // In lower case.
  enum class Side : std::uint8_t { kBefore, kAfter } side;  // Whether the words stand before the number, or after it.
  std::int64_t OverflowNumbers::*number;
};
constexpr auto kBefore = Anchor::Side::kBefore;
constexpr auto kAfter = Anchor::Side::kAfter;
constexpr auto kInput = &OverflowNumbers::input;
constexpr auto kOutput = &OverflowNumbers::output;
constexpr auto kMaximum = &OverflowNumbers::maximum;

// The first that fits fills its number, so exact words stand above loose ones.
constexpr Anchor kAnchors[] = {
    {"maximum context length is ", kBefore, kMaximum},            // OpenAI, DeepSeek, vLLM, OpenRouter
    {"maximum prompt length is ", kBefore, kMaximum},             // xAI
    {"configured limit of ", kBefore, kMaximum},                  // OpenAI
    {"tokens allowed (", kBefore, kMaximum},                      // Gemini
    {"tokens allowed ", kBefore, kMaximum},                       // Gemini
    {"context length is only ", kBefore, kMaximum},               // vLLM
    {"maximum context length of ", kBefore, kMaximum},            // SGLang
    {"model's context length (", kBefore, kMaximum},              // SGLang, Together
    {"maximum context length (", kBefore, kMaximum},              // Seen behind gateways
    {"context length of only ", kBefore, kMaximum},               // LM Studio
    {"exceed model limit (", kBefore, kMaximum},                  // Qwen
    {"allowed input length of ", kBefore, kMaximum},              // Poolside
    {"configured context size is ", kBefore, kMaximum},           // DwarfStar
    {" while limit is ", kBefore, kMaximum},                      // Cerebras
    {"input length should be [1, ", kBefore, kMaximum},           // Qwen
    {"context size (", kBefore, kMaximum},                        // llama.cpp
    {"token limit: ", kBefore, kMaximum},                         // Kimi
    {"maximum model length of ", kBefore, kMaximum},              // vLLM
    {"(context length ", kBefore, kMaximum},                      // vLLM
    {"too large for model with ", kBefore, kMaximum},             // Mistral
    {"maximum context length: ", kBefore, kMaximum},              // Fireworks
    {"tokens > ", kBefore, kMaximum},                             // Anthropic
    {" in the messages", kAfter, kInput},                         // OpenAI, DeepSeek, vLLM
    {" in your prompt", kAfter, kInput},                          // OpenAI
    {" of text input", kAfter, kInput},                           // OpenRouter
    {" from the input messages", kAfter, kInput},                 // SGLang
    {"messages resulted in ", kBefore, kInput},                   // OpenAI
    {"you passed ", kBefore, kInput},                             // vLLM
    {"the input (", kBefore, kInput},                             // SGLang, Together
    {"input length (", kBefore, kInput},                          // Seen behind gateways
    {"keep the first ", kBefore, kInput},                         // LM Studio
    {" exceeds the maximum allowed input", kAfter, kInput},       // Poolside
    {"prompt has ", kBefore, kInput},                             // DwarfStar
    {"current length is ", kBefore, kInput},                      // Cerebras
    {"your request has ", kBefore, kInput},                       // vLLM
    {"token count (", kBefore, kInput},                           // Gemini
    {"the request contains ", kBefore, kInput},                   // xAI
    {"prompt contains ", kBefore, kInput},                        // Mistral
    {"(requested: ", kBefore, kInput},                            // Kimi
    {"request (", kBefore, kInput},                               // llama.cpp
    {"(total length ", kBefore, kInput},                          // vLLM
    {"prompt (length ", kBefore, kInput},                         // vLLM
    {"prompt is too long: ", kBefore, kInput},                    // Anthropic, Fireworks
    {"you requested about ", kBefore, kInput},                    // OpenRouter
    {"you requested ", kBefore, kInput},                          // DeepSeek, vLLM
    {" in the completion", kAfter, kOutput},                      // OpenAI, DeepSeek, vLLM
    {" for the completion", kAfter, kOutput},                     // OpenAI
    {" in the output", kAfter, kOutput},                          // OpenRouter
    {"input tokens and requested ", kBefore, kOutput},            // vLLM
    {"max_completion_tokens' is too large: ", kBefore, kOutput},  // vLLM
    {"max_tokens' is too large: ", kBefore, kOutput},             // vLLM
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::int64_t NumberAt(std::string_view text) {
  std::string digits;  // Gemini and OpenRouter group digits by commas now and then.
  for (const char c : text) {
    if (IsDigit(c)) {
      digits += c;
    } else if (c != ',' || digits.empty()) {
      break;
    }
  }
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// Anthropic: "... exceed context limit: 190000 + 32000 > 200000", also from behind a gateway with words of its own.
OverflowNumbers NumbersOfSum(std::string_view text) {
  constexpr std::string_view kBegin = "exceed context limit: ";
  const std::size_t at = text.find(kBegin);
  if (at == std::string_view::npos) return {};
  const std::string_view sum = text.substr(at + kBegin.size());
  const std::size_t plus = sum.find(" + ");
  const std::size_t more = sum.find(" > ");
  if (plus == std::string_view::npos || more == std::string_view::npos) return {};
  return {.input = NumberAt(sum), .output = NumberAt(sum.substr(plus + 3)), .maximum = NumberAt(sum.substr(more + 3))};
}

std::int64_t NumberBefore(std::string_view text) {
  constexpr std::string_view kTokens = " tokens";
  if (text.ends_with(kTokens)) text.remove_suffix(kTokens.size());
  std::size_t begin = text.size();
  while (begin > 0 && (IsDigit(text[begin - 1]) || text[begin - 1] == ',')) --begin;
  return NumberAt(text.substr(begin));
}

std::int64_t NumberBeside(const Anchor& anchor, std::string_view text) {
  const std::size_t at = text.find(anchor.words);
  if (at == std::string_view::npos) return 0;
  if (anchor.side == kBefore) return NumberAt(text.substr(at + anchor.words.size()));
  return NumberBefore(text.substr(0, at));
}

}  // namespace

bool IsContextOverflow(std::string_view text) {
  const std::string lower = ToLower(text);
  return std::any_of(std::begin(kOverflowPhrases), std::end(kOverflowPhrases),
                     [&](std::string_view phrase) { return lower.find(phrase) != std::string::npos; });
}

OverflowNumbers FindOverflowNumbers(std::string_view message, json::Value error) {
  const std::string lower = ToLower(message);
  OverflowNumbers numbers = NumbersOfSum(lower);
  if (numbers.maximum > 0) return numbers;
  numbers.input = error["n_prompt_tokens"].integer().value_or(0);  // llama.cpp
  numbers.maximum = error["n_ctx"].integer().value_or(0);
  for (const Anchor& anchor : kAnchors) {
    if (numbers.*anchor.number == 0) numbers.*anchor.number = NumberBeside(anchor, lower);
  }
  return numbers;
}

std::string OverflowMessage(OverflowNumbers numbers, std::int64_t input_tokens, std::int64_t max_input_tokens) {
  if (numbers.maximum == 0) numbers.maximum = max_input_tokens;
  if (numbers.input == 0) numbers.input = input_tokens;
  const bool fits_alone = numbers.output > 0 && numbers.input > 0 && numbers.input <= numbers.maximum;
  if (fits_alone && numbers.input + numbers.output > numbers.maximum) {
    return Concat("input length and `max_tokens` exceed context limit: ", numbers.input, " + ", numbers.output, " > ",
                  numbers.maximum);
  }
  // An upstream that refuses is right about its own limit, however our estimate of the prompt reads.
  if (numbers.maximum == 0) numbers.maximum = std::max<std::int64_t>(numbers.input - 1, 0);
  return Concat("prompt is too long: ", std::max(numbers.input, numbers.maximum + 1), " tokens > ", numbers.maximum,
                " maximum");
}

}  // namespace ccp::translate
