// The server over real loopback sockets: what a client sees, byte for byte where it matters.
#include "edge/http/awaitable.h"
#include "edge/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "edge/http/connection_gate.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

Awaitable<void> Echo(HttpRequest& request, ResponseWriter& response) {
  std::vector<Header> headers{{"content-type", "text/plain"}};
  const std::string body = request.method + " " + std::string(request.path()) + " " + request.body;
  co_await response.Send(200, std::move(headers), body);
}

// A server on its own thread, spoken to over blocking sockets.
class ServerTest : public testing::Test {
 protected:
  void Serve(HttpHandler handler, HttpLimits limits = {}, ConnectionGate::Ceilings ceilings = {}) {
    HttpServer::Options options;
    options.limits = limits;
    options.gate = gate_ = ConnectionGate::Make(ceilings);
    options.on_quiet = [this] { became_quiet_.set_value(); };
    auto server = HttpServer::Listen(context_, options, std::move(handler));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Start();
    thread_ = std::thread([this] { context_.run(); });
  }

  void TearDown() override {
    if (!thread_.joinable()) return;
    OnServer([this] { server_.reset(); });
    context_.stop();
    thread_.join();
  }

  template <typename Work>
  void OnServer(Work work) {
    std::promise<void> done;
    asio::post(context_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  asio::ip::tcp::socket Connect() {
    asio::ip::tcp::socket socket(client_context_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  asio::ip::tcp::socket ConnectFrom(const char* address) {
    asio::ip::tcp::socket socket(client_context_);
    socket.open(asio::ip::tcp::v4());
    socket.bind({asio::ip::make_address(address), 0});
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  // Sends and reads to the end of the connection.
  std::string Talk(std::string_view bytes) {
    asio::ip::tcp::socket socket = Connect();
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(bytes), ignored);
    return ReadAll(socket);
  }

  static std::string ReadAll(asio::ip::tcp::socket& socket) {
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }

  static std::string ReadUntil(asio::ip::tcp::socket& socket, std::string_view mark) {
    std::string answer;
    char byte = 0;
    boost::system::error_code end;
    while (!end && answer.find(mark) == std::string::npos) {
      if (asio::read(socket, asio::buffer(&byte, 1), end) == 1) answer += byte;
    }
    return answer;
  }

  std::size_t OpenConnections() {
    std::size_t open = 0;
    OnServer([&] { open = server_->open_connections(); });
    return open;
  }

  bool IsQuiet() { return quiet_.wait_for(0s) == std::future_status::ready; }

  asio::io_context context_;
  asio::io_context client_context_;
  std::promise<void> became_quiet_;
  std::shared_future<void> quiet_ = became_quiet_.get_future().share();
  std::shared_ptr<ConnectionGate> gate_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

TEST_F(ServerTest, AnswersAndClosesWhenAsked) {
  Serve(Echo);
  const std::string answer = Talk("POST /a?b=c HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\ndate: "));
  EXPECT_THAT(answer, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("content-length: 10\r\n\r\nPOST /a hi"));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  Serve(Echo);
  const std::string answer = Talk(
      "GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n"
      "GET /3 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const auto first = answer.find("GET /1 ");
  const auto second = answer.find("GET /2 ");
  const auto third = answer.find("GET /3 ");
  ASSERT_NE(third, std::string::npos) << answer;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  Serve(Echo);
  const std::string answer = Talk("HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("content-length: 7\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

Awaitable<void> TwoPieces(HttpRequest&, ResponseWriter& response) {
  std::vector<Header> headers{{"content-type", "text/event-stream"}};
  co_await response.Begin(200, std::move(headers));
  co_await response.Write("hello ");
  co_await response.Write("");
  co_await response.Write("world");
  co_await response.End();
}

TEST_F(ServerTest, StreamsChunks) {
  Serve(TwoPieces);
  const std::string answer = Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("transfer-encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, EndsWithALastPiece) {
  Serve([](HttpRequest&, ResponseWriter& response) -> Awaitable<void> {
    co_await response.Begin(200, {});
    co_await response.End("bye");
  });
  const std::string answer = Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("\r\n\r\n3\r\nbye\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, StreamsWithoutChunksToAnOldClient) {
  Serve(TwoPieces);
  const std::string answer = Talk("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello world"));
}

TEST_F(ServerTest, AsksForTheBodyThatWaitsToBeAskedFor) {
  Serve(Echo);
  asio::ip::tcp::socket socket = Connect();
  asio::write(socket, asio::buffer(std::string("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
                                               "connection: close\r\ncontent-length: 2\r\n\r\n")));
  EXPECT_EQ(ReadUntil(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  asio::write(socket, asio::buffer("hi", 2));
  EXPECT_THAT(ReadAll(socket), EndsWith("POST / hi"));
}

TEST_F(ServerTest, RefusesInAnthropicFormAndCloses) {
  Serve(Echo);
  const std::string answer = Talk("GET / HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"({"type":"error","error":{"type":"invalid_request_error","message":"the Host header)"));
  EXPECT_THAT(answer, Not(HasSubstr("smuggled")));
}

TEST_F(ServerTest, SaysTooLargeBeforeTheBodyCameAndLetsTheClientReadIt) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  Serve(Echo, limits);
  const std::string body(2'000'000, 'x');
  const std::string answer = Talk("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n" + body);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("request_too_large"));
}

TEST_F(ServerTest, EndsASlowHead) {
  HttpLimits limits;
  limits.header_time = 50ms;
  Serve(Echo, limits);
  EXPECT_THAT(Talk("GET / HT"), StartsWith("HTTP/1.1 408 "));
}

// Behind its refusal it may stay as long as it likes: that is not slow once more, nor is it for any other refusal.
TEST_F(ServerTest, CountsASlowClientOnce) {
  HttpLimits limits;
  limits.header_time = 50ms;
  limits.linger = 50ms;
  Serve(Echo, limits);
  for (const char* request : {"GET / HT", "GET / HTTP/9.9\r\n\r\n"}) {
    asio::ip::tcp::socket socket = Connect();
    asio::write(socket, asio::buffer(std::string(request)));
    EXPECT_THAT(ReadAll(socket), StartsWith("HTTP/1.1 "));
    std::size_t open = 1;
    while (open > 0) OnServer([&] { open = server_->open_connections(); });
    OnServer([&] { EXPECT_EQ(server_->dropped_connections().slow, 1u) << request; });
  }
}

TEST_F(ServerTest, EndsASlowBody) {
  HttpLimits limits;
  limits.body_stall = 50ms;
  Serve(Echo, limits);
  EXPECT_THAT(Talk("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, ClosesAnIdleConnectionWithoutAWord) {
  HttpLimits limits;
  limits.keep_alive = 50ms;
  Serve(Echo, limits);
  EXPECT_EQ(Talk(""), "");
}

TEST_F(ServerTest, GivesThePlaceOfTheLongestWaitingToANewConnection) {
  Serve(Echo, {}, {.total = 2});
  asio::ip::tcp::socket silent = Connect();
  asio::ip::tcp::socket slow = Connect();
  asio::write(slow, asio::buffer(std::string("GET / HT")));
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(ReadAll(silent), "");
  asio::write(slow, asio::buffer(std::string("TP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")));
  EXPECT_THAT(ReadAll(slow), StartsWith("HTTP/1.1 200 "));
  OnServer([&] { EXPECT_EQ(server_->dropped_connections().displaced, 1u); });
}

// Answers /wait when it is told to, everything else at once.
struct Held {
  std::promise<void> entered;
  Timer release;
  explicit Held(asio::io_context& context) : release(context, std::chrono::steady_clock::time_point::max()) {}
  Awaitable<void> operator()(HttpRequest& request, ResponseWriter& response) {
    if (request.path() == "/wait") {
      entered.set_value();
      boost::system::error_code cancelled;
      co_await release.async_wait(asio::redirect_error(kAwait, cancelled));
    }
    co_await Echo(request, response);
  }
};

// A client that takes nothing fills the kernel's buffers; what a piece left over then must go out once, and in order.
TEST_F(ServerTest, GoesOnWithAPieceThatWasTakenInPart) {
  constexpr int kMostPieces = 2'000;
  std::promise<void> full;
  std::string sent;
  Serve([&](HttpRequest&, ResponseWriter& response) -> Awaitable<void> {
    co_await response.Begin(200, {});
    bool taken = true;
    for (int i = 0; i < kMostPieces && taken; ++i) {
      const std::string piece(65'521, static_cast<char>('a' + i % 26));
      sent += piece;
      taken = response.TryWrite(piece);
      if (taken) continue;
      full.set_value();
      co_await response.Write(piece);
    }
    co_await response.End("end");
  });
  asio::ip::tcp::socket client = Connect();
  asio::write(client, asio::buffer(std::string("GET / HTTP/1.0\r\n\r\n")));
  full.get_future().wait();
  const std::string answer = ReadAll(client);
  const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_EQ(body.size(), sent.size() + 3);
  EXPECT_TRUE(body == sent + "end");
}

TEST_F(ServerTest, FreesABodyThatItRefusesWhileTheClientStays) {
  const auto in_use = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  HttpLimits limits;
  limits.body_bytes = 16 * 1024 * 1024;
  Serve(Echo, limits);
  const std::string chunk = "f00000\r\n" + std::string(0xf00000, 'x') + "\r\nf00000\r\n";
  asio::ip::tcp::socket socket = Connect();
  const std::size_t before = in_use();
  asio::write(socket, asio::buffer(std::string("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")));
  asio::write(socket, asio::buffer(chunk));
  EXPECT_THAT(ReadUntil(socket, "request_too_large"), StartsWith("HTTP/1.1 413 "));
  const std::size_t most = before + limits.body_bytes / 2;
  for (int step = 0; step < 2'000 && in_use() >= most; ++step) OnServer([] {});  // It goes piece by piece, in turn with others.
  EXPECT_LT(in_use(), most);
}

// Bytes that are there already, more of them than one client may have read at one go.
TEST_F(ServerTest, ReadsALargeBodyInTurnWithOthers) {
  std::vector<std::string> served;
  HttpServer::Options options;
  server_ = HttpServer::Listen(context_, options, [&](HttpRequest& request, ResponseWriter& response) -> Awaitable<void> {
              served.push_back(request.target);
              co_await Echo(request, response);
            }).value();
  server_->Start();
  asio::ip::tcp::socket large = Connect();
  const std::string body = "POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n" + std::string(1048576, 'x');
  large.non_blocking(true);
  boost::system::error_code full;
  const std::size_t taken = asio::write(large, asio::buffer(body), full);
  large.non_blocking(false);
  asio::ip::tcp::socket small = Connect();
  asio::write(small, asio::buffer(std::string("GET /small HTTP/1.1\r\nhost: x\r\n\r\n")));
  std::thread rest([&] { asio::write(large, asio::buffer(body) + taken); });  // Of a kernel that has less room.
  while (served.size() < 2) context_.run_one();
  rest.join();
  EXPECT_EQ(served, (std::vector<std::string>{"/small", "/large"}));
  server_.reset();
  context_.poll();
}

// Each of them has more to read, and one of them reads at a time.
TEST_F(ServerTest, ServesAnotherWithinFewTurnsHoweverManyLargeBodiesArrive) {
  constexpr std::size_t kBodies = 32;
  bool served = false;
  HttpServer::Options options;
  server_ = HttpServer::Listen(context_, options, [&](HttpRequest&, ResponseWriter& response) -> Awaitable<void> {
              served = true;
              co_await response.Send(200, {}, "");
            }).value();
  server_->Start();
  std::vector<asio::ip::tcp::socket> large;
  for (std::size_t i = 0; i < kBodies; ++i) large.push_back(Connect());
  asio::ip::tcp::socket small = Connect();
  while (server_->open_connections() < kBodies + 1) context_.run_one();
  for (std::size_t i = 0; i < kBodies; ++i) {
    const std::string head = "POST / HTTP/1.1\r\nhost: x\r\n" +
                             std::string(i % 2 == 0 ? "content-length: 8388608\r\n\r\n"
                                                    : "transfer-encoding: chunked\r\n\r\n800000\r\n");
    large[i].non_blocking(true);
    boost::system::error_code full;
    asio::write(large[i], asio::buffer(head + std::string(8 << 20, 'x')), full);
  }
  for (std::size_t i = 0; i < 2 * kBodies; ++i) context_.run_one();
  asio::write(small, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
  int steps = 0;
  for (; !served; ++steps) context_.run_one();
  EXPECT_LT(steps, 10);
  server_.reset();
  context_.poll();
}

TEST_F(ServerTest, RefusesAConnectionWhenAllOthersAreBusy) {
  Held held(context_);
  Serve([&](HttpRequest& request, ResponseWriter& response) { return held(request, response); }, {}, {.total = 1});
  asio::ip::tcp::socket busy = Connect();
  asio::write(busy, asio::buffer(std::string("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")));
  held.entered.get_future().wait();
  EXPECT_THAT(Talk(""), HasSubstr("overloaded_error"));
  OnServer([&] {
    EXPECT_EQ(server_->dropped_connections().full, 1u);
    held.release.cancel();
  });
  EXPECT_THAT(ReadUntil(busy, "GET /wait "), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesAnAddressThatHasItsShare) {
  Serve(Echo, {}, {.total = 10, .per_address = 1});
  asio::ip::tcp::socket first = Connect();
  asio::write(first, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
  EXPECT_THAT(ReadUntil(first, "GET / "), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Talk(""), HasSubstr("this address already has its 1 connections"));
  asio::ip::tcp::socket neighbour = ConnectFrom("127.0.0.2");
  asio::write(neighbour, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
  EXPECT_THAT(ReadUntil(neighbour, "GET / "), StartsWith("HTTP/1.1 200 "));
  OnServer([&] { EXPECT_EQ(server_->dropped_connections().address_full, 1u); });
}

// One more server on a thread of its own, as a second worker has it.
class Neighbour {
 public:
  Neighbour(std::shared_ptr<ConnectionGate> gate, HttpHandler handler) {
    HttpServer::Options options;
    options.gate = std::move(gate);
    server_ = HttpServer::Listen(context_, options, std::move(handler)).value();
    server_->Start();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Neighbour() {
    asio::post(context_, [this] { server_.reset(); });
    thread_.join();
  }
  asio::ip::tcp::endpoint endpoint() const { return {asio::ip::make_address("127.0.0.1"), server_->port()}; }
  std::uint64_t displaced() {
    std::promise<std::uint64_t> count;
    asio::post(context_, [&] { count.set_value(server_->dropped_connections().displaced); });
    return count.get_future().get();
  }

 private:
  asio::io_context context_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

constexpr std::string_view kKeptRequest = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

// A server that has no connection of its own to give up gets the place of one that waits at another server.
TEST_F(ServerTest, AnotherServersWaitingConnectionMakesRoom) {
  Serve(Echo, {}, {.total = 2});
  Neighbour neighbour(gate_, Echo);
  std::vector<asio::ip::tcp::socket> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(client_context_).connect(neighbour.endpoint());
    asio::write(waiting.back(), asio::buffer(kKeptRequest));
    EXPECT_THAT(ReadUntil(waiting.back(), "GET / "), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(ReadAll(waiting.front()), "");
  asio::write(waiting.back(), asio::buffer(kKeptRequest));
  EXPECT_THAT(ReadUntil(waiting.back(), "GET / "), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(neighbour.displaced(), 1u);
  OnServer([&] { EXPECT_EQ(server_->dropped_connections().displaced + server_->dropped_connections().full, 0u); });
}

TEST_F(ServerTest, AnotherServersBusyConnectionDoesNot) {
  Held held(context_);
  Serve([&](HttpRequest& request, ResponseWriter& response) { return held(request, response); }, {}, {.total = 1});
  Neighbour neighbour(gate_, Echo);
  asio::ip::tcp::socket busy = Connect();
  asio::write(busy, asio::buffer(std::string("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")));
  held.entered.get_future().wait();
  asio::ip::tcp::socket late(client_context_);
  late.connect(neighbour.endpoint());
  EXPECT_THAT(ReadAll(late), HasSubstr("overloaded_error"));
  OnServer([&] { held.release.cancel(); });
  EXPECT_THAT(ReadUntil(busy, "GET /wait "), StartsWith("HTTP/1.1 200 "));
}

// Each asks the other all the while, and in the middle of it one of them ends.
TEST_F(ServerTest, ServersThatAskEachOtherComeToAnEnd) {
  Serve(Echo, {}, {.total = 3});
  std::optional<Neighbour> neighbour(std::in_place, gate_, Echo);
  const auto crowd = [](asio::ip::tcp::endpoint where, const std::atomic<bool>& over) {
    asio::io_context context;
    std::deque<asio::ip::tcp::socket> held;
    boost::system::error_code refused;
    while (!over && !refused) {
      asio::ip::tcp::socket& socket = held.emplace_back(context);
      socket.connect(where, refused);
      char byte = 0;
      boost::system::error_code ignored;  // Answered, refused or displaced: in any case something comes.
      asio::write(socket, asio::buffer(kKeptRequest), ignored);
      socket.read_some(asio::buffer(&byte, 1), ignored);
      if (held.size() > 4) held.pop_front();
    }
  };
  std::atomic<bool> over = false;
  std::thread here(crowd, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), server_->port()), std::cref(over));
  std::thread there(crowd, neighbour->endpoint(), std::cref(over));
  while (neighbour->displaced() < 100) std::this_thread::yield();
  neighbour.reset();
  there.join();
  over = true;
  here.join();
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(ConnectionGate, APlaceIsTakenOver) {
  const auto gate = ConnectionGate::Make({.total = 2, .per_address = 1});
  const auto address = [](const char* text) { return asio::ip::make_address(text); };
  auto first = gate->Enter(address("192.0.2.1"));
  auto second = gate->Enter(address("192.0.2.2"));
  EXPECT_EQ(gate->Enter(address("192.0.2.3")).verdict, ConnectionGate::Verdict::kFull);
  auto third = gate->TakeOver(std::move(first.pass), address("192.0.2.3"));
  EXPECT_EQ(third.verdict, ConnectionGate::Verdict::kAdmitted);
  // Two that were asked for a place at once: by then the address may have its share. The place is free then.
  EXPECT_EQ(gate->TakeOver(std::move(second.pass), address("192.0.2.3")).verdict, ConnectionGate::Verdict::kAddressFull);
  auto fourth = gate->Enter(address("192.0.2.1"));
  EXPECT_EQ(fourth.verdict, ConnectionGate::Verdict::kAdmitted);
  EXPECT_EQ(gate->Enter(address("192.0.2.2")).verdict, ConnectionGate::Verdict::kFull);
  // Of one's own address.
  EXPECT_EQ(gate->TakeOver(std::move(fourth.pass), address("192.0.2.1")).verdict, ConnectionGate::Verdict::kAdmitted);
}

TEST(ConnectionGate, CountsANetworkAsOneAddress) {
  const auto gate = ConnectionGate::Make({.total = 100, .per_address = 1});
  const auto enter = [&](const char* address) { return gate->Enter(asio::ip::make_address(address)); };
  const auto first = enter("2001:db8::1");
  EXPECT_EQ(first.verdict, ConnectionGate::Verdict::kAdmitted);
  EXPECT_EQ(enter("2001:db8::ffff:2").verdict, ConnectionGate::Verdict::kAddressFull);
  EXPECT_EQ(enter("2001:db8:0:1::1").verdict, ConnectionGate::Verdict::kAdmitted);
  const auto v4 = enter("192.0.2.1");
  EXPECT_EQ(v4.verdict, ConnectionGate::Verdict::kAdmitted);
  EXPECT_EQ(enter("::ffff:192.0.2.1").verdict, ConnectionGate::Verdict::kAddressFull);
  EXPECT_EQ(enter("192.0.2.2").verdict, ConnectionGate::Verdict::kAdmitted);
}

TEST(ConnectionGate, APassMakesRoomOnce) {
  const auto gate = ConnectionGate::Make({.total = 1});
  const auto address = asio::ip::make_address("192.0.2.1");
  auto first = gate->Enter(address);
  first.pass.Release();
  auto second = gate->Enter(address);
  EXPECT_EQ(second.verdict, ConnectionGate::Verdict::kAdmitted);
  first.pass.Release();
  EXPECT_EQ(gate->Enter(address).verdict, ConnectionGate::Verdict::kFull);
}

// A handler that waits until it is cancelled, and tells.
struct Waiting {
  std::promise<void> entered;
  std::promise<bool> left;
  Awaitable<void> operator()(HttpRequest&, ResponseWriter& response) {
    struct Exit {
      Waiting& waiting;
      ResponseWriter& response;
      ~Exit() { waiting.left.set_value(response.client_gone()); }
    } exit{*this, response};
    entered.set_value();
    Timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(kAwait);
  }
};

TEST_F(ServerTest, CancelsTheHandlerWhenTheClientLeaves) {
  Waiting waiting;
  Serve([&](HttpRequest& request, ResponseWriter& response) { return waiting(request, response); });
  {
    asio::ip::tcp::socket socket = Connect();
    asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
    waiting.entered.get_future().wait();
  }
  EXPECT_TRUE(waiting.left.get_future().get());
}

TEST_F(ServerTest, DoesNotTakeAPipelinedRequestForADeparture) {
  std::promise<void> go;
  Serve([&](HttpRequest& request, ResponseWriter& response) -> Awaitable<void> {
    if (request.path() == "/slow") {
      Timer timer(co_await asio::this_coro::executor, 50ms);
      co_await timer.async_wait(kAwait);
    }
    co_await Echo(request, response);
  });
  const std::string answer =
      Talk("GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("GET /slow "));
  EXPECT_THAT(answer, EndsWith("GET /next "));
}

// Behind a pipelined request nobody watches the client any more, but the handler must learn of the end all the same.
TEST_F(ServerTest, CutsAHandlerWhoseClientIsNotWatched) {
  Waiting waiting;
  Serve([&](HttpRequest& request, ResponseWriter& response) -> Awaitable<void> {
    if (request.path() == "/wait") return waiting(request, response);
    return Echo(request, response);
  });
  asio::ip::tcp::socket socket = Connect();
  asio::write(socket, asio::buffer(std::string("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")));
  waiting.entered.get_future().wait();
  asio::write(socket, asio::buffer(std::string("GET /next HTTP/1.1\r\n")));
  Talk("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");  // Came later: what came before it has been seen.
  OnServer([this] { server_->CloseAll(); });
  EXPECT_TRUE(waiting.left.get_future().get());
}

TEST_F(ServerTest, GivesUpOnAClientThatTakesNothing) {
  HttpLimits limits;
  limits.write_stall = 100ms;
  std::promise<bool> gone;
  Serve([&](HttpRequest&, ResponseWriter& response) -> Awaitable<void> {
    struct Exit {
      std::promise<bool>& gone;
      ResponseWriter& response;
      ~Exit() { gone.set_value(response.client_gone()); }
    } exit{gone, response};
    co_await response.Begin(200, {});
    const std::string piece(1'000'000, 'x');
    while (true) co_await response.Write(piece);
  }, limits);
  asio::ip::tcp::socket socket = Connect();
  asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
  EXPECT_TRUE(gone.get_future().get());
}

TEST_F(ServerTest, CutsAnAnswerThatTheHandlerLeftUnfinished) {
  Serve([](HttpRequest&, ResponseWriter& response) -> Awaitable<void> {
    co_await response.Begin(200, {});
    co_await response.Write("half");
    response.Abort();
  });
  const std::string answer = Talk("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("4\r\nhalf\r\n"));
}

TEST_F(ServerTest, AnswersForAHandlerThatThrows) {
  Serve([](HttpRequest& request, ResponseWriter&) -> Awaitable<void> {
    if (request.path() == "/") throw std::runtime_error("broken");
    co_return;
  });
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(Talk("GET /silent HTTP/1.1\r\nhost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, StoppingClosesIdleConnectionsAndLetsBusyOnesFinish) {
  std::promise<void> entered;
  Timer release(context_, std::chrono::steady_clock::time_point::max());
  Serve([&](HttpRequest& request, ResponseWriter& response) -> Awaitable<void> {
    entered.set_value();
    boost::system::error_code cancelled;
    co_await release.async_wait(asio::redirect_error(kAwait, cancelled));
    co_await Echo(request, response);
  });
  asio::ip::tcp::socket idle = Connect();
  asio::ip::tcp::socket busy = Connect();
  asio::write(busy, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
  entered.get_future().wait();
  OnServer([&] { server_->StopAccepting(); });
  EXPECT_EQ(ReadAll(idle), "");
  OnServer([&] {
    EXPECT_EQ(server_->busy_connections(), 1u);
    release.cancel();
  });
  EXPECT_THAT(ReadAll(busy), HasSubstr("connection: close\r\n"));
}

TEST_F(ServerTest, StoppingLetsARequestComeToItsEnd) {
  Serve(Echo);
  asio::ip::tcp::socket arriving = Connect();
  asio::write(arriving, asio::buffer(std::string("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n")));
  EXPECT_THAT(ReadUntil(arriving, "\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  OnServer([&] { server_->StopAccepting(); });
  EXPECT_FALSE(IsQuiet());
  asio::write(arriving, asio::buffer(std::string("body")));
  EXPECT_THAT(ReadAll(arriving), EndsWith("POST / body"));
  quiet_.wait();
}

TEST_F(ServerTest, StoppingAnswersWhatHasArrivedUnread) {
  Serve(Echo);
  asio::ip::tcp::socket sending = Connect();
  asio::ip::tcp::socket idle = Connect();
  while (OpenConnections() < 2) {
  }
  OnServer([&] {
    asio::write(sending, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
    server_->StopAccepting();
  });
  EXPECT_THAT(ReadAll(sending), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(ReadAll(idle), "");
  quiet_.wait();
}

TEST_F(ServerTest, StoppingAnswersWhomTheKernelLetIn) {
  Serve(Echo);
  std::optional<asio::ip::tcp::socket> asking, silent;
  OnServer([&] {
    asking = Connect();
    silent = Connect();
    asio::write(*asking, asio::buffer(std::string("GET / HTTP/1.1\r\nhost: x\r\n\r\n")));
    server_->StopAccepting();
  });
  EXPECT_THAT(ReadAll(*asking), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(ReadAll(*silent), "");
  quiet_.wait();
}

TEST_F(ServerTest, IsQuietWithoutConnections) {
  Serve(Echo);
  EXPECT_FALSE(IsQuiet());
  OnServer([&] { server_->StopAccepting(); });
  quiet_.wait();
}

TEST(HttpServerListen, SaysWhyItCannot) {
  asio::io_context context;
  const auto first = HttpServer::Listen(context, {}, Echo);
  ASSERT_TRUE(first.ok());
  HttpServer::Options options;
  options.port = (*first)->port();
  const auto second = HttpServer::Listen(context, options, Echo);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("Address already in use"));
  options.address = "localhost";
  const auto named = HttpServer::Listen(context, options, Echo);
  EXPECT_THAT(std::string(named.status().message()), HasSubstr("want an IP address"));
}

}  // namespace
}  // namespace ccp::edge
