#include "edge/api/answers.h"

#include <utility>

#include "common/base/text.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

// In whole seconds, rounded up: a client must not come back too early.
std::string RetryAfterSeconds(std::int64_t milliseconds) { return std::to_string((milliseconds + 999) / 1000); }

}  // namespace

std::vector<Header> ErrorHeaders(const RequestError& error, std::string_view request_id) {
  std::vector<Header> headers{{"content-type", "application/json"}};
  headers.emplace_back("request-id", request_id);
  headers.emplace_back("x-ccp-request-id", request_id);
  if (error.retry_after_ms) {
    headers.emplace_back("retry-after", RetryAfterSeconds(*error.retry_after_ms));
    headers.emplace_back("retry-after-ms", std::to_string(*error.retry_after_ms));  // The SDKs look at it first.
  }
  if (error.should_retry) headers.emplace_back("x-should-retry", *error.should_retry ? "true" : "false");
  return headers;
}

Awaitable<void> SendError(ResponseWriter& response, RequestError error, std::string request_id) {
  const std::string body = ErrorBody(error, request_id);
  co_await response.Send(error.http_status, ErrorHeaders(error, request_id), body);
}

Awaitable<void> SendJson(ResponseWriter& response, std::string body) {
  std::vector<Header> headers;
  headers.emplace_back("content-type", "application/json");
  co_await response.Send(200, std::move(headers), body);
}

Awaitable<void> SendText(ResponseWriter& response, int status, std::string body) {
  std::vector<Header> headers;
  headers.emplace_back("content-type", "text/plain; charset=utf-8");
  co_await response.Send(status, std::move(headers), body);
}

RequestError NoConfigurationYet() {
  RequestError error;
  error.http_status = 503;
  error.type = ErrorTypeForStatus(503);
  error.message = "no configuration yet: this edge has not received one from control (ccpctl apply -f models.yaml)";
  return error;
}

}  // namespace ccp::edge
