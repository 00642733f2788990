// Errors of the request path, as values.
//
// A RequestError says why a model request failed, in the terms that retry, metrics, usage and the client each need.
// Elsewhere absl::Status is used. Both are plain values: copy them, no thread rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ccp {

struct RequestError {
  enum class Origin : std::uint8_t { kClient, kEdge, kUpstream };
  // What may still be done about it, as long as the client has seen no content.
  enum class Retry : std::uint8_t {
    kNever,      // The request itself is at fault, or the answer is final.
    kElsewhere,  // Not on this model again, but the next of the chain may answer (quota, key refused).
    kAgain,      // The same model may answer in a moment: connect failure, 408, 429, 5xx.
  };
  Origin origin = Origin::kEdge;
  Retry retry = Retry::kNever;
  int http_status = 500;                 // What the client gets if nothing was sent yet.
  std::string type = "api_error";        // Anthropic's error type.
  std::string message;                   // Safe to show: no key, no prompt text. Never empty.
  int upstream_status = 0;               // As received; 0 when no answer came.
  std::optional<std::int64_t> retry_after_ms;  // As the upstream asked.
  std::optional<bool> should_retry;      // Becomes x-should-retry, which Claude Code and the SDKs obey.
  bool timed_out = false;                // Connect, first byte or idle limit of ours.
  bool quota_exhausted = false;          // The provider says that a quota or balance is used up, not merely a rate.
};

// Anthropic's error type for an HTTP status. Source: Anthropic's errors page, read 2026-11.
std::string_view ErrorTypeForStatus(int http_status);

// {"type":"error","error":{"type":..,"message":..},"request_id":..}; valid UTF-8 whatever the message holds.
std::string ErrorBody(const RequestError& error, std::string_view request_id);

// Errors the edge finds in a request.
RequestError ClientError(int http_status, std::string message);
inline RequestError InvalidRequest(std::string message) { return ClientError(400, std::move(message)); }

// A value or the error that took its place. Reading the wrong one is a programming error and terminates.
template <typename T, typename E = RequestError>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by intent
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, E> state_;
};

}  // namespace ccp
