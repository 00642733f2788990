#include "edge/translate/upstream_error.h"

#include <gtest/gtest.h>

namespace ccp::translate {
namespace {

using Retry = RequestError::Retry;

struct Case {
  std::string name;
  int status;
  std::string body;
  int want_status;
  std::string want_type;
  std::string want_message;
  Retry want_retry;
  bool want_quota = false;
};

class UpstreamErrorTest : public testing::TestWithParam<Case> {};

TEST_P(UpstreamErrorTest, BecomesOurs) {
  const Case& row = GetParam();
  UpstreamErrorAnswer answer;
  answer.status = row.status;
  answer.body = row.body;
  const RequestError error = FromUpstreamAnswer(answer, 70'000, 65'536);
  EXPECT_EQ(error.http_status, row.want_status);
  EXPECT_EQ(error.type, row.want_type);
  EXPECT_EQ(error.message, row.want_message);
  EXPECT_EQ(error.retry, row.want_retry);
  EXPECT_EQ(error.quota_exhausted, row.want_quota);
  EXPECT_EQ(error.upstream_status, row.status);
  EXPECT_EQ(error.origin, RequestError::Origin::kUpstream);
}

std::string NameOf(const testing::TestParamInfo<Case>& row) { return row.param.name; }
std::string Error(const std::string& message, const std::string& more = "") {
  return R"({"error":{"message":")" + message + "\"" + more + "}}";
}

INSTANTIATE_TEST_SUITE_P(ByStatus, UpstreamErrorTest, testing::ValuesIn(std::vector<Case>{
    {"S400", 400, Error("bad"), 400, "invalid_request_error", "bad", Retry::kNever},
    {"S405", 405, Error("bad"), 400, "invalid_request_error", "bad", Retry::kNever},
    {"S409", 409, Error("bad"), 400, "invalid_request_error", "bad", Retry::kNever},
    {"S415", 415, Error("bad"), 400, "invalid_request_error", "bad", Retry::kNever},
    {"S422", 422, Error("bad"), 400, "invalid_request_error", "bad", Retry::kNever},
    {"S401", 401, Error("no key"), 401, "authentication_error", "no key", Retry::kElsewhere},
    {"S402", 402, Error("pay"), 402, "billing_error", "pay", Retry::kElsewhere, true},
    {"S403", 403, Error("no"), 403, "permission_error", "no", Retry::kElsewhere},
    {"S404", 404, Error("no model"), 404, "not_found_error", "no model", Retry::kNever},
    {"S408", 408, Error("slow"), 504, "timeout_error", "slow", Retry::kAgain},
    {"S413", 413, Error("big"), 413, "request_too_large", "big", Retry::kNever},
    {"S429", 429, Error("slow down", R"(,"type":"requests")"), 429, "rate_limit_error", "slow down", Retry::kAgain},
    {"S500", 500, Error("oops", R"(,"type":"server_error")"), 500, "api_error", "oops", Retry::kAgain},
    {"S501", 501, Error("oops"), 502, "api_error", "oops", Retry::kAgain},
    {"S502", 502, Error("oops"), 502, "api_error", "oops", Retry::kAgain},
    {"S503", 503, Error("busy"), 529, "overloaded_error", "busy", Retry::kAgain},
    {"S504", 504, Error("slow"), 504, "timeout_error", "slow", Retry::kAgain},
    {"S520", 520, Error("oops"), 502, "api_error", "oops", Retry::kAgain},
    {"S529", 529, Error("busy"), 529, "overloaded_error", "busy", Retry::kAgain},
    {"S302", 302, "", 502, "api_error", "the upstream failed without saying why (status 302)", Retry::kElsewhere},
    {"S200WithCode", 200, Error("busy", R"(,"code":503)"), 529, "overloaded_error", "busy", Retry::kAgain},
    {"S200WithoutCode", 200, Error("odd", R"(,"code":"x")"), 502, "api_error", "odd", Retry::kElsewhere},
    {"GroqsRateLimitIsNoSize", 413, Error("TPM", R"(,"code":"rate_limit_exceeded")"), 429, "rate_limit_error", "TPM",
     Retry::kAgain},
}), NameOf);

INSTANTIATE_TEST_SUITE_P(ByShape, UpstreamErrorTest, testing::ValuesIn(std::vector<Case>{
    {"ErrorString", 400, R"({"error":"bad"})", 400, "invalid_request_error", "bad", Retry::kNever},
    {"FlatMessage", 400, R"({"object":"error","message":"bad"})", 400, "invalid_request_error", "bad", Retry::kNever},
    {"StatusMessageOfMiniMax", 400, R"({"base_resp":{"status_code":2013,"status_msg":"bad"}})", 400,
     "invalid_request_error", "bad", Retry::kNever},
    {"DetailString", 400, R"({"detail":"bad"})", 400, "invalid_request_error", "bad", Retry::kNever},
    {"DetailList", 422, R"({"detail":[{"loc":["body"],"msg":"a"},{"msg":"b"}]})", 400, "invalid_request_error", "a; b",
     Retry::kNever},
    {"InAList", 400, R"([{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}])", 400,
     "invalid_request_error", "bad", Retry::kNever},
    {"OpenRouterRaw", 400, Error("Provider returned error", R"(,"metadata":{"raw":"too odd"})"), 400,
     "invalid_request_error", "Provider returned error: too odd", Retry::kNever},
    {"AnthropicForm", 529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", 529,
     "overloaded_error", "Overloaded", Retry::kAgain},
    {"Html", 502,
     "<html><head><style>a{}</style><title>502 Bad\nGateway</title></head><body><script>x()</script>nginx</body></html>",
     502, "api_error", "502 Bad Gateway nginx", Retry::kAgain},
    {"Text", 500, " oops \n", 500, "api_error", "oops", Retry::kAgain},
    {"Nothing", 503, "", 529, "overloaded_error", "the upstream is overloaded (status 503)", Retry::kAgain},
    {"EmptyObject", 500, "{}", 500, "api_error", "the upstream failed without saying why (status 500)", Retry::kAgain},
    {"KeysAreCut", 401, Error("wrong key sk-proj-abcdefghijkl_mno."), 401, "authentication_error", "wrong key sk-***.",
     Retry::kElsewhere},
}), NameOf);

Case Overflow(std::string name, std::string message, std::string numbers, int status = 400, std::string more = "") {
  return {std::move(name), status, Error(message, more), 400, "invalid_request_error",
      "prompt is too long: " + numbers + " maximum", Retry::kNever};
}

INSTANTIATE_TEST_SUITE_P(Overflow, UpstreamErrorTest, testing::ValuesIn(std::vector<Case>{
    Overflow("OpenAi",
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 8500 tokens. Please reduce the length of the messages.",
        "8500 tokens > 8192", 400, R"(,"code":"context_length_exceeded")"),
    Overflow("OpenAiWindow",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "70000 tokens > 65536", 400, R"(,"code":"context_length_exceeded")"),
    Overflow("OpenAiConfigured",
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300123 tokens.",
        "300123 tokens > 272000"),
    Overflow("DeepSeekPrompt",
        "This model's maximum context length is 65536 tokens. However, you requested 78000 tokens (70000 in the messages, 8000 in the completion). Please reduce the length of the messages or completion.",
        "70000 tokens > 65536"),
    Overflow("Qwen", "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
        "70000 tokens > 30720"),
    Overflow("Gemini", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "1200000 tokens > 1048576"),
    Overflow("Vllm",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that...",
        "5000 tokens > 4096"),
    Overflow("VllmFit", "The prompt (total length 5000) is too long to fit into the model (context length 4096).",
        "5000 tokens > 4096"),
    Overflow("GeminiWithoutTheCount", "The input token count exceeds the maximum number of tokens allowed 1048576.",
        "1048577 tokens > 1048576"),
    Overflow("VllmOfToday",
        "You passed 40001 input tokens and requested 0 output tokens. However, the model's context length is only 32768 tokens, resulting in a maximum input length of 32768 tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value=40001)",
        "40001 tokens > 32768"),
    Overflow("Sglang", "The input (516368 tokens) is longer than the model's context length (262144 tokens).",
        "516368 tokens > 262144"),
    Overflow("SglangInTotal",
        "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a total of 45000 tokens: 41000 tokens from the input messages and 4000 tokens for the completion.",
        "41000 tokens > 32768"),
    Overflow("LmStudio",
        "Trying to keep the first 5406 tokens when context the overflows. However, the model is loaded with context length of only 1056 tokens, which is not enough.",
        "5406 tokens > 1056"),
    Overflow("QwenInTotal", "Total message token length exceed model limit (65000 tokens).", "70000 tokens > 65000"),
    Overflow("Poolside", "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
        "131393 tokens > 131040"),
    Overflow("Parentheses", "Input length (265330) exceeds model's maximum context length (262144).",
        "265330 tokens > 262144"),
    Overflow("DwarfStar", "Prompt has 5,958,968 tokens, but the configured context size is 256,000 tokens",
        "5958968 tokens > 256000"),
    Overflow("Ollama", "prompt too long; exceeded max context length by 100918 tokens", "70000 tokens > 65536"),
    Overflow("GlmOfToday", "Prompt too long", "70000 tokens > 65536", 400, R"(,"code":"1261")"),
    Overflow("Cerebras",
        "Please reduce the length of the messages or completion. Current length is 8999 while limit is 8192",
        "8999 tokens > 8192", 400, R"(,"code":"context_length_exceeded")"),
    Overflow("LlamaCpp", "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        "5000 tokens > 4096", 400, R"(,"type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096)"),
    Overflow("LlamaCppOld",
        "the request exceeds the available context size. try increasing the context size or enable context shift",
        "70000 tokens > 65536", 500),
    Overflow("Kimi", "Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)",
        "140000 tokens > 131072"),
    Overflow("Glm", "Prompt exceeds max length", "70000 tokens > 65536", 400, R"(,"code":"1261")"),
    Overflow("OpenRouter",
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens (140000 of text input, 10000 in the output). Please reduce the length of either one",
        "140000 tokens > 131072"),
    Overflow("Mistral",
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        "40000 tokens > 32768"),
    Overflow("Xai", "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
        "200000 tokens > 131072"),
    Overflow("Anthropic", "prompt is too long: 200001 tokens > 200000 maximum", "200001 tokens > 200000"),
    Overflow("Fireworks", "The prompt is too long: 150000, model maximum context length: 131071",
        "150000 tokens > 131071"),
    {"AnswerTooLong", 400,
     Error("This model's maximum context length is 65536 tokens. However, you requested 70000 tokens (62000 in the messages, 8000 in the completion)."),
     400, "invalid_request_error",
     "input length and `max_tokens` exceed context limit: 62000 + 8000 > 65536", Retry::kNever},
    {"AnswerTooLongAtVllm", 400,
     Error("'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 5000 input tokens (32000 > 32768 - 5000)."),
     400,
     "invalid_request_error", "input length and `max_tokens` exceed context limit: 5000 + 32000 > 32768",
     Retry::kNever},
    {"AnswerTooLongAtVllmOfToday", 400,
     Error("You passed 31745 input tokens and requested 1024 output tokens. However, the model's context length is only 32768 tokens, resulting in a maximum input length of 31744 tokens."),
     400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 31745 + 1024 > 32768",
     Retry::kNever},
    {"AnswerTooLongAtAnthropicBehindAGateway", 400,
     Error("AnthropicException - input length and `max_tokens` exceed context limit: 197202 + 21333 > 200000, decrease input length or `max_tokens` and try again"),
     400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 197202 + 21333 > 200000",
     Retry::kNever},
    {"RateLimitOfTokensIsNone", 429, Error("Limit 30000 tokens per minute: too many tokens"), 429, "rate_limit_error",
     "Limit 30000 tokens per minute: too many tokens", Retry::kAgain},
}), NameOf);

INSTANTIATE_TEST_SUITE_P(Meaning, UpstreamErrorTest, testing::ValuesIn(std::vector<Case>{
    {"OpenAiQuota", 429, Error("You exceeded your current quota, please check your plan",
     R"(,"code":"insufficient_quota")"), 429, "rate_limit_error",
     "You exceeded your current quota, please check your plan", Retry::kElsewhere, true},
    {"GeminiByTheMinute", 429,
     R"([{"error":{"code":429,"message":"You exceeded your current quota","details":[{"@type":"x"},{"retryDelay":"37.5s"}]}}])",
     429, "rate_limit_error", "You exceeded your current quota", Retry::kAgain},
    {"AnthropicCredit", 400, Error("Your credit balance is too low to access the API"), 400, "invalid_request_error",
     "Your credit balance is too low to access the API", Retry::kElsewhere, true},
    {"QwenArrears", 400, Error("Access denied", R"(,"code":"Arrearage")"), 400, "invalid_request_error",
     "Access denied", Retry::kElsewhere, true},
    {"AzurePolicy", 400, Error("filtered", R"(,"code":"content_filter")"), 400, "invalid_request_error", "filtered",
     Retry::kNever},
    {"OpenRouterModeration", 403, Error("Input was flagged by moderation"), 400, "invalid_request_error",
     "Input was flagged by moderation", Retry::kNever},
}), NameOf);

// --- Upstreams that speak Anthropic's format themselves -----------------------------------------------------------------

class OwnWordsTest : public testing::TestWithParam<Case> {};

TEST_P(OwnWordsTest, AreKeptWhereTheyAreAnthropics) {
  const Case& row = GetParam();
  UpstreamErrorAnswer answer;
  answer.words = UpstreamErrorAnswer::Words::kOwn;
  answer.status = row.status;
  answer.body = row.body;
  const RequestError error = FromUpstreamAnswer(answer, 70'000, 65'536);
  EXPECT_EQ(error.http_status, row.want_status);
  EXPECT_EQ(error.type, row.want_type);
  EXPECT_EQ(error.message, row.want_message);
  EXPECT_EQ(error.retry, row.want_retry);
}

std::string AnthropicError(const std::string& type, const std::string& message) {
  return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + R"("},"request_id":"req_1"})";
}
constexpr char kTooLong[] =
    "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or `max_tokens` "
    "and try again";

