// A scripted provider: speaks OpenAI's Chat Completions and Anthropic's Messages on one port, for demos, tests and faults.
//
//   POST .../chat/completions    Chat Completions, streaming or not
//   POST .../messages            Messages, streaming or not
//   POST .../messages/count_tokens
//   GET  .../models
//   GET  /requests               what was received, as JSON: method, path, headers, body; DELETE forgets it
//   POST /script                 replaces the script and its counters
//   GET  /healthz
//
// Ownership: owns its thread, its io_context and its listener; the destructor stops them.
// Threading: Start(), port() and the destructor from any one thread. Errors: a script that does not parse is
//   kInvalidArgument, a port that is taken is kAlreadyExists.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ccp::mock {

struct MockOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                  // 0: a free one.
  std::string script;                      // YAML or JSON text; empty: echo.
  std::int64_t tokens_per_second = 0;      // Pace of streams; 0: as fast as possible.
  std::size_t kept_requests = 1'000;       // The newest ones, for GET /requests.
  std::size_t canned_events = 0;           // > 0: no script; streams of so many events from bytes made in advance.
};

class MockProvider {
 public:
  static absl::StatusOr<std::unique_ptr<MockProvider>> Start(MockOptions options);
  virtual ~MockProvider() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::string base_url() const = 0;  // "http://127.0.0.1:4711"
};

}  // namespace ccp::mock
