#include "edge/upstream/response_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

struct Row {
  std::string name;
  std::string bytes;
  std::string want;  // "STATUS body", then " reusable" or " spent"; or "error".
};

// Feeds `bytes` in pieces, then the end of the stream.
std::string Outcome(const std::vector<std::string_view>& pieces) {
  ResponseParser parser(ResponseParser::Expect::kBody);
  std::string body;
  for (const std::string_view piece : pieces) {
    if (!parser.Feed(piece, body).ok()) return "error";
  }
  const bool reusable = parser.reusable();
  if (!parser.FeedEof().ok()) return "error";
  return Concat(parser.status(), " ", body, reusable ? " reusable" : " spent");
}

class ResponseParserTest : public testing::TestWithParam<Row> {};

TEST_P(ResponseParserTest, IsTheSameAtEveryCut) {
  const std::string_view bytes = GetParam().bytes;
  EXPECT_EQ(Outcome({bytes}), GetParam().want);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(Outcome({bytes.substr(0, cut), bytes.substr(cut)}), GetParam().want) << "cut at " << cut;
  }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  EXPECT_EQ(Outcome(single), GetParam().want) << "byte by byte";
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(Rows, ResponseParserTest, testing::ValuesIn(std::vector<Row>{
    {"Length", kOk + "Content-Length: 2\r\n\r\nok", "200 ok reusable"},
    {"LengthZero", kOk + "Content-Length: 0\r\n\r\n", "200  reusable"},
    {"NoReason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "200 ok reusable"},
    {"Close", kOk + "Connection: close\r\nContent-Length: 2\r\n\r\nok", "200 ok spent"},
    {"Http10", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok spent"},
    {"Http10KeepAlive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", "200 ok reusable"},
    {"Http10KeepAliveAndClose", "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok", "200 ok spent"},
    {"ToEof", kOk + "\r\nok", "200 ok spent"},
    {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", "204  reusable"},
    {"Chunks", kChunked + "1\r\no\r\n1\r\nk\r\n0\r\n\r\n", "200 ok reusable"},
    {"ChunkExtension", kChunked + "2;a=\"b\"\r\nok\r\n0;c\r\n\r\n", "200 ok reusable"},
    {"Trailers", kChunked + "2\r\nok\r\n0\r\nX: y\r\n\r\n", "200 ok reusable"},
    {"UpperCaseHex", kChunked + "A\r\n0123456789\r\n0\r\n\r\n", "200 0123456789 reusable"},
    {"Interim", "HTTP/1.1 100 Continue\r\n\r\n" + kOk + "Content-Length: 2\r\n\r\nok", "200 ok reusable"},
    {"InterimWithHeaders", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + kChunked + "0\r\n\r\n", "200  reusable"},
    {"NoContentWhateverTheHeadSays", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204  reusable"},
    {"SurplusBehindChunks", kChunked + "2\r\nok\r\n0\r\n\r\n!", "200 ok spent"},
    {"SurplusBytes", kOk + "Content-Length: 2\r\n\r\nok!", "200 ok spent"},
    {"ErrorStatus", "HTTP/1.1 529 Overloaded\r\nContent-Length: 2\r\n\r\nno", "529 no reusable"},
    // Doubts.
    {"OnlyInterim", "HTTP/1.1 100 Continue\r\n\r\n", "error"},
    {"SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "error"},
    {"NotHttp", "SSH-2.0-x\r\n\r\n", "error"},
    {"Http2", "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok", "error"},
    {"StatusBelow100", "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n", "error"},
    {"LengthAndChunked", kOk + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error"},
    {"ChunkedAndLength", kOk + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", "error"},
    {"LengthTwice", kOk + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", "error"},
    {"LengthList", kOk + "Content-Length: 2, 2\r\n\r\nok", "error"},
    {"LengthSigned", kOk + "Content-Length: +2\r\n\r\nok", "error"},
    {"LengthHex", kOk + "Content-Length: 0x2\r\n\r\nok", "error"},
    {"LengthOverflow", kOk + "Content-Length: 18446744073709551618\r\n\r\nok", "error"},
    {"OtherEncoding", kOk + "Transfer-Encoding: gzip\r\n\r\nok", "error"},
    {"GzipThenChunked", kOk + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "error"},
    {"ChunkedThenIdentity", kOk + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "error"},
    {"ChunkedTwice", kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error"},
    {"Folded", kOk + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", "error"},
    {"SpaceBeforeColon", kOk + "Content-Length : 2\r\n\r\nok", "error"},
    {"BareLineFeed", kOk + "X: a\nY: b\r\nContent-Length: 2\r\n\r\nok", "error"},
    {"NulInValue", kOk + std::string("X: a\0b\r\nContent-Length: 2\r\n\r\nok", 31), "error"},
    {"ChunkSizeSigned", kChunked + "+2\r\nok\r\n0\r\n\r\n", "error"},
    {"ChunkSizePrefixed", kChunked + "0x2\r\nok\r\n0\r\n\r\n", "error"},
    {"ChunkSizeEmpty", kChunked + "\r\nok\r\n0\r\n\r\n", "error"},
    {"ChunkSizeOverflow", kChunked + "10000000000000002\r\nok\r\n0\r\n\r\n", "error"},
    {"ChunkSizeWithoutReturn", kChunked + "2\nok\r\n0\r\n\r\n", "error"},
    {"ChunkSizePadded", kChunked + "2 \r\nok\r\n0\r\n\r\n", "error"},
    {"ChunkDataWithoutReturn", kChunked + "2\r\nok\n0\r\n\r\n", "error"},
    {"ChunkDataWithReturnAlone", kChunked + "2\r\nok\r0\r\n\r\n", "error"},
    {"ControlInExtension", kChunked + "2;a\x01" "\r\nok\r\n0\r\n\r\n", "error"},
    {"TrailerWithoutReturn", kChunked + "2\r\nok\r\n0\r\nX: y\n\r\n", "error"},
    {"TrailerWithoutColon", kChunked + "2\r\nok\r\n0\r\nX y\r\n\r\n", "error"},
    {"TrailerWithoutName", kChunked + "2\r\nok\r\n0\r\n: y\r\n\r\n", "error"},
    {"TrailerFolded", kChunked + "2\r\nok\r\n0\r\nX: y\r\n z\r\n\r\n", "error"},
    {"TrailerNameWithSpace", kChunked + "2\r\nok\r\n0\r\nX : y\r\n\r\n", "error"},
    {"TrailersAtTheLimit", kChunked + "2\r\nok\r\n0\r\nX:" + std::string(4095, 'y') + "\r\n\r\n", "200 ok reusable"},
    {"TrailersOverTheLimit", kChunked + "2\r\nok\r\n0\r\nX:" + std::string(4096, 'y') + "\r\n\r\n", "error"},
    {"CutTrailers", kChunked + "2\r\nok\r\n0\r\nX: y\r\n", "error"},
    {"ChunkTooLong", kChunked + "2\r\nokay\r\n0\r\n\r\n", "error"},
    {"CutBody", kOk + "Content-Length: 3\r\n\r\nok", "error"},
    {"CutChunks", kChunked + "2\r\nok\r\n", "error"},
    {"CutLastChunk", kChunked + "2\r\nok\r\n0\r\n", "error"},
    {"CutHead", kOk + "Content-Length: 2\r\n", "error"},
    {"Nothing", "", "error"},
}), [](const auto& row_info) { return row_info.param.name; });

TEST(ResponseParser, LimitsHeadAndExtensions) {
  std::string body;
  const std::string long_value(ResponseParser::kHeadLimitBytes, 'x');
  EXPECT_FALSE(ResponseParser(ResponseParser::Expect::kBody).Feed(kOk + "X: " + long_value, body).ok());
  EXPECT_FALSE(ResponseParser(ResponseParser::Expect::kBody).Feed(kOk + "X: " + long_value + "\r\n\r\n", body).ok());

  std::string many = kOk;
  for (std::size_t i = 0; i <= ResponseParser::kHeadFieldLimit; ++i) many += "X: 1\r\n";
  EXPECT_FALSE(ResponseParser(ResponseParser::Expect::kBody).Feed(many + "\r\n", body).ok());

  const std::string extension = "1;" + std::string(600, 'x') + "\r\na\r\n";
  ResponseParser parser(ResponseParser::Expect::kBody);
  EXPECT_TRUE(parser.Feed(kChunked + extension, body).ok());
  EXPECT_FALSE(parser.Feed(extension, body).ok());
}

TEST(ResponseParser, LimitsTrailers) {
  ResponseParser parser(ResponseParser::Expect::kBody);
  std::string body;
  ASSERT_TRUE(parser.Feed(kChunked + "0\r\n", body).ok());
  const std::string trailer = "X: " + std::string(1000, 'x') + "\r\n";
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = parser.Feed(trailer, body);
  EXPECT_FALSE(status.ok());
}

// What follows bytes that broke a rule might be read as an answer, and belong to nobody.
TEST(ResponseParser, TakesNothingMoreAfterAnError) {
  for (const std::string& broken : {std::string("nonsense\r\n\r\n"), kChunked + "zz\r\n"}) {
    ResponseParser parser(ResponseParser::Expect::kBody);
    std::string body;
    EXPECT_FALSE(parser.Feed(broken, body).ok()) << broken;
    EXPECT_FALSE(parser.Feed(kOk + "Content-Length: 2\r\n\r\nok", body).ok()) << broken;
    EXPECT_FALSE(parser.Feed("", body).ok()) << broken;
    EXPECT_FALSE(parser.FeedEof().ok()) << broken;
    EXPECT_EQ(body, "") << broken;
  }
}

TEST(ResponseParser, AnswersToHeadHaveNoBody) {
  ResponseParser parser(ResponseParser::Expect::kNoBody);
  std::string body;
  ASSERT_TRUE(parser.Feed(kOk + "Content-Length: 100\r\n\r\n", body).ok());
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(body, "");
}

TEST(ResponseParser, GivesHeadersInLowerCaseAndTheFirstOfAName) {
  ResponseParser parser(ResponseParser::Expect::kBody);
  std::string body;
  ASSERT_TRUE(parser.Feed(kOk + "Retry-After:  3 \r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n", body).ok());
  EXPECT_EQ(parser.header("retry-after"), "3");
  EXPECT_EQ(parser.header("x-a"), "1");
  EXPECT_EQ(parser.header("absent"), "");
  EXPECT_EQ(parser.headers().size(), 4u);
}

}  // namespace
}  // namespace ccp::edge
