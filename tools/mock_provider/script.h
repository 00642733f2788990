// What the mock provider answers: a script of rules, read from YAML or JSON. Pure.
//
//   rules:                              # in order; the first that matches answers. Without a match: an echo.
//     - match:                          # every condition given must hold; no match: always
//         contains: "weather"           # in the newest user text
//         body_contains: "Bash"         # anywhere in the request's bytes
//         model: "mock-a"               # exactly
//         path: "/chat/completions"     # in the path
//         header: { x-team: infra }     # the value contains this text
//         stream: true
//         has_tools: true
//         has_tool_result: true         # the newest message answers a tool call
//         has_image: true
//         nth: 2                        # the second request for which all the others hold
//       times: 1                        # answers so often, then later rules are asked; default: always
//       reply: { ... }                  # or `replies: [...]`: one after another, the last again and again
//
//   reply, all optional:
//     text: "..."                       # with {input} for the newest user text
//     reasoning: "..."                  # thinking
//     tool_calls: [{ name: Bash, arguments: { command: "ls" }, id: call_1 }]   # arguments: an object, or text as it is
//     finish: stop                      # stop | tool_calls | length | content_filter; by default what fits
//     usage: { input: 10, output: 5, cache_read: 4, cache_write: 0, reasoning: 2 }   # input: without the cached part
//     status: 200
//     headers: { retry-after: "1" }
//     body: "..."                       # this body instead of a made one: text, or a tree that is sent as JSON
//     content_type: text/html
//     raw: "data: {\"half"              # these bytes as the event stream
//     error_event: { after: 0, type: overloaded_error, message: "..." }   # after so many events; then the stream ends
//     delay_ms: 100                     # before the head
//     event_delay_ms: 20                # before each event
//     piece_chars: 4                    # size of the text's fragments; default: about a word
//     write_bytes: 7                    # each write so many bytes, wherever events end
//     cut_after_events: 3               # then the connection is cut
//     cut_after_bytes: 100
//     hang_after_events: 3              # then nothing more comes, and the connection stays
//     hang: true                        # never answers
//     no_done: true                     # the stream lacks its last event ([DONE], message_stop)
//     no_usage: true
//     interleave: true                  # fragments of parallel tool calls alternate (chat only)
//
// Errors: kInvalidArgument that names the rule and the key. Threading: values; a Script counts its matches and so belongs to
//   one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/mock_provider/request.h"

namespace ccp::mock {

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON, or what the script wants to be taken for it.
};

struct TokenUsage {
  std::int64_t input = 0;        // Without the cached part.
  std::int64_t output = 0;       // Reasoning included.
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::int64_t reasoning = 0;
};

struct ErrorEvent {
  std::int64_t after = 0;        // Events.
  std::string type = "overloaded_error";
  std::string message = "the mock provider was told to fail";
};

struct Reply {
  std::optional<std::string> text;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::string finish;
  std::optional<TokenUsage> usage;
  int status = 200;
  std::map<std::string, std::string> headers;
  std::optional<std::string> body;
  std::string content_type;
  std::optional<std::string> raw;
  std::optional<ErrorEvent> error_event;
  std::int64_t delay_ms = 0;
  std::int64_t event_delay_ms = 0;
  std::int64_t piece_chars = 0;
  std::int64_t write_bytes = 0;
  std::optional<std::int64_t> cut_after_events;
  std::optional<std::int64_t> cut_after_bytes;
  std::optional<std::int64_t> hang_after_events;
  bool hang = false;
  bool no_done = false;
  bool no_usage = false;
  bool interleave = false;
};

struct Match {
  std::string contains;
  std::string body_contains;
  std::string model;
  std::string path;
  std::map<std::string, std::string> header;  // Names in lower case.
  std::optional<bool> stream;
  std::optional<bool> has_tools;
  std::optional<bool> has_tool_result;
  std::optional<bool> has_image;
  std::optional<std::int64_t> nth;
};

struct Rule {
  Match match;
  std::optional<std::int64_t> times;
  std::vector<Reply> replies;
};

class Script {
 public:
  Script() = default;  // Without rules: everything is echoed.
  static absl::StatusOr<Script> Parse(std::string_view text);

  // The reply to this request; counts it.
  Reply Answer(const Request& request);

 private:
  struct Counted {
    Rule rule;
    std::int64_t seen = 0;      // Requests for which all but `nth` held.
    std::int64_t answered = 0;
  };
  std::vector<Counted> rules_;
};

// What a provider would say without a script.
Reply EchoReply(const Request& request);

}  // namespace ccp::mock
