// The ResponseWriter of a connection: one response, written with as few system calls as it takes.
//
// Ownership: refers to the connection's wire and deadline; lives in the connection's coroutine while a handler runs.
// Errors: when the client is gone or takes nothing for too long, the awaiting coroutine ends with
//   boost::system::system_error; the connection knows why.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/awaitable.h"
#include "edge/http/client_wire.h"
#include "edge/http/server.h"
#include "edge/http/server_state.h"

namespace ccp::edge {

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

class Response final : public ResponseWriter {
 public:
  struct Form {
    bool head_only = false;    // HEAD: the head of the answer and nothing more.
    bool chunks = true;        // The client understands chunked; HTTP/1.0 does not.
    bool keep_alive = true;    // As the client asked.
  };
  Response(ClientWire& wire, Deadline& deadline, ServerState& server, Form form)
      : wire_(wire), deadline_(deadline), server_(server), form_(form) {}

  Awaitable<void> Send(int status, std::vector<Header> headers, std::string_view body) override;
  Awaitable<void> Begin(int status, std::vector<Header> headers) override;
  Awaitable<void> Write(std::string_view piece) override;
  bool TryWrite(std::string_view piece) override;
  using ResponseWriter::End;
  Awaitable<void> End(std::string_view last_piece) override;
  bool begun() const override { return begun_; }
  bool client_gone() const override { return client_gone_; }
  void CloseAfter() override { form_.keep_alive = false; }
  void Abort() override;

  void ClientLeft() { client_gone_ = true; }
  bool whole() const { return whole_; }               // Nothing is missing: the connection may go on.
  bool keep_alive() const { return form_.keep_alive && !server_.stopping; }

 private:
  enum class Length { kKnown, kUnknown };
  void BuildHead(int status, const std::vector<Header>& headers, Length length, std::size_t body_bytes);
  enum class Role { kBody, kChunk, kLastChunk };       // Of a piece.
  // What goes out at once. Made when it does: a stream that waits for its next piece keeps none.
  struct Packet {
    std::array<char, 20> chunk_size{};
    ClientWire::Parts parts{};                         // Head, chunk size, piece, what ends it.
  };
  void Fill(Packet& packet, Role role, std::string_view piece) const;
  void AddChunk(Packet& packet, std::string_view piece) const;
  bool SendNow(Packet& packet, boost::system::error_code& error);  // False: something is left, for when the client takes more.
  [[noreturn]] void Fail(const boost::system::error_code& error);
  Awaitable<void> Transmit(Role role, std::string_view piece);

  ClientWire& wire_;
  Deadline& deadline_;
  ServerState& server_;
  Form form_;
  bool begun_ = false;
  bool whole_ = false;
  bool client_gone_ = false;
  std::unique_ptr<std::string> head_;                  // Waits for the first piece: one packet instead of two.
  std::size_t sent_ = 0;                               // Of the packet that TryWrite() began and Write() ends.
};

// What the status line calls `status`.
std::string_view ReasonPhrase(int status);

}  // namespace ccp::edge
