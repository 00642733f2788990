#include "edge/translate/upstream_error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "common/base/text.h"
#include "common/json/document.h"
#include "common/json/utf8.h"
#include "edge/translate/context_overflow.h"

namespace ccp::translate {
namespace {

using json::Value;
using Retry = RequestError::Retry;

constexpr std::size_t kMaxMessageBytes = 2048;

// What vendors say when money or a plan is used up; waiting a moment will not help. In lower case.
constexpr std::string_view kQuotaPhrases[] = {
    "insufficient_quota",           // OpenAI: code
    "exceeded your current quota",  // OpenAI, Gemini
    "insufficient balance",         // DeepSeek, GLM
    "insufficient credits",         // OpenRouter
    "insufficient account balance",
    "exceeded_current_quota",     // Kimi: type
    "credit balance is too low",  // Anthropic
    "arrearage",                  // Qwen
    "accountoverdue",             // Doubao
    "usage limit",                // Anthropic and GLM plans
    "billing_hard_limit",         // OpenAI: code
    "balance_insufficient",
    "\xE4\xBD\x99\xE9\xA2\x9D\xE4\xB8\x8D\xE8\xB6\xB3",  // GLM: "balance not sufficient" in Chinese
};

// The types of Anthropic's errors.
constexpr std::string_view kAnthropicTypes[] = {
    "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
    "conflict_error",        "request_too_large",    "rate_limit_error", "timeout_error", "api_error",
    "overloaded_error",
};

// Refusals of the content, not of the caller. In lower case.
constexpr std::string_view kPolicyPhrases[] = {
    "content_policy",             // OpenAI: code
    "content_filter",             // Azure: code
    "content management policy",  // Azure
    "responsibleaipolicy",        // Azure
    "data_inspection_failed",     // Qwen: code
    "datainspectionfailed",
    "content exists risk",  // DeepSeek
    "moderation",           // OpenRouter
    "sensitivecontent",     // Doubao: code
    "prohibited_content",   // Gemini
};

template <std::size_t N>
bool HasAny(std::string_view lower, const std::string_view (&phrases)[N]) {
  return std::any_of(std::begin(phrases), std::end(phrases),
                     [&](std::string_view phrase) { return lower.find(phrase) != std::string_view::npos; });
}

// Gemini wraps its error in an array.
Value Unwrapped(Value root) { return root.is_array() && !root.empty() ? *root.elements().begin() : root; }

std::string TextOfDetail(Value detail) {
  if (detail.is_string()) return detail.str();
  std::string out;
  for (const Value entry : detail.elements()) {  // FastAPI: [{"loc": [...], "msg": "..."}]
    if (!out.empty()) out += "; ";
    out += entry.is_string() ? entry.str() : entry["msg"].str();
  }
  return out.empty() ? detail["message"].str() : out;
}

std::string MessageOf(Value root) {
  const Value error = root["error"];
  if (error.is_string()) return error.str();
  for (const Value candidate : {error["message"], root["message"], error["msg"], root["msg"], root["error_msg"],
                                root["base_resp"]["status_msg"]}) {
    if (!candidate.is_string() || candidate.blank()) continue;
    std::string message = candidate.str();
    const Value raw = error["metadata"]["raw"];  // OpenRouter: what the vendor behind it said.
    if (raw.is_string()) message += Concat(": ", raw.str());
    return message;
  }
  if (const Value detail = root["detail"]) return TextOfDetail(detail);
  return TextOfDetail(root["errors"]);
}

// Code, type and status words, wherever they stand: for recognition only, never shown.
std::string WordsOf(Value root) {
  std::string out;
  for (const Value holder : {root["error"], root}) {
    for (const std::string_view key : {"code", "type", "status"}) {
      out += ' ';
      out += holder[key].is_string() ? holder[key].str() : std::string(holder[key].raw());
    }
  }
  out += ' ';
  out += root["error"]["innererror"]["code"].str();
  return out;
}

// Text of a page without its tags, scripts and styles, white space folded.
std::string WithoutTags(std::string_view html) {
  std::string out;
  for (std::size_t at = 0; at < html.size();) {
    if (html[at] == '<') {
      const std::string_view rest = html.substr(at);
      std::string_view closing = ">";
      if (EqualsIgnoreCase(rest.substr(0, 7), "<script")) closing = "</script>";
      if (EqualsIgnoreCase(rest.substr(0, 6), "<style")) closing = "</style>";
      const std::size_t end = html.find(closing, at);
      if (end == std::string_view::npos) break;
      at = end + closing.size();
      out += ' ';
    } else {
      out += html[at++];
    }
  }
  return out;
}

std::string FoldSpaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (is_space && (out.empty() || out.back() == ' ')) continue;
    out += is_space ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string_view StatusPhrase(int status) {
  switch (status) {
    case 400:
      return "the upstream called the request invalid";
    case 401:
      return "the upstream did not accept the provider key";
    case 402:
      return "the upstream wants payment";
    case 403:
      return "the upstream forbids the request";
    case 404:
      return "the upstream knows no such model or path";
    case 408:
    case 504:
      return "the upstream took too long";
    case 413:
      return "the request is too large for the upstream";
    case 429:
      return "the upstream limits the rate of requests";
    case 503:
    case 529:
      return "the upstream is overloaded";
    default:
      return "the upstream failed without saying why";
  }
}

// Cut between characters.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxMessageBytes) return text;
  std::size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

bool IsKeyLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Some vendors repeat the key they refuse. What looks like one is cut to its first letters.
std::string WithoutKeys(std::string text) {
  constexpr std::size_t kShortestKey = 16;
  for (const std::string_view prefix : {"sk-", "AIza", "gsk_", "xai-", "Bearer "}) {
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + prefix.size())) {
      const std::size_t begin = at + prefix.size();
      std::size_t end = begin;
      while (end < text.size() && IsKeyLetter(text[end])) ++end;
      if (end - at >= kShortestKey) text.replace(begin, end - begin, "***");
    }
  }
  return text;
}

