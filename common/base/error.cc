#include "common/base/error.h"

#include "common/json/write.h"

namespace ccp {

std::string_view ErrorTypeForStatus(int http_status) {
  switch (http_status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 408:
    case 504: return "timeout_error";
    case 503:
    case 529: return "overloaded_error";
    default: return http_status >= 400 && http_status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string ErrorBody(const RequestError& error, std::string_view request_id) {
  std::string out = R"({"type":"error","error":{"type":)";
  json::AppendString(out, error.type);
  out += R"(,"message":)";
  json::AppendString(out, error.message);
  out += R"(},"request_id":)";
  if (request_id.empty()) {
    out += "null";
  } else {
    json::AppendString(out, request_id);
  }
  out += '}';
  return out;
}

RequestError ClientError(int http_status, std::string message) {
  RequestError error;
  error.origin = RequestError::Origin::kClient;
  error.http_status = http_status;
  error.type = ErrorTypeForStatus(http_status);
  error.message = std::move(message);
  return error;
}

}  // namespace ccp
