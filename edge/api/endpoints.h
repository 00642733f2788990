// The endpoints, one file each. All take the request by reference: the connection keeps it alive until they return.
#pragma once


#include "edge/api/context.h"
#include "edge/http/awaitable.h"
#include "edge/http/server.h"

namespace ccp::edge {

using Endpoint = Awaitable<void> (*)(ApiContext&, HttpRequest&, ResponseWriter&);

Awaitable<void> Messages(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> CountTokens(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> ListModels(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> GetModel(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> Stats(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> Hello(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> Health(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> Ready(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> PrometheusMetrics(ApiContext& context, HttpRequest& request, ResponseWriter& response);
Awaitable<void> SwallowEvents(ApiContext& context, HttpRequest& request, ResponseWriter& response);

}  // namespace ccp::edge
