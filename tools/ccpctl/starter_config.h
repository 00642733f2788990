// A first models.yaml for somebody who has none: from the provider keys that are set, or for the mock provider. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::ctl {

struct StarterConfig {
  std::string yaml;                     // Empty: no known key is set.
  std::vector<std::string> keys_found;  // Names of variables.
};

// `is_set` says whether a variable has a value; values are never asked for. The first provider found is the default.
StarterConfig StarterFromKeys(const std::function<bool(std::string_view variable)>& is_set);

std::string StarterForMock(std::string_view api_base);  // http://127.0.0.1:port/v1

}  // namespace ccp::ctl
