// Answers made in advance, for measuring others: as little work a request as can be. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/mock_provider/request.h"

namespace ccp::mock {

struct CannedAnswer {
  std::string body;                 // Not streaming.
  std::vector<std::string> events;  // Streaming: one by one ...
  std::string burst;                // ... and all at once.
};

class CannedAnswers {
 public:
  enum class Content { kText, kTools };  // kTools: three calls, each in fifty fragments.

  // `stamped`: each of the text's events has room for a time.
  explicit CannedAnswers(std::size_t events, bool stamped = false);
  const CannedAnswer& For(Api api, Content content) const;

  // Whether the body asks for a stream, without parsing it.
  static bool WantsStream(std::string_view body);

  // Writes the time into an event that has room for one, as "@" and 19 digits: nanoseconds of the steady clock. Whoever
  // reads it on the same machine knows how long the event was under way.
  static void Stamp(std::string& event, std::chrono::steady_clock::time_point now);

 private:
  std::array<std::array<CannedAnswer, 2>, 2> answers_;  // By Api, then Content.
};

}  // namespace ccp::mock
