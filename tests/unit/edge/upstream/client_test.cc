#include "edge/upstream/client.h"

#include <zlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <vector>

#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "tests/unit/edge/upstream/client_fixture.h"
#include "tests/unit/edge/upstream/loopback_server.h"

namespace ccp::edge {
namespace {

using std::chrono::milliseconds;
using Retry = RequestError::Retry;

constexpr milliseconds kSoon{30};  // Our limits where a test waits for them to pass.

class UpstreamClientTest : public ClientFixture {
 protected:
  UpstreamClientTest() { Open({}); }
};

bool Mentions(const Answer& answer, std::string_view text) {
  return answer.error.has_value() && answer.error->message.find(text) != std::string::npos;
}

std::string Gzipped(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// --- What goes out ------------------------------------------------------------------------------------------------

TEST_F(UpstreamClientTest, SendsHeadAndBody) {
  std::string seen;
  LoopbackServer server({[&](Peer& peer) {
    seen = peer.ReadRequest();
    peer.Answer("ok");
  }});
  UpstreamRequest request = To(server.url("/v1/chat/completions?beta=true"));
  request.headers = {{"Authorization", "Bearer k"}, {"Host", "evil"}, {"Connection", "close"}, {"content-length", "99"}};
  request.body = R"({"a":1})";
  EXPECT_EQ(Fetch(std::move(request)).status, 200);
  EXPECT_EQ(seen, Concat("POST /v1/chat/completions?beta=true HTTP/1.1\r\nHost: 127.0.0.1:", server.port(),
                         "\r\nAccept-Encoding: identity\r\nAuthorization: Bearer k\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
}

TEST_F(UpstreamClientTest, RefusesAHeaderThatWouldSplitTheRequest) {
  LoopbackServer server({});
  UpstreamRequest request = To(server.url());
  request.headers = {{"authorization", "Bearer secret\r\nx-evil: 1"}};
  const Answer answer = Fetch(std::move(request));
  EXPECT_TRUE(Mentions(answer, "authorization"));
  EXPECT_FALSE(Mentions(answer, "secret"));
  EXPECT_EQ(server.accepted(), 0);
}

// --- What comes back ----------------------------------------------------------------------------------------------

TEST_F(UpstreamClientTest, ReadsEveryFraming) {
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"};
  for (const std::string& bytes : answers) {
    LoopbackServer server({[&](Peer& peer) {
      peer.ReadRequest();
      peer.Send(bytes);
    }});
    const Answer answer = Fetch(server.url());
    EXPECT_FALSE(answer.error.has_value()) << answer.error->message << "\n" << bytes;
    EXPECT_EQ(answer.body, "hello") << bytes;
    EXPECT_EQ(answer.content_type, "text/plain") << bytes;
  }
}

TEST_F(UpstreamClientTest, GivesBytesAsTheyCome) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n");
    peer.ReadToEnd();  // The rest never comes: had the client waited for it, this test would not end.
  }});
  std::string body;
  bool done = false;
  const auto read_once = [&]() -> Awaitable<void> {
    auto call = co_await client_->Send(To(server.url()));
    if (call.ok()) co_await (*call)->Read(body);
  };
  boost::asio::co_spawn(context_, read_once, [&](const std::exception_ptr&) { done = true; });
  RunUntil([&] { return done; });
  EXPECT_EQ(body, "data: ");
}

TEST_F(UpstreamClientTest, LetsItsCallerWorkWhileTheUpstreamDoes) {
  std::promise<void> worked;  // The answer comes only then: had the client waited for it, this test would not end.
  LoopbackServer server({[&](Peer& peer) {
    peer.ReadRequest();
    worked.get_future().wait();
    peer.Answer("hello");
  }});
  UpstreamRequest request = To(server.url());
  request.meanwhile = [&] { worked.set_value(); };
  EXPECT_EQ(Fetch(std::move(request)).body, "hello");
}

TEST_F(UpstreamClientTest, ReadsOnBehindAWaitThatWasBrokenOff) {
  std::promise<void> go_on;
  LoopbackServer server({[&](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
    go_on.get_future().wait();
    peer.Send("two");
  }});
  const Answer answer = FetchWithABreak(server.url(), go_on);
  EXPECT_FALSE(answer.error.has_value());
  EXPECT_EQ(answer.body, "one|two");
}

struct BadAnswer {
  const char* name;
  const char* bytes;
  const char* why;
};

class BadAnswerTest : public UpstreamClientTest, public testing::WithParamInterface<BadAnswer> {};

// Each is an error, and the connection is never used again.
TEST_P(BadAnswerTest, IsAnErrorAndEndsTheConnection) {
  const auto bad = [](Peer& peer) {
    peer.ReadRequest();
    peer.Send(GetParam().bytes);
  };
  const auto good = [](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("ok");
  };
  LoopbackServer server({bad, good});
  const Answer answer = Fetch(server.url());
  EXPECT_TRUE(Mentions(answer, GetParam().why)) << (answer.error ? answer.error->message : "no error: " + answer.body);
  if (answer.error.has_value()) {
    EXPECT_EQ(answer.error->retry, Retry::kAgain);
    EXPECT_EQ(answer.error->origin, RequestError::Origin::kUpstream);
    EXPECT_EQ(answer.error->http_status, 502);
    EXPECT_FALSE(answer.error->timed_out);
  }
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  EXPECT_EQ(server.accepted(), 2);
}

INSTANTIATE_TEST_SUITE_P(Answers, BadAnswerTest, testing::ValuesIn(std::vector<BadAnswer>{
    {"Nothing", "", "before the answer began"},
    {"Garbage", "220 mail ready\r\n", "does not begin with HTTP/1"},
    {"HalfAHead", "HTTP/1.1 200 OK\r\nContent-", "in the head"},
    {"CutBody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "in the body"},
    {"CutChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "in the body"},
    {"NoLastChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "in the body"},
    {"LengthAndChunked", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
    {"ChunkedAndLength", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", ""},
    {"BadChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", "chunk"},
    {"UnknownEncoding", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx", "content-encoding"},
    {"DamagedGzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "damaged"},
}), [](const auto& row_info) { return std::string(row_info.param.name); });

TEST_F(UpstreamClientTest, KeepsWhatCameBeforeTheCut) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  }});
  const Answer answer = Fetch(server.url());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
}

TEST_F(UpstreamClientTest, DecodesGzipThatNobodyAskedFor) {
  const std::string body = Gzipped("hello hello hello");
  LoopbackServer server({[&](Peer& peer) {
    peer.ReadRequest();
    peer.Send(Concat("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ", body.size(), "\r\n\r\n"));
    for (const char byte : body) peer.Send({&byte, 1});
  }});
  EXPECT_EQ(Fetch(server.url()).body, "hello hello hello");
}

TEST_F(UpstreamClientTest, RefusesADecompressionBomb) {
  const std::string body = Gzipped(std::string(8 * 1024 * 1024, 'a'));
  LoopbackServer server({[&](Peer& peer) {
    peer.ReadRequest();
    peer.Send(Concat("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }});
  const Answer answer = Fetch(server.url());
  EXPECT_TRUE(Mentions(answer, "hundredfold"));
  EXPECT_LT(answer.body.size(), 2 * 1024 * 1024u);
}

TEST_F(UpstreamClientTest, FollowsNoRedirect) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    peer.ReadToEnd();
  }});
  EXPECT_EQ(Fetch(server.url()).status, 302);
}

TEST_F(UpstreamClientTest, SendsALargeBodyWhole) {
  std::string received;
  LoopbackServer server({[&received](Peer& peer) {
    received = peer.ReadRequest();
    peer.Answer("read");
  }});
  const std::string large = Numbers(6 * 1024 * 1024);
  UpstreamRequest request = To(server.url());
  request.body = large;
  EXPECT_EQ(Fetch(std::move(request)).body, "read");
  EXPECT_TRUE(received.ends_with("\r\n\r\n" + large)) << received.size();
}

TEST_F(UpstreamClientTest, ReadsARefusalThatComesBeforeTheRequestIsThrough) {
  const std::string large(16 * 1024 * 1024, 'x');
  LoopbackServer server({[](Peer& peer) {
    peer.ReadHead();
    peer.Send("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    peer.ReadToEnd();
  }});
  UpstreamRequest request = To(server.url());
  request.body = large;
  EXPECT_EQ(Fetch(std::move(request)).status, 413);
}

// --- Keep-alive ---------------------------------------------------------------------------------------------------

TEST_F(UpstreamClientTest, ReusesAConnection) {
  LoopbackServer server({[](Peer& peer) {
    for (const char* answer : {"one", "two", "three"}) {
      peer.ReadRequest();
      peer.Answer(answer);
    }
  }});
  EXPECT_EQ(Fetch(server.url()).body, "one");
  EXPECT_EQ(Fetch(server.url()).body, "two");
  EXPECT_EQ(Fetch(server.url()).body, "three");
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(UpstreamClientTest, OpensAnotherWhenTheServerHadClosed) {
  const auto once = [](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("ok");
  };
  LoopbackServer server({once, once});
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  RunUntil([&] { return server.finished() == 1; });
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(UpstreamClientTest, SendsAgainWhenAReusedConnectionClosesWithoutAnswer) {
  const auto closes_at_the_second = [](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("one");
    peer.ReadRequest();
  };
  std::string repeated;
  const auto answers = [&](Peer& peer) {
    repeated = peer.ReadRequest();
    peer.Answer("two");
  };
  LoopbackServer server({closes_at_the_second, answers});
  EXPECT_EQ(Fetch(server.url()).body, "one");
  EXPECT_EQ(Fetch(server.url()).body, "two");
  EXPECT_EQ(repeated.substr(repeated.size() - 2), "{}");
}

TEST_F(UpstreamClientTest, SendsNotAgainOnceTheAnswerBegan) {
  const std::pair<std::string, std::string> beginnings[] = {
      {"HTTP/1.1 2", "in the head"},
      {"220 mail ready\r\n", "does not begin with HTTP/1"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n c", "folded"},
  };
  for (const auto& [bytes, why] : beginnings) {
    LoopbackServer server({[&](Peer& peer) {
      peer.ReadRequest();
      peer.Answer("one");
      peer.ReadRequest();
      peer.Send(bytes);
    }});
    EXPECT_EQ(Fetch(server.url()).body, "one");
    const Answer answer = Fetch(server.url());
    EXPECT_TRUE(Mentions(answer, why)) << (answer.error ? answer.error->message : answer.body);
    EXPECT_EQ(server.accepted(), 1) << bytes;
  }
}

TEST_F(UpstreamClientTest, SendsNotAgainOnAFreshConnection) {
  LoopbackServer server({[](Peer& peer) { peer.ReadRequest(); }});
  EXPECT_TRUE(Mentions(Fetch(server.url()), "before the answer began"));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(UpstreamClientTest, NeverReusesBehindSurplusBytes) {
  const auto with_surplus = [](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  };
  const auto good = [](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("good");
  };
  LoopbackServer server({with_surplus, good});
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  EXPECT_EQ(Fetch(server.url()).body, "good");
}

TEST_F(UpstreamClientTest, ClosesAnUnreadAnswer) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx");
    peer.ReadToEnd();
  }});
  bool done = false;
  const auto head_only = [&]() -> Awaitable<void> { co_await client_->Send(To(server.url())); };
  boost::asio::co_spawn(context_, head_only, [&](const std::exception_ptr&) { done = true; });
  RunUntil([&] { return done && server.finished() == 1; });
}

TEST_F(UpstreamClientTest, ClosesIdleConnectionsAfterTheirTime) {
  UpstreamClient::Options options;
  options.idle_time = kSoon;
  Open(options);
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("ok");
    peer.ReadToEnd();
  }});
  UpstreamRequest request = To(server.url());
  request.timeouts.connect = milliseconds(60'000);  // The watchdog's first alarm lies behind the idle time.
  EXPECT_EQ(Fetch(std::move(request)).body, "ok");
  RunUntil([&] { return server.finished() == 1; });
}

TEST_F(UpstreamClientTest, ClosesIdleConnectionsOnDemand) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("ok");
    peer.ReadToEnd();
  }});
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  client_->CloseIdle();
  RunUntil([&] { return server.finished() == 1; });
}

