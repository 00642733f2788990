// Method and path -> endpoint. Pure.
#pragma once

#include <string>
#include <string_view>

#include "edge/api/endpoints.h"

namespace ccp::edge {

struct RouteMatch {
  Endpoint endpoint = nullptr;   // nullptr: no such path, or (with `allow`) not by this method.
  std::string allow;             // Methods that the path knows, for 405.
};

RouteMatch FindRoute(std::string_view method, std::string_view path);

// The path as the table has it: without the /anthropic prefix and without a slash at the end.
std::string_view CanonicalPath(std::string_view path);

}  // namespace ccp::edge
