// What a Chat Completions upstream says of its rate limits, in the names and forms of Anthropic's headers. Pure.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "edge/http/server.h"

namespace ccp::edge {

// x-ratelimit-{limit,remaining,reset}-{requests,tokens} of `upstream` (names in lower case) become
// anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}. An upstream says how long it takes until all is there
// again ("6m0s", "17ms"), Anthropic when that will be: counted from `now`, rounded up to a second. What is neither a
// count nor a duration with its units is left out.
std::vector<Header> AnthropicRateLimits(const std::vector<Header>& upstream, absl::Time now);

}  // namespace ccp::edge