TEST_F(UpstreamClientTest, ClosesWhatComesBackAfterTheEnd) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("ok");
    peer.ReadToEnd();
  }});
  client_->CloseIdle();
  EXPECT_EQ(Fetch(server.url()).body, "ok");
  RunUntil([&] { return server.finished() == 1; });
}

// --- Failures and limits ------------------------------------------------------------------------------------------

TEST_F(UpstreamClientTest, SaysThatNobodyListens) {
  const Answer answer = Fetch(Concat("http://127.0.0.1:", ClosedPort(), "/"));
  EXPECT_TRUE(Mentions(answer, "Connection refused"));
  EXPECT_EQ(answer.error->retry, Retry::kAgain);
  EXPECT_EQ(answer.error->http_status, 502);
}

TEST_F(UpstreamClientTest, SaysThatTheConnectionWasReset) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    peer.Reset();
  }});
  const Answer answer = Fetch(server.url());
  EXPECT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->retry, Retry::kAgain);
}

TEST_F(UpstreamClientTest, LimitsTheWaitForTheFirstByte) {
  LoopbackServer server({[](Peer& peer) { peer.ReadToEnd(); }});
  UpstreamRequest request = To(server.url());
  request.timeouts.first_byte = kSoon;
  const Answer answer = Fetch(std::move(request));
  EXPECT_TRUE(Mentions(answer, "did not answer in time"));
  EXPECT_TRUE(answer.error->timed_out);
  EXPECT_EQ(answer.error->http_status, 504);
}

