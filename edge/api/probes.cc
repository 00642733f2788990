// What tells machines, and curious people, that an edge is here and how it does.
#include "common/base/text.h"
#include "edge/api/answers.h"
#include "edge/api/endpoints.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

Awaitable<void> Hello(ApiContext&, HttpRequest&, ResponseWriter& response) {
  return SendJson(response, R"({"service":"ccp-edge","messages":"POST /v1/messages","models":"GET /v1/models"})");
}

Awaitable<void> Health(ApiContext&, HttpRequest&, ResponseWriter& response) { return SendText(response, 200, "ok\n"); }

Awaitable<void> Ready(ApiContext& context, HttpRequest&, ResponseWriter& response) {
  if (context.draining) return SendText(response, 503, "draining\n");
  if (context.snapshot == nullptr) return SendText(response, 503, "no configuration yet\n");
  return SendText(response, 200, Concat("ready revision=", context.snapshot->revision, "\n"));
}

Awaitable<void> PrometheusMetrics(ApiContext& context, HttpRequest&, ResponseWriter& response) {
  const Metrics metrics = co_await context.collect_metrics();
  const std::string body = metrics.PrometheusText(context.snapshot == nullptr ? 0 : context.snapshot->revision);
  std::vector<Header> headers;
  headers.emplace_back("content-type", "text/plain; version=0.0.4; charset=utf-8");
  co_await response.Send(200, std::move(headers), body);
}

// Claude Code's telemetry when it takes us for its first party: accepted, so that it does not retry, and dropped.
Awaitable<void> SwallowEvents(ApiContext&, HttpRequest&, ResponseWriter& response) {
  return SendJson(response, "{}");
}

}  // namespace ccp::edge
