// Who may speak to the edge at all. Pure.
//
// A proxy on localhost can be reached by every web page its user opens: by a form, by fetch() without CORS, by a name
// that an attacker's DNS points at 127.0.0.1. So the Host must be one of ours, a request that a browser makes for a page
// of another site is refused, and a body must call itself JSON, which a page cannot do without a preflight that we never
// answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "edge/http/server.h"

namespace ccp::edge {

// What is wrong with the request's head, if anything. `host_names`: allowed besides the loopback names; lower-case.
// `allowed_origins`: of pages that may call us, as browsers write them: "https://app.example".
std::optional<RequestError> CheckCaller(const HttpRequest& request, const std::vector<std::string>& host_names,
                                        const std::vector<std::string>& allowed_origins);

}  // namespace ccp::edge
