// Damaged requests in any pieces through the real connection, checked as fuzz_http checks it, which goes by coverage and
// needs clang. This runs wherever the tests do. CCP_FUZZ_ROUNDS: how many inputs; CCP_FUZZ_SEED: where to begin.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/request_parser.h"
#include "tests/fuzz/client_conversation.h"

namespace ccp::edge {
namespace {

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

TEST(ConnectionFuzz, TheHandlerSeesWhatTheParserSees) {
  const std::vector<std::string> seeds = Seeds();
  ASSERT_FALSE(seeds.empty());
  const std::size_t first = Number("CCP_FUZZ_SEED", 1);
  fuzz::ClientConversation conversation;
  std::size_t served = 0;
  for (std::size_t round = first; round < first + Number("CCP_FUZZ_ROUNDS", 2'000); ++round) {
    Random random(static_cast<Random::result_type>(round));
    const std::string bytes = Damaged(seeds, random);
    const fuzz::Parsed parsed = fuzz::Parse({bytes}, [](RequestParser&) {});
    ASSERT_EQ(fuzz::CheckFraming(bytes, parsed.requests), "") << "round " << round << "\n" << bytes;
    const auto cuts = static_cast<std::uint8_t>(random());
    ASSERT_EQ(fuzz::CheckConversation(conversation, bytes, cuts, parsed), "") << "round " << round << "\n" << bytes;
    served += conversation.served().size();
  }
  EXPECT_GT(served, 0u);
}

}  // namespace
}  // namespace ccp::edge
