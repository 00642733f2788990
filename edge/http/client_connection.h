// One client connection: requests one after another, each answered by the handler.
//
// Ownership: its coroutine owns it; the server knows it by pointer for sweeps and shutdown.
// Threading: the server's thread.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "edge/http/awaitable.h"
#include "edge/http/client_wire.h"
#include "edge/http/connection_gate.h"
#include "edge/http/request_parser.h"
#include "edge/http/response.h"
#include "edge/http/server_state.h"

namespace ccp::edge {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(std::unique_ptr<ClientWire> wire, ConnectionGate::Pass pass, std::shared_ptr<ServerState> server);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  static Awaitable<void> Run(std::shared_ptr<ClientConnection> self);
  // Says no to whatever comes, and closes. For a connection without a pass.
  static Awaitable<void> RunRefusal(std::shared_ptr<ClientConnection> self, RequestError error);

  static void Retire(std::shared_ptr<ClientConnection> self);  // Keeps it until what runs now is over.

  void Expire(std::chrono::steady_clock::time_point now);  // The sweep: ends what is past its deadline.
  void CloseIfIdle();                                      // The server is stopping.
  ConnectionGate::Pass MakeRoom();                         // Closes; its place is the caller's.
  void Cut();                                              // So that an unfinished answer looks unfinished.
  boost::asio::cancellation_slot cancellation() { return cancel_.slot(); }  // For what runs Run().

 private:
  class Turn;
  enum class Step : std::uint8_t { kHandshake, kRead, kServe };
  Awaitable<bool> Take(Step step);            // False: the connection ends.
  Awaitable<bool> Handshake();                // False: the connection ends.
  Awaitable<bool> ReadRequest();              // False: the connection ends.
  Awaitable<bool> ServeRequest();             // False: the connection ends.
  void WatchClient();
  void SeeClient(boost::system::error_code waited, unsigned turn);
  Awaitable<void> Repair(Turn& turn);
  Awaitable<void> Refuse(RequestError error);
  Awaitable<void> Linger();
  void FeedLeftover();
  void SetReadDeadline(RequestParser::State before);
  void Enter(Phase phase);                                 // To the end of that phase's queue.
  bool reading() const;
  void DropBody();                            // Nobody needs it any more.
  std::size_t Receive(boost::system::error_code& error);   // What has arrived, for the parser.
  std::size_t BytesATurn() const;
  bool TurnIsOver(std::size_t bytes);         // Counts what was read at one go.
  Awaitable<void> NextTurn();

  std::unique_ptr<ClientWire> wire_;
  ConnectionGate::Pass pass_;
  std::shared_ptr<ServerState> server_;
  ConnectionQueue::iterator place_;             // In the queue of its phase.
  RequestParser parser_;
  std::unique_ptr<std::string> leftover_;       // Bytes of the next request, sent before the answer to this one.
  Deadline deadline_ = kNoDeadline;             // Looked at by the sweep: no timer is armed an operation.
  Deadline body_begin_ = kNoDeadline;
  std::size_t turn_bytes_ = 0;                  // Read since others last had their turn.
  boost::asio::cancellation_signal cancel_;     // Ends the handler when the client leaves.
  Turn* turn_ = nullptr;                        // While a request is in the handler.
  unsigned turns_ = 0;                          // So far: a wait of an earlier one may end late.
  Phase phase_;
  bool expired_ = false;
  bool idle_ = true;                            // Between requests.
};

}  // namespace ccp::edge
