// The edge's HTTP/1.1 face: listener, connection, limits. Knows nothing of models; ccp-mock stands on it too.
//
// Ownership: a Server owns its acceptor. Connections own themselves: those that are left when it goes are cut, and end on its
//   loop, until when the handler and what the Options refer to must live. A Request and a ResponseWriter live as long as the
//   handler's coroutine runs; the connection outlives both.
// Threading: one Server per worker thread, on that worker's io_context; several share a port by SO_REUSEPORT. No locks.
// Cancellation: when the client goes away while the handler runs, ResponseWriter::client_gone() becomes true and the
//   handler's coroutine is cancelled (terminal cancellation of what it awaits): it ends by unwinding, its destructors
//   release the upstream.
// Errors: malformed requests are answered here (400, 408, 413, 414, 431, 501, ...) with `error_body`, and the connection
//   is closed; the handler never sees them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "edge/http/awaitable.h"

namespace boost::asio {
class io_context;
}

namespace ccp::edge {

class ConnectionGate;
class TlsIdentity;

struct HttpLimits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t header_fields = 100;
  std::size_t target_bytes = 8 * 1024;
  std::size_t body_bytes = 32 * 1024 * 1024;
  std::chrono::milliseconds header_time{10'000};    // For the whole head, from its first byte.
  std::chrono::milliseconds body_stall{30'000};     // Without a byte of the body.
  std::chrono::milliseconds keep_alive{75'000};     // Idle between requests.
  std::chrono::milliseconds write_stall{60'000};    // A client that takes nothing for so long is gone.
  std::chrono::milliseconds linger{5'000};          // A refused client may go on sending for so long.
};

using Header = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;
  std::string target;                      // As sent: path and query.
  std::vector<Header> headers;             // Names in lower case, in order of arrival.
  std::string body;                        // Whole. May be moved from.
  std::string_view header(std::string_view lower_case_name) const;  // First of that name, or "".
  std::string_view path() const;           // Of `target`, without the query.
  std::string_view query() const;          // Without '?'.
};

// Connections that were not let in or not let go on, since the start.
struct DroppedConnections {
  std::uint64_t full = 0;          // Refused: the ceiling in total, and all of them were busy.
  std::uint64_t address_full = 0;  // Refused: the ceiling per address.
  std::uint64_t displaced = 0;     // Waited for a request for longer than all others when a place was needed.
  std::uint64_t slow = 0;          // Did not send a request, or take an answer, in time.
};

// Writes one response. Either Send() once, or Begin(), Write() as often as needed, End().
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // A whole response with Content-Length. Headers of framing (content-length, connection, date) are ours to write.
  virtual Awaitable<void> Send(int status, std::vector<Header> headers, std::string_view body) = 0;

  // A response of unknown length: chunked. Begin() waits for the first Write() to share its packet. Write() sends one
  // chunk, at once; an empty piece sends the head alone, if that is still due, and else nothing.
  virtual Awaitable<void> Begin(int status, std::vector<Header> headers) = 0;
  virtual Awaitable<void> Write(std::string_view piece) = 0;
  virtual Awaitable<void> End(std::string_view last_piece) = 0;
  Awaitable<void> End() { return End({}); }

  // Write() as far as it need not wait, without a coroutine. True: the kernel has all of it. False: Write() of the same
  // piece comes next, and sends what is left of it.
  virtual bool TryWrite(std::string_view /*piece*/) { return false; }

  virtual bool begun() const = 0;          // A status line went out.
  virtual bool client_gone() const = 0;
  virtual void CloseAfter() = 0;           // Answer with Connection: close and end the connection behind this response.
  virtual void Abort() = 0;                // Cut the connection now (without the last chunk): a truncated answer must look truncated.
};

using HttpHandler = std::function<Awaitable<void>(HttpRequest&, ResponseWriter&)>;

class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;                // 0: a free one; port() tells which.
    bool reuse_port = false;               // Several servers on one port, one a thread.
    HttpLimits limits;
    std::shared_ptr<ConnectionGate> gate;    // nullptr: one of its own.
    std::shared_ptr<const TlsIdentity> tls;  // nullptr: plain HTTP.
    // Body of the answers that the server itself gives; by default an Anthropic error object. Called once for each.
    std::function<std::string(const RequestError&)> error_body;
    std::function<void()> on_handler_end;    // Behind each call of the handler: a coroutine around it would last as long.
    std::function<void()> on_quiet;          // Once, behind StopAccepting(): no request is left, nor part of one.
  };

  // Binds and listens. kAlreadyExists (in use) or kUnavailable (not permitted ...) says the address and why.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(boost::asio::io_context& context, Options options,
                                                            HttpHandler handler);
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual void Start() = 0;                      // Begins to accept.
  virtual void UseTls(std::shared_ptr<const TlsIdentity> identity) = 0;  // For connections that begin from now on.
  // Closes the listener, idle connections and those still in a TLS handshake. A request of which anything has arrived is
  // read to its end and answered, also that of a connection in the backlog.
  virtual void StopAccepting() = 0;
  virtual void CloseAll() = 0;                   // Cuts what is left.
  virtual std::size_t open_connections() const = 0;
  virtual std::size_t busy_connections() const = 0;  // With a request in the handler.
  virtual DroppedConnections dropped_connections() const = 0;
};

}  // namespace ccp::edge
