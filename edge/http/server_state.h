// What the connections of one server share. One worker thread; nothing here locks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/http/server.h"

namespace ccp::edge {

// The executor is concrete: type-erased ones cost an indirect call and a copy an operation.
using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class ClientConnection;

// "Sun, 22 Nov 2026 20:31:26 GMT", formatted once a second.
class DateText {
 public:
  std::string_view Now();

 private:
  std::time_t second_ = 0;
  std::string text_;
};

// What a connection does. Those of one phase stand in a queue, the longest there in front.
enum class Phase : std::uint8_t {
  kWaiting,  // For a request or the rest of one: such a connection is given up when another needs its place.
  kServing,  // With a request in the handler.
  kClosing,  // Closed, and about to be gone.
};
using ConnectionQueue = std::list<ClientConnection*>;

struct ServerState {
  ServerState(boost::asio::io_context& io, HttpServer::Options server_options, HttpHandler request_handler)
      : context(io), options(std::move(server_options)), handler(std::move(request_handler)), scratch(64 * 1024) {}

  boost::asio::io_context& context;
  HttpServer::Options options;
  HttpHandler handler;
  std::vector<char> scratch;                   // All reads go here first, so an idle connection owns no buffer.
  std::array<ConnectionQueue, 3> queues;       // By Phase.
  std::size_t refusals = 0;                    // Connections that are being told that there is no room for them.
  DroppedConnections dropped;
  bool accepting = false;                      // A coroutine does, and may hold a connection that is nobody's yet.
  bool stopping = false;
  bool cut = false;                            // And nothing is served any more.
  DateText date;

  ConnectionQueue& queue(Phase phase) { return queues[static_cast<std::size_t>(phase)]; }

  void TellIfQuiet() {
    if (!stopping || accepting || !queue(Phase::kWaiting).empty() || !queue(Phase::kServing).empty()) return;
    if (const auto on_quiet = std::exchange(options.on_quiet, nullptr)) on_quiet();
  }

  // For each of them, whatever becomes of it meanwhile.
  template <typename Visit>
  void ForEachConnection(Visit visit) {
    std::vector<ClientConnection*> all;
    for (const ConnectionQueue& one : queues) all.insert(all.end(), one.begin(), one.end());
    for (ClientConnection* connection : all) visit(*connection);
  }
};

}  // namespace ccp::edge
