// TLS towards upstreams: who is trusted, and how handshakes are saved.
#include "common/base/text.h"
#include "tests/unit/edge/upstream/client_fixture.h"
#include "tests/unit/edge/upstream/loopback_server.h"

namespace ccp::edge {
namespace {

class UpstreamTlsTest : public ClientFixture {
 protected:
  void Trust(const TestCertificate& certificate) {
    UpstreamClient::Options options;
    options.ca_file = certificate.pem_file();
    Open(options);
  }

  std::string Url(const LoopbackServer& server, const std::string& host) {
    return Concat("https://", host, ":", server.port(), "/v1");
  }
};

LoopbackServer::Script AnswersByTls(const TestCertificate& certificate, int requests) {
  return [&certificate, requests](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    for (int i = 0; i < requests; ++i) {
      if (peer.ReadRequest().empty()) return;
      peer.Answer("secure");
    }
  };
}

TEST_F(UpstreamTlsTest, TalksToTheHostOfTheCertificate) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  LoopbackServer server({AnswersByTls(certificate, 2)});
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "secure");
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "secure");
  EXPECT_EQ(server.accepted(), 1) << "the connection was not reused";
}

TEST_F(UpstreamTlsTest, SendsALargeBodyWhole) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  std::string received;
  LoopbackServer server({[&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    received = peer.ReadRequest();
    peer.Answer("read");
  }});
  const std::string large = Numbers(6 * 1024 * 1024);
  UpstreamRequest request = To(Url(server, "localhost"));
  request.body = large;
  EXPECT_EQ(Fetch(std::move(request)).body, "read");
  EXPECT_TRUE(received.ends_with("\r\n\r\n" + large)) << received.size();
}

TEST_F(UpstreamTlsTest, RefusesACertificateForAnotherHost) {
  const TestCertificate certificate("models.test");
  Trust(certificate);
  bool request_seen = false;
  LoopbackServer server({[&](Peer& peer) {
    request_seen = peer.StartTls(certificate.server_context()) && !peer.ReadRequest().empty();
  }});
  const Answer answer = Fetch(Url(server, "localhost"));
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_NE(answer.error->message.find("hostname mismatch"), std::string::npos) << answer.error->message;
  EXPECT_EQ(answer.error->retry, RequestError::Retry::kElsewhere);
  RunUntil([&] { return server.finished() == 1; });
  EXPECT_FALSE(request_seen);
}

TEST_F(UpstreamTlsTest, RefusesAnAddressTheCertificateDoesNotName) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  LoopbackServer server({AnswersByTls(certificate, 1)});
  const Answer answer = Fetch(Url(server, "127.0.0.1"));
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_NE(answer.error->message.find("IP address mismatch"), std::string::npos) << answer.error->message;
}

TEST_F(UpstreamTlsTest, RefusesAnUnknownIssuer) {
  const TestCertificate trusted("models.test");
  const TestCertificate unknown("localhost");
  Trust(trusted);
  LoopbackServer server({AnswersByTls(unknown, 1)});
  const Answer answer = Fetch(Url(server, "localhost"));
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_NE(answer.error->message.find("certificate is refused"), std::string::npos) << answer.error->message;
}

TEST_F(UpstreamTlsTest, ResumesTheSessionOnTheNextConnection) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  bool resumed = false;
  const auto second = [&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    resumed = peer.resumed();
    peer.ReadRequest();
    peer.Answer("again");
  };
  LoopbackServer server({AnswersByTls(certificate, 1), second});
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "secure");
  RunUntil([&] { return server.finished() == 1; });
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "again");
  RunUntil([&] { return server.finished() == 2; });
  EXPECT_TRUE(resumed);
}

TEST_F(UpstreamTlsTest, ReadsOnBehindAWaitThatWasBrokenOff) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  std::promise<void> go_on;
  LoopbackServer server({[&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
    go_on.get_future().wait();
    peer.Send("two");
  }});
  const Answer answer = FetchWithABreak(Url(server, "localhost"), go_on);
  EXPECT_FALSE(answer.error.has_value());
  EXPECT_EQ(answer.body, "one|two");
}

TEST_F(UpstreamTlsTest, TakesRecordsThatCameTogetherAtOnce) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  std::promise<void> go_on;
  LoopbackServer server({[&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    peer.ReadRequest();
    peer.SendTogether({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "one", "two"});
    go_on.get_future().wait();
    peer.Send("end");
  }});
  const Answer answer = FetchWithABreak(Url(server, "localhost"), go_on);
  EXPECT_FALSE(answer.error.has_value());
  EXPECT_EQ(answer.body, "onetwo|end");
}

TEST_F(UpstreamTlsTest, NeverReusesBehindASurplusRecord) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  const auto with_surplus = [&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    peer.ReadRequest();
    peer.SendTogether({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"});
    peer.ReadToEnd();
  };
  LoopbackServer server({with_surplus, AnswersByTls(certificate, 1)});
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "ok");
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "secure");
}

TEST_F(UpstreamTlsTest, NeverReusesBehindABeginningRecord) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  bool asked_again = false;
  const auto with_a_beginning = [&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    peer.ReadRequest();
    peer.SendTogether({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, "\x17\x03\x03");
    asked_again = !peer.ReadRequest().empty();
  };
  LoopbackServer server({with_a_beginning, AnswersByTls(certificate, 1)});
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "ok");
  EXPECT_EQ(Fetch(Url(server, "localhost")).body, "secure");
  EXPECT_FALSE(asked_again);
}

TEST_F(UpstreamTlsTest, VerifiesTheHostThroughAConnectProxy) {
  const TestCertificate certificate("models.test");
  std::string tunnel;
  std::string inside;
  LoopbackServer proxy({[&](Peer& peer) {
    tunnel = peer.ReadHead();
    peer.Send("HTTP/1.1 200 Connection established\r\n\r\n");
    if (!peer.StartTls(certificate.server_context())) return;
    inside = peer.ReadRequest();
    peer.Answer("through the tunnel");
  }});
  UpstreamClient::Options options;
  options.ca_file = certificate.pem_file();
  options.https_proxy = Concat("http://127.0.0.1:", proxy.port());
  Open(options);
  EXPECT_EQ(Fetch("https://models.test/v1").body, "through the tunnel");
  EXPECT_EQ(tunnel, "CONNECT models.test:443 HTTP/1.1\r\nHost: models.test:443\r\n\r\n");
  EXPECT_EQ(inside.substr(0, inside.find("\r\n")), "POST /v1 HTTP/1.1");
}

TEST_F(UpstreamTlsTest, ReportsAnEndWithoutCloseNotifyAsCut) {
  const TestCertificate certificate("localhost");
  Trust(certificate);
  LoopbackServer server({[&](Peer& peer) {
    if (!peer.StartTls(certificate.server_context())) return;
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\nhello");  // Its end is the end of the stream: that must be a proper one.
    peer.Reset();
  }});
  EXPECT_TRUE(Fetch(Url(server, "localhost")).error.has_value());
}

TEST_F(UpstreamTlsTest, SaysWhichFileOfCertificatesIsMissing) {
  UpstreamClient::Options options;
  options.ca_file = "/no/such/file.pem";
  const auto client = UpstreamClient::Create(context_, options);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(Message(client.status()).find("/no/such/file.pem"), std::string_view::npos);
}

}  // namespace
}  // namespace ccp::edge
