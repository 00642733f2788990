// Calls to upstreams: HTTP/1.1 over pooled TCP or TLS connections, through a CONNECT proxy where the environment says so.
//
// Ownership: an UpstreamClient owns pools and idle connections; an UpstreamCall owns one busy connection, which it gives back
//   as soon as the answer was read to its clean end, and closes with itself otherwise. The client outlives its calls.
// Threading: one UpstreamClient per worker, on that worker's io_context. No locks.
// Cancellation: destroying the awaiting coroutine (or cancelling it) closes the connection.
// Errors: RequestError with origin kUpstream and retry kAgain (refused, DNS, TLS, reset, timeout); `timed_out` is set for
//   our own limits. A stale pooled connection is replaced by a fresh one without the caller noticing, once, if no byte of
//   the answer had arrived.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "common/config/model.h"
#include "edge/http/awaitable.h"

namespace boost::asio {
class io_context;
}

namespace ccp::edge {

struct PreparedRequest;

struct UpstreamRequest {
  std::string method = "POST";
  std::string url;                                          // Whole: https://api.deepseek.com/v1/chat/completions
  std::vector<std::pair<std::string, std::string>> headers; // All but Host, Content-Length, Connection: those are the client's.
  std::shared_ptr<const PreparedRequest> prepared;          // Of Prepare(): then the three above are not looked at.
  std::string_view body;                                    // Must live until Send() has returned.
  config::Timeouts timeouts;
  // What the caller can do while the upstream works: called when the request is written, before its answer is waited for;
  // once more should it have to be written again. May be empty.
  std::function<void()> meanwhile;
};

class UpstreamCall {
 public:
  virtual ~UpstreamCall() = default;
  virtual int status() const = 0;
  virtual std::string_view header(std::string_view lower_case_name) const = 0;  // First of that name, or "".
  virtual const std::vector<std::pair<std::string, std::string>>& headers() const = 0;  // Names in lower case.
  virtual void ForgetHeaders() {}  // Nobody will ask for them any more.

  // Waiting and taking are two steps, so that a stream which is silent for an hour needs neither a buffer nor a coroutine
  // for it: unless ready(), Take() comes after Readable(), with what that ended with.
  virtual bool ready() const = 0;
  virtual Awaitable<std::tuple<boost::system::error_code>> Readable() = 0;
  // Appends what has arrived of the body, decoded from its framing (and gzip, bounded, should an upstream send it
  // unasked). 0: the body is complete. An error: it was cut, or idle too long. Absent: nothing yet, wait again.
  virtual std::optional<Result<std::size_t>> Take(boost::system::error_code waited, std::string& out) = 0;
  virtual void StopWaiting() = 0;  // Ends Readable() with an error, behind which the caller may wait again.

  // Both: waits for at least one byte.
  Awaitable<Result<std::size_t>> Read(std::string& out);

  // The body's end was read, and the connection is given back: nothing is left to wait for.
  virtual bool complete() const = 0;
};

class UpstreamClient {
 public:
  struct Options {
    std::chrono::milliseconds idle_time{60'000};
    std::function<std::size_t()> room_for_idle;  // See pool.h.
    std::string ca_file;              // Empty: the system's. SSL_CERT_FILE is honoured.
    std::string https_proxy;          // From HTTPS_PROXY / https_proxy; empty: direct.
    std::string http_proxy;
    std::string no_proxy;             // From NO_PROXY / no_proxy.
  };
  static Options OptionsFromEnvironment();
  static absl::StatusOr<std::unique_ptr<UpstreamClient>> Create(boost::asio::io_context& context, Options options);
  virtual ~UpstreamClient() = default;

  // Makes ready what is the same for many requests: method, URL and headers. nullptr: this client has nothing to gain by it.
  virtual Result<std::shared_ptr<const PreparedRequest>> Prepare(const UpstreamRequest& /*request*/) {
    return std::shared_ptr<const PreparedRequest>();
  }
  // Connects or reuses, sends the request, waits for the head of the answer.
  virtual Awaitable<Result<std::unique_ptr<UpstreamCall>>> Send(UpstreamRequest request) = 0;
  // For the end: closes idle connections now, and busy ones when their answer is read.
  virtual void CloseIdle() = 0;
};

}  // namespace ccp::edge
