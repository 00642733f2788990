#include "edge/translate/reply_error.h"

#include <charconv>
#include <string>

#include "common/base/text.h"
#include "edge/translate/upstream_error.h"

namespace ccp::translate {
namespace {

constexpr int kBadGateway = 502;

bool IsErrorStatus(std::int64_t status) { return status >= 400 && status <= 599; }

int NumericStatus(json::Value value) {
  if (const auto number = value.integer()) return IsErrorStatus(*number) ? static_cast<int>(*number) : 0;
  const std::string_view text = value.escaped();
  int status = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), status);
  return code == std::errc{} && end == text.data() + text.size() && IsErrorStatus(status) ? status : 0;
}

struct Name {
  std::string_view part;  // Of error.type, error.code or error.status.
  int status;
};

constexpr Name kNames[] = {
    {"rate_limit", 429},     {"insufficient_quota", 429}, {"resource_exhausted", 429}, {"too_many_requests", 429},
    {"overloaded", 529},     {"unavailable", 503},        {"authentication", 401},     {"invalid_api_key", 401},
    {"unauthenticated", 401}, {"billing", 402},           {"permission", 403},         {"not_found", 404},
    {"request_too_large", 413}, {"invalid_request", 400}, {"invalid_argument", 400},   {"context_length", 400},
    {"content_filter", 400}, {"content_policy", 400},     {"badrequest", 400},         {"timeout", 504},
    {"deadline_exceeded", 504}, {"insufficient_system_resource", 529},
    {"authorized_error", 401}, {"insufficient_balance", 402},
};

int NamedStatus(std::string_view text) {
  for (const Name& name : kNames) {
    if (ContainsIgnoreCase(text, name.part)) return name.status;
  }
  return 0;
}

// The HTTP status that the upstream would have answered with, had it known in time.
int StatusOf(json::Value root) {
  const json::Value error = root["error"];
  const json::Value candidates[] = {error["code"], error["status"], error["type"], root["code"], root["status"],
                                    root["type"],  root["error_type"]};
  for (const json::Value candidate : candidates) {
    if (const int status = NumericStatus(candidate); status != 0) return status;
  }
  for (const json::Value candidate : candidates) {
    if (const int status = NamedStatus(candidate.str()); status != 0) return status;
  }
  return kBadGateway;
}

bool SaysWhyWithoutAnswer(json::Value root) {
  if (root["choices"].empty() && root["base_resp"]["status_code"].integer().value_or(0) != 0) return true;  // MiniMax
  if (root["choices"] || root["usage"]) return false;
  return root["message"].is_string() || root["detail"] || root["msg"].is_string();
}

bool IsError(json::Value root) {
  const json::Value error = root["error"];
  if (!error.absent_or_null() && error.boolean() != false) return !error.is_string() || !error.escaped().empty();
  if (root["type"].is("error") || root["object"].is("error")) return true;
  return SaysWhyWithoutAnswer(root);
}

}  // namespace

std::optional<RequestError> ReadReplyError(json::Value root, std::int64_t input_tokens) {
  const json::Value body = root;
  for (const json::Value element : root.elements()) {  // Gemini wraps its error into an array.
    root = element;
    break;
  }
  if (!root.is_object() || !IsError(root)) return std::nullopt;
  UpstreamErrorAnswer answer;
  answer.status = StatusOf(root);
  answer.content_type = "application/json";
  answer.body = body.raw();
  return FromUpstreamAnswer(answer, input_tokens, /*max_input_tokens=*/0);
}

RequestError UnreadableError(std::string_view body, std::int64_t input_tokens) {
  UpstreamErrorAnswer answer;
  answer.status = kBadGateway;
  answer.body = body;
  return FromUpstreamAnswer(answer, input_tokens, /*max_input_tokens=*/0);
}

RequestError BadReply(std::string_view what) {
  RequestError error;
  error.origin = RequestError::Origin::kUpstream;
  error.retry = RequestError::Retry::kAgain;
  error.http_status = kBadGateway;
  error.type = ErrorTypeForStatus(kBadGateway);
  error.message = Concat("the upstream's answer cannot be used: ", what);
  error.upstream_status = 200;
  return error;
}

RequestError GaveUp(std::string_view finish_reason) {
  const std::string text =
      Concat("the upstream gave its answer up (finish_reason ", finish_reason, "); send the request again");
  UpstreamErrorAnswer answer;
  const int status = NamedStatus(finish_reason);
  answer.status = status != 0 ? status : kBadGateway;
  answer.body = text;
  return FromUpstreamAnswer(answer, /*input_tokens=*/0, /*max_input_tokens=*/0);
}

RequestError EndedEarly() {
  RequestError error = BadReply("");
  error.message = "upstream ended early: the answer was cut before it was complete; send the request again";
  return error;
}

}  // namespace ccp::translate
