// Bytes of a client's connection -> HttpRequest, strictly. Pure.
//
// Beast's basic_parser does the head's grammar, ChunkDecoder that of chunked bodies; on top of them stands everything that
// two parsers might read differently, because that is where request smuggling lives: whatever nginx and haproxy disagree
// about is refused here.
//
// Ownership: owns the request it builds until it is taken. Keeps only bytes of an unfinished line or head.
// Threading: one connection, one coroutine.
// Errors: after kFailed, error() says what to answer, and the connection must be closed: where the next request begins is
//   not known any more.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "common/base/error.h"
#include "edge/http/chunk_decoder.h"
#include "edge/http/head_scanner.h"
#include "edge/http/server.h"

namespace ccp::edge {

class RequestParser {
 public:
  enum class State : std::uint8_t {
    kIdle,      // Nothing of a request has come.
    kHead,      // A part of the head.
    kBody,      // The head is whole, the body is not.
    kComplete,  // A request is ready in request().
    kFailed,
  };

  explicit RequestParser(const HttpLimits& limits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what belongs to this request and returns how many bytes that were; the rest belongs to the next one.
  std::size_t Feed(std::string_view bytes);

  // Bytes that are missing of a body whose length is known. They may come by ReceiveBody() as well.
  std::size_t body_left() const { return state_ == State::kBody ? body_left_ : 0; }
  // Takes what `receive` puts into the body itself, with no copy between, and returns how many bytes that were, as
  // `receive` says; none: nothing has changed. REQUIRES: body_left() > 0.
  std::size_t ReceiveBody(absl::FunctionRef<std::size_t(std::span<char>)> receive);

  State state() const { return state_; }
  const RequestError& error() const { return *error_; }       // With kFailed.
  HttpRequest& request() { return request_; }
  const HttpRequest& request() const { return request_; }
  bool keep_alive() const { return keep_alive_; }             // As client and version ask.
  bool http_1_0() const { return http_1_0_; }
  bool expects_continue() const { return expects_continue_; }

  // Ready for the next request of the connection.
  void Reset();

 private:
  class Grammar;
  friend class Grammar;

  std::size_t FeedHead(std::string_view bytes);
  std::size_t FeedBody(std::string_view bytes);
  std::size_t FeedChunks(std::string_view bytes);
  void CountBody(std::size_t bytes);
  void ParseHead(std::string_view head);
  void BeginBody();
  void CheckHead();
  void CheckFraming();
  void CheckTarget();
  void CheckHost();
  void CheckExpectation();
  void MakeRoom(std::size_t next, std::size_t whole);
  void RefuseBody();
  void Fail(int http_status, std::string message);  // The first failure stays.

  const HttpLimits& limits_;
  State state_ = State::kIdle;
  HttpRequest request_;
  std::unique_ptr<RequestError> error_;
  std::unique_ptr<ChunkDecoder> chunks_; // Of a chunked body.
  std::size_t body_left_ = 0;            // Of a body with a length.
  struct UnfinishedHead {
    std::string bytes;
    HeadScanner scanner;                 // Has looked at them.
  };
  std::unique_ptr<UnfinishedHead> head_; // Where one came in pieces.
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
};

}  // namespace ccp::edge
