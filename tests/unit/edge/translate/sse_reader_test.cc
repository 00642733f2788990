// translation.md 4.2, row by row.
#include "edge/translate/sse_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace ccp::translate {
namespace {

// "name=data" of every event, however the stream is cut.
std::vector<std::string> Read(const std::vector<std::string_view>& pieces, std::size_t limit = SseReader::kMaxEventBytes) {
  SseReader reader(limit);
  std::vector<std::string> events;
  const auto drain = [&] {
    while (const auto event = reader.Next()) events.push_back(std::string(event->name) + "=" + std::string(event->data));
  };
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);  // Goes away after the read, as a socket's buffer does.
    reader.Add(copy);
    drain();
  }
  reader.End();
  drain();
  if (reader.overflowed()) events.push_back("OVERFLOW");
  return events;
}

struct Row {
  std::string name;
  std::string stream;
  std::vector<std::string> want;
};

class SseReaderTest : public ::testing::TestWithParam<Row> {};

TEST_P(SseReaderTest, ReadsTheSameEventsHoweverCut) {
  const std::string_view stream = GetParam().stream;
  EXPECT_EQ(Read({stream}), GetParam().want);
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      ASSERT_EQ(Read({stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)}), GetParam().want) << a << " " << b;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, SseReaderTest, ::testing::ValuesIn(std::vector<Row>{
    {"Empty", "", {}},
    {"OneEvent", "data: a\n\n", {"=a"}},
    {"NoSpace", "data:a\n\n", {"=a"}},
    {"OneSpaceOnlyIsTaken", "data:  a\n\n", {"= a"}},
    {"TwoEvents", "data: a\n\ndata: b\n\n", {"=a", "=b"}},
    {"CarriageReturnLineFeed", "data: a\r\n\r\ndata: b\r\n\r\n", {"=a", "=b"}},
    {"CarriageReturn", "data: a\r\rdata: b\r\r", {"=a", "=b"}},
    {"MixedLineEnds", "data: a\n\r\ndata: b\r\n\n", {"=a", "=b"}},
    {"ByteOrderMark", "\xEF\xBB\xBF" "data: a\n\n", {"=a"}},
    {"Comment", ": OPENROUTER PROCESSING\n\ndata: a\n\n", {"=a"}},
    {"CommentInsideEvent", "data: a\n: x\ndata: b\n\n", {"=a\nb"}},
    {"SeveralDataLines", "data: a\ndata: b\ndata:\n\n", {"=a\nb\n"}},
    {"EventName", "event: error\ndata: a\n\ndata: b\n\n", {"error=a", "=b"}},
    {"EventNameAfterData", "data: a\nevent: error\n\n", {"error=a"}},
    {"NameWithoutDataIsNoEvent", "event: error\n\ndata: a\n\n", {"=a"}},
    {"OtherFields", "id: 1\nretry: 5\nfoo: x\nbar\ndata: a\n\n", {"=a"}},
    {"DataWithoutColon", "data\n\n", {"="}},
    {"ColonInData", "data: a:b: c\n\n", {"=a:b: c"}},
    {"LastEventWithoutBlankLine", "data: a\n\ndata: b\n", {"=a", "=b"}},
    {"LastLineWithoutEnd", "data: a\n\ndata: b", {"=a", "=b"}},
    {"Utf8", "data: ü😀\n\n", {"=ü😀"}},
    {"ManyBlankLines", "\n\n\ndata: a\n\n\n\n", {"=a"}},
}), [](const auto& row) { return row.param.name; });

TEST(SseReader, HandsOutViewsIntoTheRead) {
  SseReader reader;
  const std::string read = "data: a\n\ndata: b\n\n";
  reader.Add(read);
  const auto event = reader.Next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->data.data(), read.data() + 6);
  EXPECT_EQ(reader.remaining(), 9u);
}

TEST(SseReader, OverflowsAtTheLimitInOneLineAndInMany) {
  EXPECT_EQ(Read({"data: 12345678\n\n"}, 8), (std::vector<std::string>{"=12345678"}));
  EXPECT_EQ(Read({"data: 123456789\n\n"}, 8), (std::vector<std::string>{"OVERFLOW"}));
  EXPECT_EQ(Read({"data: 1234", "56789"}, 8), (std::vector<std::string>{"OVERFLOW"}));
  EXPECT_EQ(Read({"data: 1234\ndata: 5678\n\n"}, 8), (std::vector<std::string>{"OVERFLOW"}));
}

TEST(SseReader, KnowsWhetherItStandsBetweenEvents) {
  SseReader reader;
  EXPECT_TRUE(reader.at_boundary());
  for (const auto& [piece, between] : std::vector<std::pair<std::string, bool>>{
           {"da", false}, {"ta: a\n", false}, {"\n", true}, {": comment\n", true}, {"event: x\n", false}, {"data: y\n\n", true}}) {
    reader.Add(piece);
    while (reader.Next()) {
    }
    EXPECT_EQ(reader.at_boundary(), between) << piece;
  }
}

}  // namespace
}  // namespace ccp::translate
