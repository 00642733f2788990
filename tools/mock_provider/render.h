// A scripted reply as the bytes of an answer, in the form of either API, and the plan by which they go out. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/mock_provider/request.h"
#include "tools/mock_provider/script.h"

namespace ccp::mock {

struct Rendering {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  bool stream = false;
  std::vector<std::string> events;  // Of a stream: each as it stands on the wire.
  std::string body;                 // Else.
};

// `id` makes the ids of message and tool calls; `now` is the time the answer claims to be made, in Unix seconds.
Rendering Render(const Reply& reply, const Request& request, std::string_view id, std::int64_t now);

// An error in the form of the API.
Rendering RenderError(Api api, int status, std::string_view message);

// How an answer goes out. Head first, unless the end comes before it.
struct Delivery {
  enum class End { kComplete, kCut, kHang };
  struct Write {
    std::chrono::microseconds delay{0};  // Before it.
    std::string bytes;
  };
  std::chrono::milliseconds head_delay{0};
  bool head = true;    // false: not even the head is sent.
  bool whole = false;  // One body with Content-Length: `writes` has one entry.
  std::vector<Write> writes;
  End end = End::kComplete;
};
Delivery PlanDelivery(const Reply& reply, const Rendering& rendering, std::int64_t tokens_per_second);

// Words with the space before them; with `piece_chars` > 0 pieces of so many bytes. Never cuts a UTF-8 character.
std::vector<std::string> Fragments(std::string_view text, std::int64_t piece_chars);

}  // namespace ccp::mock