// Gemini's google.rpc.RetryInfo: {"retryDelay": "37s"}.
std::optional<std::int64_t> RetryDelayMs(Value error) {
  for (const Value detail : error["details"].elements()) {
    const std::string delay = detail["retryDelay"].str();
    double seconds = 0;
    const auto [end, code] = std::from_chars(delay.data(), delay.data() + delay.size(), seconds);
    if (code == std::errc{} && seconds >= 0 && seconds < 1e6) return std::llround(seconds * 1000);
  }
  return std::nullopt;
}

struct Outcome {
  int client_status;
  Retry retry;
};

Outcome OutcomeOf(int upstream_status) {
  switch (upstream_status) {
    case 401:
      return {401, Retry::kElsewhere};
    case 402:
      return {402, Retry::kElsewhere};
    case 403:
      return {403, Retry::kElsewhere};
    case 404:
      return {404, Retry::kNever};
    case 413:
      return {413, Retry::kNever};
    case 408:
    case 504:
      return {504, Retry::kAgain};
    case 429:
      return {429, Retry::kAgain};
    case 500:
      return {500, Retry::kAgain};
    case 503:
    case 529:
      return {529, Retry::kAgain};
    default:
      break;
  }
  if (upstream_status >= 500 && upstream_status < 600) return {502, Retry::kAgain};
  if (upstream_status >= 400) return {400, Retry::kNever};
  return {502, Retry::kElsewhere};  // A redirect, or an error inside a 200 that names no status.
}

class ErrorReader {
 public:
  ErrorReader(const UpstreamErrorAnswer& answer, std::int64_t input_tokens, std::int64_t max_input_tokens)
      : answer_(answer), input_tokens_(input_tokens), max_input_tokens_(max_input_tokens) {
    if (document_.Parse(answer.body).ok()) root_ = Unwrapped(document_.root());
  }

  RequestError Read() {
    const int status = TrueStatus();
    error_.origin = RequestError::Origin::kUpstream;
    error_.upstream_status = answer_.status;
    error_.retry_after_ms = answer_.retry_after_ms ? answer_.retry_after_ms : RetryDelayMs(root_["error"]);
    error_.should_retry = answer_.should_retry;
    Apply(OutcomeOf(status));
    error_.message = Message(status);
    Refine(status);
    if (SpeaksForItself()) KeepWords();
    return std::move(error_);
  }

