// The endpoints, one file each. All take the request by reference: the connection keeps it alive until they return.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "edge/api/context.h"
#include "edge/http/server.h"

namespace ccp::edge {

using Endpoint = boost::asio::awaitable<void> (*)(ApiContext&, HttpRequest&, ResponseWriter&);

boost::asio::awaitable<void> Messages(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> CountTokens(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> ListModels(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> GetModel(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> Stats(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> Hello(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> Health(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> Ready(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> PrometheusMetrics(ApiContext& context, HttpRequest& request, ResponseWriter& response);
boost::asio::awaitable<void> SwallowEvents(ApiContext& context, HttpRequest& request, ResponseWriter& response);

}  // namespace ccp::edge
