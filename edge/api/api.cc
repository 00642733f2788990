#include "edge/api/api.h"

#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "edge/api/answers.h"
#include "edge/api/guard.h"
#include "edge/api/records.h"
#include "edge/api/router.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

Awaitable<void> Refuse(ApiContext& context, ResponseWriter& response, RequestError error, std::string allow) {
  std::string request_id = NewId("req_");
  RecordRefusal(context, error, request_id);
  std::vector<Header> headers = ErrorHeaders(error, request_id);
  if (!allow.empty()) headers.emplace_back("allow", std::move(allow));
  const std::string body = ErrorBody(error, request_id);
  co_await response.Send(error.http_status, std::move(headers), body);
}

RequestError NoSuchPath(const HttpRequest& request, std::string_view allow) {
  if (allow.empty()) return ClientError(404, Concat("there is nothing at ", request.path()));
  return ClientError(405, Concat(request.path(), " does not answer to ", request.method, " but to ", allow));
}

}  // namespace

Awaitable<void> Api::Handle(HttpRequest& request, ResponseWriter& response) {
  if (context_.draining) response.CloseAfter();
  if (auto error = CheckCaller(request, context_.host_names, context_.allowed_origins)) return Refuse(context_, response, *std::move(error), {});
  RouteMatch match = FindRoute(request.method, request.path());
  if (match.endpoint != nullptr) return match.endpoint(context_, request, response);
  RequestError error = NoSuchPath(request, match.allow);
  return Refuse(context_, response, std::move(error), std::move(match.allow));
}

std::string Api::RefusedByServer(const RequestError& error) {
  const std::string request_id = NewId("req_");
  RecordRefusal(context_, error, request_id);
  return ErrorBody(error, request_id);
}

}  // namespace ccp::edge