INSTANTIATE_TEST_SUITE_P(Answers, OwnWordsTest, testing::ValuesIn(std::vector<Case>{
    {"StatusAndType", 409, AnthropicError("conflict_error", "busy"), 409, "conflict_error", "busy", Retry::kNever},
    {"Overloaded", 529, AnthropicError("overloaded_error", "Overloaded"), 529, "overloaded_error", "Overloaded",
     Retry::kAgain},
    {"OverflowWordForWord", 400, AnthropicError("invalid_request_error", kTooLong), 400, "invalid_request_error",
     kTooLong, Retry::kNever},
    {"OverflowInAVendorsWords", 400,
     AnthropicError("invalid_request_error", "Your request exceeded model token limit: 131072 (requested: 140000)"), 400,
     "invalid_request_error", "prompt is too long: 140000 tokens > 131072 maximum", Retry::kNever},
    {"TypeOfAVendor", 401, AnthropicError("authorized_error", "invalid api key"), 401, "authentication_error",
     "invalid api key", Retry::kElsewhere},
    {"EmptyAccountAtMiniMax", 500, AnthropicError("api_error", "insufficient balance (1008)"), 500, "api_error",
     "insufficient balance (1008)", Retry::kElsewhere},
    {"EmptyAccountOfAVendorsType", 429, AnthropicError("insufficient_balance_error", "insufficient balance (1008)"), 429,
     "rate_limit_error", "insufficient balance (1008)", Retry::kElsewhere},
    {"OpenAiForm", 422, Error("bad", R"(,"type":"invalid_request_error")"), 400, "invalid_request_error", "bad",
     Retry::kNever},
    {"HtmlPage", 520, "<html>oops</html>", 502, "api_error", "oops", Retry::kAgain},
    {"WithoutAMessage", 503, AnthropicError("overloaded_error", ""), 529, "overloaded_error",
     "the upstream is overloaded (status 503)", Retry::kAgain},
}), NameOf);

