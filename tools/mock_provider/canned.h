// Answers made in advance, for measuring others: as little work a request as can be. Pure.
#pragma once

#include <array>
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
  explicit CannedAnswers(std::size_t events);
  const CannedAnswer& For(Api api) const;

  // Whether the body asks for a stream, without parsing it.
  static bool WantsStream(std::string_view body);

 private:
  std::array<CannedAnswer, 2> answers_;
};

}  // namespace ccp::mock