 private:
  void Apply(Outcome outcome) {
    error_.http_status = outcome.client_status;
    error_.retry = outcome.retry;
    error_.type = ErrorTypeForStatus(outcome.client_status);
  }

  // OpenRouter and others put errors into a 200; Groq calls its rate limit a 413.
  int TrueStatus() const {
    const Value code = root_["error"]["code"];
    if (answer_.status == 413 && code.is("rate_limit_exceeded")) return 429;
    if (answer_.status >= 400) return answer_.status;
    const auto number = code.integer();
    return number && *number >= 400 && *number < 600 ? static_cast<int>(*number) : answer_.status;
  }

  std::string Message(int status) const {
    std::string text = root_ ? MessageOf(root_) : FoldSpaces(WithoutTags(answer_.body));
    if (Trim(text).empty()) text = Concat(StatusPhrase(status), " (status ", answer_.status, ")");
    return Shortened(WithoutKeys(std::move(text)));
  }

  static bool IsAnthropicType(Value type) {
    return std::any_of(std::begin(kAnthropicTypes), std::end(kAnthropicTypes),
                       [&](std::string_view known) { return type.is(known); });
  }

  // An error of Anthropic's form, with a status that says error. Overflows of vendors that only look like Anthropic are
  // put into the words that clients know.
  bool SpeaksForItself() const {
    if (answer_.words != UpstreamErrorAnswer::Words::kOwn || answer_.status < 400) return false;
    const Value error = root_["error"];
    if (!root_["type"].is("error") || !IsAnthropicType(error["type"]) || error["message"].blank()) return false;
    return !IsOverflow(answer_.status, ToLower(error["message"].str())) || IsInAnthropicsWords(error["message"]);
  }

  static bool IsInAnthropicsWords(Value message) {
    const std::string_view text = message.escaped();
    return text.starts_with("prompt is too long: ") || text.starts_with("input length and `max_tokens` exceed");
  }

  void KeepWords() {
    error_.http_status = answer_.status;
    error_.type = root_["error"]["type"].str();
    error_.message = WithoutKeys(root_["error"]["message"].str());
  }

  // What the text says goes over what the status says.
  void Refine(int status) {
    const std::string words = ToLower(Concat(error_.message, " ", WordsOf(root_)));
    if (IsOverflow(status, words)) return BecomeOverflow();
    if (IsQuota(status, words)) return BecomeQuota();
    if ((status == 400 || status == 403) && HasAny(words, kPolicyPhrases)) return Apply({400, Retry::kNever});
    // Clients retry a 401 for minutes, and no retry of theirs can mend the operator's key.
    if (status == 401) error_.should_retry = false;
  }

  // A rate limit may speak of tokens too, so only refusals of the request count; some vendors call them a failure of
  // theirs.
  static bool IsOverflow(int status, std::string_view words) {
    return (status == 400 || status == 413 || status == 422 || status == 500 || status < 400) &&
           IsContextOverflow(words);
  }

  void BecomeOverflow() {
    const OverflowNumbers numbers = FindOverflowNumbers(error_.message, root_["error"]);
    Apply({400, Retry::kNever});
    error_.should_retry.reset();
    error_.message = OverflowMessage(numbers, input_tokens_, max_input_tokens_);
  }

  // Gemini says "exceeded your current quota" of limits by the minute as well, and then how long to wait.
  bool IsQuota(int status, std::string_view words) const {
    if (status == 402) return true;
    return (status == 400 || status == 403 || status == 429 || status == 500) && !RetryDelayMs(root_["error"]) &&
           HasAny(words, kQuotaPhrases);
  }

  void BecomeQuota() {
    error_.retry = Retry::kElsewhere;
    error_.quota_exhausted = true;
    error_.should_retry = false;
  }

  const UpstreamErrorAnswer& answer_;
  std::int64_t input_tokens_;
  std::int64_t max_input_tokens_;
  json::Document document_;
  Value root_;
  RequestError error_;
};

}  // namespace

RequestError FromUpstreamAnswer(const UpstreamErrorAnswer& answer, std::int64_t input_tokens,
                                std::int64_t max_input_tokens) {
  return ErrorReader(answer, input_tokens, max_input_tokens).Read();
}

}  // namespace ccp::translate
