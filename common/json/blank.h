// White space in JSON strings. Pure.
#pragma once

#include <string_view>

namespace ccp::json {

// Whether the contents of a valid JSON string, still escaped, are nothing but white space (as it is or escaped).
bool IsBlank(std::string_view escaped);

}  // namespace ccp::json
