// GET /v1/stats: this edge's totals since it started.
#include "edge/api/answers.h"
#include "edge/api/endpoints.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

Awaitable<void> Stats(ApiContext& context, HttpRequest&, ResponseWriter& response) {
  const Metrics metrics = co_await context.collect_metrics();
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - context.started);
  std::string body = metrics.StatsJson(uptime, context.snapshot == nullptr ? 0 : context.snapshot->revision);
  co_await SendJson(response, std::move(body));
}

}  // namespace ccp::edge
