#include "edge/http/request_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace ccp::edge {
namespace {

using State = RequestParser::State;

HttpLimits SmallLimits() {
  HttpLimits limits;
  limits.header_bytes = 1024;
  limits.header_fields = 10;
  limits.target_bytes = 100;
  limits.body_bytes = 64;
  return limits;
}

// 0: accepted whole.
int StatusOf(std::string_view bytes, std::size_t piece) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  for (std::size_t at = 0; at < bytes.size() && parser.state() != State::kFailed; at += piece) parser.Feed(bytes.substr(at, piece));
  if (parser.state() == State::kFailed) return parser.error().http_status;
  return parser.state() == State::kComplete ? 0 : -1;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

class RequestParserTest : public testing::TestWithParam<Case> {};

TEST_P(RequestParserTest, JudgesTheWholeRequest) {
  EXPECT_EQ(StatusOf(GetParam().bytes, GetParam().bytes.size()), GetParam().status);
}
TEST_P(RequestParserTest, JudgesAloneByteByByte) { EXPECT_EQ(StatusOf(GetParam().bytes, 1), GetParam().status); }

std::string Post(std::string_view fields_and_body) {
  return std::string("POST /v1/messages HTTP/1.1\r\nhost: a\r\n").append(fields_and_body);
}

INSTANTIATE_TEST_SUITE_P(Accepted, RequestParserTest, testing::ValuesIn(std::vector<Case>{
    {"Get", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", 0},
    {"EmptyLineInFront", "\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", 0},
    {"Length", Post("content-length: 2\r\n\r\n{}"), 0},
    {"Chunks", Post("transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), 0},
    {"LastChunkAlone", Post("transfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 0},
    {"ChunkExtension", Post("transfer-encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n"), 0},
    {"Trailers", Post("transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx: y\r\n\r\n"), 0},
    {"OldVersionWithoutHost", "GET / HTTP/1.0\r\n\r\n", 0},
    {"AbsoluteForm", "GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n", 0},
    {"HostWithAPort", "GET / HTTP/1.1\r\nhost: a.b-c_d:8080\r\n\r\n", 0},
    {"AddressWithAPort", "GET / HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n", 0},
    {"Address", "GET / HTTP/1.1\r\nhost: [fe80::1]\r\n\r\n", 0},
    {"AsteriskForm", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n", 0},
    {"Expectation", Post("expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}"), 0},
    {"BodyAtItsLimit", Post("content-length: 64\r\n\r\n" + std::string(64, 'x')), 0},
}), [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(Refused, RequestParserTest, testing::ValuesIn(std::vector<Case>{
    {"RawBytesInTheUrl", "GET /?\xff HTTP/1.1\r\nhost: a\r\n\r\n", 400},
    {"FragmentInTheUrl", "GET /#x HTTP/1.1\r\nhost: a\r\n\r\n", 400},
    {"LengthAndChunks", Post("content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"ChunksAndLength", Post("transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n"), 400},
    {"TwoEqualLengths", Post("content-length: 2\r\ncontent-length: 2\r\n\r\n{}"), 400},
    {"TwoLengths", Post("content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), 400},
    {"CommaLength", Post("content-length: 2, 2\r\n\r\n{}"), 400},
    {"SignedLength", Post("content-length: +2\r\n\r\n{}"), 400},
    {"NegativeLength", Post("content-length: -2\r\n\r\n{}"), 400},
    {"HexLength", Post("content-length: 0x2\r\n\r\n{}"), 400},
    {"EmptyLength", Post("content-length:\r\n\r\n"), 400},
    {"OverflowingLength", Post("content-length: 99999999999999999999\r\n\r\n"), 400},
    {"UnknownEncoding", Post("transfer-encoding: gzip\r\n\r\n"), 501},
    {"EncodingBeforeChunked", Post("transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501},
    {"EncodingAfterChunked", Post("transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n"), 501},
    {"ChunkedTwice", Post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"ChunkedInOldVersion", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"ChunkSizeWithPrefix", Post("transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n"), 400},
    {"ChunkSizeWithSign", Post("transfer-encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n"), 400},
    {"ChunkSizeTooLong", Post("transfer-encoding: chunked\r\n\r\n11111111111111111\r\n{}\r\n0\r\n\r\n"), 400},
    {"ChunkWithoutLineEnd", Post("transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n"), 400},
    {"ChunkHeaderWithBareLineFeed", Post("transfer-encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"), 400},
    {"EndlessChunkExtension", Post("transfer-encoding: chunked\r\n\r\n2;a=" + std::string(5000, 'x')), 400},
    {"FoldedLine", "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n", 400},
    {"BareLineFeed", "GET / HTTP/1.1\nhost: a\n\n", 400},
    {"SpaceBeforeColon", "GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400},
    {"EmptyName", "GET / HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n", 400},
    {"TwoHosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400},
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"HostWithPath", "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", 400},
    {"EmptyHost", "GET / HTTP/1.1\r\nhost: \r\n\r\n", 400},
    {"EmptyHostInHttp10", "GET / HTTP/1.0\r\nhost: \r\n\r\n", 400},
    {"PortAlone", "GET / HTTP/1.1\r\nhost: :80\r\n\r\n", 400},
    {"PortThatIsNone", "GET / HTTP/1.1\r\nhost: a:b\r\n\r\n", 400},
    {"EmptyPort", "GET / HTTP/1.1\r\nhost: a:\r\n\r\n", 400},
    {"TwoPorts", "GET / HTTP/1.1\r\nhost: a:1:2\r\n\r\n", 400},
    {"HostWithABackslash", "GET / HTTP/1.1\r\nhost: a\\b\r\n\r\n", 400},
    {"EncodedHost", "GET / HTTP/1.1\r\nhost: %61\r\n\r\n", 400},
    {"HalfABracket", "GET / HTTP/1.1\r\nhost: [::1\r\n\r\n", 400},
    {"EmptyBrackets", "GET / HTTP/1.1\r\nhost: []\r\n\r\n", 400},
    {"NameBehindABracket", "GET / HTTP/1.1\r\nhost: [::1]a\r\n\r\n", 400},
    {"OtherHostInUrl", "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400},
    {"NoSlash", "GET x HTTP/1.1\r\nhost: a\r\n\r\n", 400},
    {"LongUrl", "GET /" + std::string(200, 'x') + " HTTP/1.1\r\nhost: a\r\n\r\n", 414},
    {"LongHead", "GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(2000, 'x') + "\r\n\r\n", 431},
    {"EndlessHead", "GET / HTTP/1.1\r\nx: " + std::string(2000, 'x'), 431},
    {"ManyFields", "GET / HTTP/1.1\r\nhost: a\r\n" + [] {
       std::string fields;
       for (int i = 0; i < 11; ++i) fields += "x: y\r\n";
       return fields;
     }() + "\r\n", 431},
    {"Connect", "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n", 501},
    {"Trace", "TRACE / HTTP/1.1\r\nhost: a\r\n\r\n", 501},
    {"Upgrade", "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 501},
    {"OtherExpectation", Post("expect: miracles\r\ncontent-length: 2\r\n\r\n{}"), 417},
    {"BodyOverItsLimit", Post("content-length: 65\r\n\r\n"), 413},
    {"ChunkOverTheLimit", Post("transfer-encoding: chunked\r\n\r\n41\r\n"), 413},
    {"ChunksOverTheLimit", Post("transfer-encoding: chunked\r\n\r\n30\r\n" + std::string(48, 'x') + "\r\n30\r\n" + std::string(48, 'x')), 413},
    {"UnknownVersion", "GET / HTTP/2.0\r\nhost: a\r\n\r\n", 400},
    {"TlsHandshake", std::string("\x16\x03\x01\x02\x00", 5), 400},
}), [](const auto& row) { return std::string(row.param.name); });

TEST(RequestParser, LeavesTheNextRequestAlone) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  const std::string first = Post("content-length: 2\r\n\r\n{}");
  const std::string second = "GET /next HTTP/1.1\r\nhost: a\r\n\r\n";
  ASSERT_EQ(parser.Feed(first + second), first.size());
  ASSERT_EQ(parser.state(), State::kComplete);
  EXPECT_EQ(parser.request().body, "{}");
  parser.Reset();
  EXPECT_EQ(parser.Feed(second), second.size());
  EXPECT_EQ(parser.request().target, "/next");
}

TEST(RequestParser, LowersNamesKeepsValuesAndDropsLookAlikes) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  parser.Feed("GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key:  Secret \r\nx_api_key: other\r\n\r\n");
  ASSERT_EQ(parser.state(), State::kComplete);
  EXPECT_EQ(parser.request().header("x-api-key"), "Secret");
  EXPECT_EQ(parser.request().headers.size(), 2u);
}

// Each move is a copy of all that has come, in one go.
TEST(RequestParser, MovesALargeBodyNoMoreThanTwice) {
  constexpr std::size_t kSize = 24 * 1024 * 1024;
  const std::string piece(64 * 1024, 'x');
  for (const bool announced : {true, false}) {
    const HttpLimits limits;
    RequestParser parser(limits);
    parser.Feed(Post(announced ? "content-length: " + std::to_string(kSize) + "\r\n\r\n" : "transfer-encoding: chunked\r\n\r\n"));
    int moves = 0;
    const char* place = nullptr;
    for (std::size_t at = 0; at < kSize; at += piece.size()) {
      parser.Feed(announced ? piece : "10000\r\n" + piece + "\r\n");
      const std::string& body = parser.request().body;
      if (body.size() <= 1024 * 1024) continue;  // So far it may grow as it likes.
      if (place != body.data()) ++moves;
      place = body.data();
    }
    EXPECT_LE(moves, 2) << announced;
    if (!announced) parser.Feed("0\r\n\r\n");
    EXPECT_EQ(parser.state(), State::kComplete);
    EXPECT_EQ(parser.request().body.size(), kSize);
  }
}

TEST(RequestParser, ReceivesABodyInItsOwnPlace) {
  constexpr std::size_t kSize = 3 * 1024 * 1024;
  const std::string sent = std::string(kSize - 1, 'x') + "y";
  const HttpLimits limits;
  RequestParser parser(limits);
  EXPECT_EQ(parser.body_left(), 0u);
  parser.Feed(Post("content-length: " + std::to_string(kSize) + "\r\n\r\n" + sent.substr(0, 10)));
  std::size_t at = 10;
  EXPECT_EQ(parser.ReceiveBody([](std::span<char>) { return 0; }), 0u);
  while (parser.body_left() > 0) {
    ASSERT_EQ(parser.body_left(), kSize - at);
    at += parser.ReceiveBody([&](std::span<char> into) {
      const std::size_t bytes = std::min<std::size_t>(into.size(), 100'000);
      std::copy_n(sent.data() + at, bytes, into.data());
      return bytes;
    });
  }
  EXPECT_EQ(parser.state(), State::kComplete);
  EXPECT_TRUE(parser.request().body == sent);
}

TEST(RequestParser, DropsTrailers) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  parser.Feed(Post("transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-api-key: late\r\n\r\n"));
  ASSERT_EQ(parser.state(), State::kComplete);
  EXPECT_EQ(parser.request().header("x-api-key"), "");
}

TEST(RequestParser, KeepsTheConnectionAsVersionAndClientSay) {
  struct Row {
    std::string head;
    bool keep_alive;
  };
  for (const Row& row : {Row{"GET / HTTP/1.1\r\nhost: a\r\n\r\n", true},
                         Row{"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", false},
                         Row{"GET / HTTP/1.0\r\n\r\n", false},
                         Row{"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true},
                         Row{"GET / HTTP/1.0\r\nconnection: keep-alive, Close\r\n\r\n", false}}) {
    const HttpLimits limits = SmallLimits();
    RequestParser parser(limits);
    parser.Feed(row.head);
    EXPECT_EQ(parser.keep_alive(), row.keep_alive) << row.head;
  }
}

}  // namespace
}  // namespace ccp::edge
