// Once a block has begun, no event of it costs an allocation, wherever the reads cut it.
// A program of its own: it counts every `new`.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tests/unit/edge/translate/reply_harness.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void* operator new(std::size_t bytes) {
  if (void* const memory = operator new(bytes, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace ccp::translate {
namespace {

using testing::ContextOf;
using testing::Given;
using testing::Sse;
using testing::Text;
using testing::Think;
using testing::Tool;

struct Row {
  std::string name;
  std::string first;  // What begins the block.
  std::string event;
  std::unique_ptr<Reply> (*make)(ReplyContext) = MakeChatReply;
  Given given = {};
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

Given WithThinkTags() {
  Given given;
  given.dialect.think_tag = "think";
  return given;
}

Given WithStopSequences() {
  Given given;
  given.stop_sequences = given.stops_here = {"STOP HERE", "\n\nHuman:"};
  return given;
}

std::string DirectDelta(std::string_view delta) {
  return R"({"type":"content_block_delta","index":0,"delta":)" + std::string(delta) + "}";
}

std::vector<Row> Rows() {
  const std::string words = Text(R"(The quick brown \"fox\" jumps.\n\u00e9)");
  const std::string call = Tool(R"({"index":0,"id":"call_1","function":{"name":"Read","arguments":"{\"path\":\"/"}})");
  return {
      {"text", words, words},
      {"thinking", Think("Let me see."), Think("Then, \\\"perhaps\\\", this.")},
      {"arguments of a call", call, Tool(R"({"index":0,"function":{"arguments":"a/longer/path/"}})")},
      {"text that could hold a tag", words, words, MakeChatReply, WithThinkTags()},
      {"text that could hold a stop sequence", words, words, MakeChatReply, WithStopSequences()},
      {"an Anthropic upstream's text", DirectDelta(R"({"type":"text_delta","text":"a"})"),
       DirectDelta(R"({"type":"text_delta","text":"The quick brown fox"})"), MakeDirectReply},
  };
}

class SteadyState : public ::testing::TestWithParam<Row> {};

// Of a hundred times `pieces`, which are whole events together. The least of four: a call's arguments are kept, and the
// string that keeps them doubles now and then.
std::size_t AllocationsOf(Reply& reply, const std::vector<std::string>& pieces) {
  std::string out;
  std::size_t least = SIZE_MAX;
  for (int round = 0; round < 4; ++round) {
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      out.clear();
      for (const std::string& piece : pieces) reply.Feed(piece, out);
    }
    least = std::min(least, allocations - before);
  }
  EXPECT_FALSE(out.empty());
  return least;
}

TEST_P(SteadyState, TakesNoMemory) {
  const Row& row = GetParam();
  const std::string event = Sse({row.event});
  const std::string rest = event.substr(event.size() / 2);
  const std::vector<std::vector<std::string>> reads = {
      {event}, {event + event + event}, {event.substr(0, event.size() / 2), rest}, testing::Bytewise(event)};
  for (const std::vector<std::string>& pieces : reads) {
    json::Document scratch;
    const std::unique_ptr<Reply> reply = row.make(ContextOf(row.given, scratch));
    std::string out;
    reply->Feed(Sse({row.first}), out);
    EXPECT_EQ(AllocationsOf(*reply, pieces), 0u) << pieces.size() << " pieces";
    EXPECT_EQ(reply->phase(), Reply::Phase::kContent);
  }
}

INSTANTIATE_TEST_SUITE_P(Reply, SteadyState, ::testing::ValuesIn(Rows()), [](const auto& tested) {
  std::string name = tested.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace ccp::translate
