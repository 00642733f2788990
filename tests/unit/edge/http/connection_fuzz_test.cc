// Damaged requests in any pieces through the real connection: the handler sees exactly what the parser alone makes of the
// bytes, and every connection ends. The fuzzer proper drives the parser: clang 14 cannot compile the connection's coroutines
// with AddressSanitizer. This runs with gcc's. CCP_FUZZ_ROUNDS: how many inputs; CCP_FUZZ_SEED: where to begin.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/request_parser.h"
#include "edge/http/server.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/small_http_limits.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Random = std::mt19937;

constexpr std::array<std::string_view, 18> kTokens{
    "\r\n", "\n", "\r", " ", ":", ";", "0", "5", "\t", "chunked", "0\r\n\r\n", "5\r\nhello\r\n", "content-length: 5\r\n",
    "transfer-encoding: chunked\r\n", "connection: close\r\n", "expect: 100-continue\r\n", "host: x\r\n",
    "GET / HTTP/1.1\r\nhost: x\r\n\r\n"};

std::size_t Number(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(CCP_FUZZ_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!bytes.empty()) seeds.push_back(bytes.substr(1));  // The first byte says how the fuzzer cuts.
  }
  return seeds;
}

std::size_t Below(Random& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

std::string Damaged(const std::vector<std::string>& seeds, Random& random) {
  std::string text = seeds[Below(random, seeds.size())];
  for (std::size_t i = Below(random, 5); i > 0; --i) {
    const std::size_t at = Below(random, text.size() + 1);
    const std::size_t length = Below(random, 1 + std::min<std::size_t>(text.size() - at, 40));
    switch (random() % 5) {
      case 0: text.insert(at, kTokens[Below(random, kTokens.size())]); break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: if (at < text.size()) text[at] = static_cast<char>(random()); break;
      default: text += seeds[Below(random, seeds.size())]; break;
    }
  }
  return text.substr(0, 4096);
}

std::string Describe(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + "\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
  return text + "\n" + request.body;
}

// The requests that a connection with these bytes has a right to.
std::vector<std::string> Expected(std::string_view bytes) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  std::vector<std::string> requests;
  while (!bytes.empty()) {
    bytes.remove_prefix(parser.Feed(bytes));
    if (parser.state() != RequestParser::State::kComplete) break;
    requests.push_back(Describe(parser.request()));
    if (!parser.keep_alive()) break;
    parser.Reset();
  }
  return requests;
}

class ConnectionFuzz : public testing::Test {
 protected:
  void SetUp() override {
    HttpServer::Options options;
    options.limits = SmallLimits();
    server_ = HttpServer::Listen(context_, options, [this](HttpRequest& request, ResponseWriter& response) -> Awaitable<void> {
                served_.push_back(Describe(request));
                co_await response.Send(200, {}, "ok");
              }).value();
    server_->Start();
  }
  void TearDown() override {
    server_.reset();
    context_.poll();
  }

  // Sends the pieces, ends, and runs the server until it has closed.
  void Talk(const std::vector<std::string>& pieces) {
    asio::ip::tcp::socket client(context_);
    client.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    error_code ignored;
    for (const std::string& piece : pieces) {
      asio::write(client, asio::buffer(piece), ignored);  // Refused, it may be closed in the middle.
      context_.poll();
    }
    client.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    std::string answers;
    bool closed = false;
    asio::async_read(client, asio::dynamic_buffer(answers), [&](error_code, std::size_t) { closed = true; });
    while (!closed) context_.run_one();
  }

  asio::io_context context_;
  std::vector<std::string> served_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ConnectionFuzz, TheHandlerSeesWhatTheParserSees) {
  const std::vector<std::string> seeds = Seeds();
  ASSERT_FALSE(seeds.empty());
  const std::size_t first = Number("CCP_FUZZ_SEED", 1);
  std::size_t served = 0;
  for (std::size_t round = first; round < first + Number("CCP_FUZZ_ROUNDS", 2'000); ++round) {
    Random random(static_cast<Random::result_type>(round));
    const std::string bytes = Damaged(seeds, random);
    served_.clear();
    Talk(fuzz::Cut(bytes, static_cast<std::uint8_t>(random())));
    ASSERT_EQ(served_, Expected(bytes)) << "round " << round << "\n" << bytes;
    served += served_.size();
  }
  EXPECT_GT(served, 0u);
  while (server_->open_connections() > 0) context_.run_one();
}

}  // namespace
}  // namespace ccp::edge
