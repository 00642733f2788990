// Small whole answers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "edge/http/server.h"

namespace ccp::edge {

// Headers of an error answer: content type, ids, retry-after and x-should-retry as the error says.
std::vector<Header> ErrorHeaders(const RequestError& error, std::string_view request_id);

boost::asio::awaitable<void> SendError(ResponseWriter& response, RequestError error, std::string request_id);
boost::asio::awaitable<void> SendJson(ResponseWriter& response, std::string body);
boost::asio::awaitable<void> SendText(ResponseWriter& response, int status, std::string body);

RequestError NoConfigurationYet();

}  // namespace ccp::edge