void SayHelloAndFallSilent(Peer& peer) {
  peer.ReadRequest();
  peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  peer.ReadToEnd();
}

TEST_F(UpstreamClientTest, LimitsTheSilenceWithinAnAnswer) {
  LoopbackServer server({SayHelloAndFallSilent});
  UpstreamRequest request = To(server.url());
  request.timeouts.idle = kSoon;
  const Answer answer = Fetch(std::move(request));
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(Mentions(answer, "sent nothing more"));
  EXPECT_TRUE(answer.error->timed_out);
}

// Whoever keeps the client company in between begins its wait anew; the upstream is no less silent for that.
TEST_F(UpstreamClientTest, LimitsTheSilenceHoweverOftenItsWaitIsBrokenOff) {
  LoopbackServer server({SayHelloAndFallSilent});
  UpstreamRequest request = To(server.url());
  request.timeouts.idle = kSoon;
  const Answer answer = FetchWithBreaksFor(std::move(request), 4 * kSoon);
  EXPECT_EQ(answer.body, "hello");
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_TRUE(answer.error->timed_out) << answer.error->message;
}

TEST_F(UpstreamClientTest, LimitsTlsThatNeverAnswers) {
  LoopbackServer server({[](Peer& peer) { peer.ReadToEnd(); }});
  UpstreamRequest request = To(Concat("https://127.0.0.1:", server.port(), "/"));
  request.timeouts.connect = kSoon;
  const Answer answer = Fetch(std::move(request));
  EXPECT_TRUE(Mentions(answer, "took too long"));
  EXPECT_TRUE(answer.error->timed_out);
}

