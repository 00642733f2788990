// Process-wide logging: set up once in main(), then used through spdlog's own macros-free functions.
//
// Lines go to stderr. text: "2026-11-22T20:31:26.123Z info edge listening address=127.0.0.1:8082".
// json: one object a line with ts, level, msg. Messages carry key=value pairs; prompts and secrets are never passed in.
// Errors: an unknown level or format is kInvalidArgument. Thread-safe after Configure().
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ccp::log {

enum class Format { kText, kJson };

struct Options {
  std::string level = "info";    // trace debug info warn error off
  std::string format = "text";   // text json
};

absl::Status Configure(const Options& options);

void Debug(std::string_view message);
void Info(std::string_view message);
void Warn(std::string_view message);
void Error(std::string_view message);
bool InfoEnabled();   // Whether a line is worth building.

}  // namespace ccp::log
