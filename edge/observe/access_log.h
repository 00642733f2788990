// The one log line a request leaves. Pure. Holds no text of the conversation and no header's value.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/usage/record.h"

namespace ccp::edge {

struct AccessEntry {
  std::string_view request_id;
  std::string_view requested_model;
  std::string_view model;
  std::string_view route;
  int http_status = 0;
  int attempts = 0;
  usage::Tokens tokens;
  std::chrono::microseconds duration{0};
  std::chrono::microseconds first_byte{0};
  std::string_view error;
};

std::string AccessLine(const AccessEntry& entry);

}  // namespace ccp::edge