TEST_F(UpstreamClientTest, SendsNothingToMetadataAddresses) {
  for (const char* url : {"http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.1.1]/", "http://0.0.0.0/"}) {
    const Answer answer = Fetch(url);
    EXPECT_TRUE(Mentions(answer, "link-local")) << url;
    EXPECT_EQ(answer.error->retry, Retry::kElsewhere) << url;
  }
}

TEST_F(UpstreamClientTest, CancellationClosesTheConnection) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.ReadToEnd();
  }});
  Answer answer;
  bool done = false;
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(context_, Collect(To(server.url()), answer),
                        boost::asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr&) { done = true; }));
  RunUntil([&] { return server.accepted() == 1; });
  cancel.emit(boost::asio::cancellation_type::terminal);
  RunUntil([&] { return done && server.finished() == 1; });
}

// --- Proxies ------------------------------------------------------------------------------------------------------

TEST_F(UpstreamClientTest, AsksAForwardProxyByWholeUrl) {
  std::string seen;
  LoopbackServer proxy({[&](Peer& peer) {
    seen = peer.ReadRequest();
    peer.Answer("by proxy");
  }});
  UpstreamClient::Options options;
  options.http_proxy = Concat("http://user:pa%40ss@127.0.0.1:", proxy.port());
  Open(options);
  EXPECT_EQ(Fetch("http://models.test:8000/v1/x?y").body, "by proxy");
  EXPECT_EQ(seen.substr(0, seen.find("Accept")), "POST http://models.test:8000/v1/x?y HTTP/1.1\r\nHost: models.test:8000\r\n");
  EXPECT_NE(seen.find("Proxy-Authorization: Basic dXNlcjpwYUBzcw==\r\n"), std::string::npos);
}

TEST_F(UpstreamClientTest, SaysThatTheProxyRefusesTheTunnel) {
  std::string seen;
  LoopbackServer proxy({[&](Peer& peer) {
    seen = peer.ReadHead();
    peer.Send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  }});
  UpstreamClient::Options options;
  options.https_proxy = Concat("http://user:secret@127.0.0.1:", proxy.port());
  Open(options);
  const Answer answer = Fetch("https://models.test/v1");
  EXPECT_EQ(seen.substr(0, seen.find("Proxy")), "CONNECT models.test:443 HTTP/1.1\r\nHost: models.test:443\r\n");
  EXPECT_TRUE(Mentions(answer, "407"));
  EXPECT_FALSE(Mentions(answer, "secret"));
  EXPECT_EQ(answer.error->retry, Retry::kElsewhere);
}

TEST_F(UpstreamClientTest, ReachesLoopbackPastAnyProxy) {
  LoopbackServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Answer("direct");
  }});
  UpstreamClient::Options options;
  options.http_proxy = options.https_proxy = Concat("http://127.0.0.1:", ClosedPort());
  Open(options);
  EXPECT_EQ(Fetch(server.url()).body, "direct");
}

TEST_F(UpstreamClientTest, RefusesAProxyItCannotUse) {
  UpstreamClient::Options options;
  options.https_proxy = "socks5://user:secret@127.0.0.1:1080";
  const auto client = UpstreamClient::Create(context_, options);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(Message(client.status()).find("HTTPS_PROXY"), std::string_view::npos);
  EXPECT_EQ(Message(client.status()).find("secret"), std::string_view::npos);
}

}  // namespace
}  // namespace ccp::edge
