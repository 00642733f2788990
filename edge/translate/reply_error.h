// Errors that arrive where an answer was due: an error object in a 200 body or stream, in the shapes vendors use. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/error.h"
#include "common/json/document.h"

namespace ccp::translate {

// The error that `root` (a body, or the data of one event) is, if it is one: {"error": ...}, [{"error": ...}],
// {"type": "error", ...}, {"object": "error", ...}, or a message or detail without an answer beside it.
std::optional<RequestError> ReadReplyError(json::Value root, std::int64_t input_tokens);

// An error whose body is not JSON, or has no shape we know: 502 with what can be read of it.
RequestError UnreadableError(std::string_view body, std::int64_t input_tokens);

// The answer is no answer: 502 api_error. `what` says what was found; safe to show.
RequestError BadReply(std::string_view what);

// The upstream gave its answer up, and all it says of it is a finish_reason.
RequestError GaveUp(std::string_view finish_reason);

// The upstream stopped in the middle.
RequestError EndedEarly();

}  // namespace ccp::translate