TEST(UpstreamError, HandsOnWhenToRetry) {
  UpstreamErrorAnswer answer;
  answer.status = 429;
  answer.body = R"([{"error":{"message":"quota","details":[{"retryDelay":"37.5s"}]}}])";
  EXPECT_EQ(FromUpstreamAnswer(answer, 0, 0).retry_after_ms, 37'500);
  answer.retry_after_ms = 1'000;
  answer.should_retry = true;
  EXPECT_EQ(FromUpstreamAnswer(answer, 0, 0).retry_after_ms, 1'000) << "the header goes first";
  EXPECT_EQ(FromUpstreamAnswer(answer, 0, 0).should_retry, true);
}

TEST(UpstreamError, ClientsAreToldNotToRetryWhatNoRetryMends) {
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {401, "{}"}, {402, "{}"}, {429, Error("x", R"(,"code":"insufficient_quota")")}}) {
    UpstreamErrorAnswer answer;
    answer.status = status;
    answer.body = body;
    EXPECT_EQ(FromUpstreamAnswer(answer, 0, 0).should_retry, false) << status;
  }
}

TEST(UpstreamError, LongPagesAreCutBetweenCharacters) {
  std::string page;
  while (page.size() < 10'000) page += "\xC3\xA9";
  UpstreamErrorAnswer answer;
  answer.status = 500;
  answer.body = page;
  const std::string message = FromUpstreamAnswer(answer, 0, 0).message;
  EXPECT_LE(message.size(), 2'051u);
  EXPECT_EQ(message.substr(message.size() - 5), "\xC3\xA9...");
}

TEST(UpstreamError, OverflowWithoutAnyNumberStillParses) {
  UpstreamErrorAnswer answer;
  answer.status = 400;
  answer.body = R"({"error":"input is too long for requested model"})";
  EXPECT_EQ(FromUpstreamAnswer(answer, 0, 0).message, "prompt is too long: 1 tokens > 0 maximum");
  EXPECT_EQ(FromUpstreamAnswer(answer, 5'000, 0).message, "prompt is too long: 5000 tokens > 4999 maximum");
}

}  // namespace
}  // namespace ccp::translate
