#include "tools/bench/load/response_reader.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace ccp::bench {
namespace {

using State = ResponseReader::State;

struct Case {
  const char* name;
  std::string bytes;
  State state;
  int http_status;
  std::string body;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class ResponseReaderTest : public testing::TestWithParam<Case> {};

TEST_P(ResponseReaderTest, ReadsAsWhole) {
  ResponseReader reader;
  std::string body;
  reader.Feed(GetParam().bytes, [&](std::string_view piece) { body += piece; });
  EXPECT_EQ(reader.state(), GetParam().state);
  EXPECT_EQ(reader.http_status(), GetParam().http_status);
  EXPECT_EQ(body, GetParam().body);
}

TEST_P(ResponseReaderTest, ReadsTheSameByteByByte) {
  ResponseReader reader;
  std::string body;
  for (const char byte : GetParam().bytes) reader.Feed({&byte, 1}, [&](std::string_view piece) { body += piece; });
  EXPECT_EQ(reader.state(), GetParam().state);
  EXPECT_EQ(body, GetParam().body);
}

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Responses, ResponseReaderTest,
    testing::Values(
        Case{"Nothing", "", State::kHead, 0, ""},
        Case{"HalfAHead", "HTTP/1.1 200 OK\r\nContent-", State::kHead, 200, ""},
        Case{"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", State::kComplete, 200, "hello"},
        Case{"LengthInLowerCase", "HTTP/1.1 404 X\r\ncontent-length:2\r\n\r\nno", State::kComplete, 404, "no"},
        Case{"LengthZero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", State::kComplete, 200, ""},
        Case{"CutInTheBody", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", State::kBody, 200, "hel"},
        Case{"TooMuch", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX", State::kMalformed, 200, "ok"},
        Case{"Chunks", kChunked + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", State::kComplete, 200, "abc0123456789"},
        Case{"ChunkExtensionAndTrailer", kChunked + "1;x=y\r\na\r\n0\r\nt: v\r\n\r\n", State::kComplete, 200, "a"},
        Case{"ChunksWithoutEnd", kChunked + "3\r\nabc\r\n", State::kBody, 200, "abc"},
        Case{"NoTrailerEnd", kChunked + "3\r\nabc\r\n0\r\n", State::kBody, 200, "abc"},
        Case{"ChunkSizeIsNone", kChunked + "xyz\r\n", State::kMalformed, 200, ""},
        Case{"ChunkLongerThanItSays", kChunked + "2\r\nabc\r\n0\r\n\r\n", State::kMalformed, 200, "ab"},
        Case{"NoLengthAtAll", "HTTP/1.1 200 OK\r\n\r\n", State::kMalformed, 200, ""},
        Case{"NotHttp", "SSH-2.0-OpenSSH\r\n", State::kMalformed, 0, ""},
        Case{"LengthIsNoNumber", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", State::kMalformed, 200, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ResponseReader, SaysWhetherTheConnectionGoesOn) {
  const auto ignore = [](std::string_view) {};
  ResponseReader reader;
  reader.Feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", ignore);
  EXPECT_FALSE(reader.keep_alive());
  reader.Reset();
  reader.Feed("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", ignore);
  EXPECT_TRUE(reader.keep_alive());
}

TEST(ResponseReader, KnowsWhetherAnAnswerBegan) {
  ResponseReader reader;
  EXPECT_FALSE(reader.begun());
  reader.Feed("H", [](std::string_view) {});
  EXPECT_TRUE(reader.begun());
}

}  // namespace
}  // namespace ccp::bench
