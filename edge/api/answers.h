// Small whole answers.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"
#include "edge/http/awaitable.h"
#include "edge/http/server.h"

namespace ccp::edge {

// Headers of an error answer: content type, ids, retry-after and x-should-retry as the error says.
std::vector<Header> ErrorHeaders(const RequestError& error, std::string_view request_id);

Awaitable<void> SendError(ResponseWriter& response, RequestError error, std::string request_id);
Awaitable<void> SendJson(ResponseWriter& response, std::string body);
Awaitable<void> SendText(ResponseWriter& response, int status, std::string body);

RequestError NoConfigurationYet();

}  // namespace ccp::edge
