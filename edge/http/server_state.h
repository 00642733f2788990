// What the connections of one server share. One worker thread; nothing here locks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_set>
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

struct ServerState {
  ServerState(boost::asio::io_context& io, HttpServer::Options server_options, HttpHandler request_handler)
      : context(io), options(std::move(server_options)), handler(std::move(request_handler)), scratch(64 * 1024) {}

  boost::asio::io_context& context;
  HttpServer::Options options;
  HttpHandler handler;
  std::vector<char> scratch;                   // All reads go here first, so an idle connection owns no buffer.
  std::unordered_set<ClientConnection*> connections;
  std::size_t busy = 0;
  bool stopping = false;
  DateText date;
};

}  // namespace ccp::edge
