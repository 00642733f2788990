// Bytes of a client through the real connection, and what may come of them.
//
// What a connection does is checked against two readers of the same bytes: the request parser by itself, which says what
// the handler has to see, and framing.h, which shares no code with it and says where requests begin and end.
#pragma once

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "edge/http/client_connection.h"
#include "edge/http/request_parser.h"
#include "edge/http/server_state.h"
#include "tests/fuzz/framing.h"
#include "tests/fuzz/small_http_limits.h"
#include "tests/fuzz/socket_pair.h"

namespace ccp::fuzz {

// A request that was read, and what its client has to know to read the answer.
struct ReadByParser {
  std::string text;      // Method, target, fields and body.
  std::string method;
  std::string target;
  std::string body;
  bool keep_alive = false;
  bool http_1_0 = false;
  bool operator==(const ReadByParser&) const = default;
};

// What the handler does with a request: its target's last byte says.
enum class Deed : std::uint8_t {
  kSends, kStreams, kHasNoBody, kClosesAfter, kLeavesUnanswered, kLeavesUnfinished, kAborts, kWaits
};

inline Deed DeedFor(std::string_view target) {
  switch (target.empty() ? ' ' : target.back()) {
    case 's': return Deed::kStreams;
    case 'n': return Deed::kHasNoBody;
    case 'c': return Deed::kClosesAfter;
    case 'u': return Deed::kLeavesUnanswered;
    case 'f': return Deed::kLeavesUnfinished;
    case 'a': return Deed::kAborts;
    case 'w': return Deed::kWaits;
    default: return Deed::kSends;
  }
}

inline std::string Describe(const edge::HttpRequest& request) {
  std::string text = request.method + " " + request.target + "\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
  return text + "\n" + request.body;
}

inline ReadByParser Describe(edge::RequestParser& parser) {
  const edge::HttpRequest& request = parser.request();
  return {Describe(request), request.method, request.target, request.body, parser.keep_alive(), parser.http_1_0()};
}

class ClientConversation {
 public:
  enum class End : std::uint8_t { kHalfClose, kLeave };

  ClientConversation() : work_(context_.get_executor()), hold_(context_) {
    edge::HttpServer::Options options;
    options.limits = edge::SmallLimits();
    options.error_body = [](const RequestError& error) { return ErrorBody(error, {}); };
    options.gate = edge::ConnectionGate::Make({});
    server_ = std::make_shared<edge::ServerState>(
        context_, std::move(options),
        [this](edge::HttpRequest& request, edge::ResponseWriter& response) { return Serve(request, response); });
  }

  // Sends the pieces and ends. Afterwards served() and answers() say what came of them. "": the connection ended, too.
  std::string Talk(const std::vector<std::string>& pieces, End end) {
    served_.clear();
    answers_.clear();
    client_left_early_ = false;
    auto [client, accepted] = ConnectedSockets(context_);
    Adopt(std::move(accepted));
    for (const std::string& piece : pieces) {
      SendAll(client, piece);
      RunUntilIdle(client);
    }
    client_left_early_ = holding_;
    boost::system::error_code ignored;
    if (end == End::kLeave) {
      client.close(ignored);
    } else {
      client.shutdown(edge::TcpSocket::shutdown_send, ignored);
    }
    RunUntilIdle(client);
    while (holding_) {  // With a request behind it: its client's departure is not seen.
      hold_.cancel();
      RunUntilIdle(client);
    }
    for (const edge::ConnectionQueue& queue : server_->queues) {
      if (!queue.empty()) return "the connection does not end";
    }
    return {};
  }

  const std::vector<std::string>& served() const { return served_; }
  const std::string& answers() const { return answers_; }
  bool client_left_early() const { return client_left_early_; }  // While a handler waited, which that may have ended.

  // What answers a request of that number, as the handler sends it.
  static std::string Echo(std::size_t number, std::string_view body) { return Concat(number, " ", body); }

 private:
  void Adopt(edge::TcpSocket socket) {
    auto [verdict, pass] = server_->options.gate->Enter(boost::asio::ip::address_v4::loopback());
    auto connection = std::make_shared<edge::ClientConnection>(edge::MakePlainClientWire(std::move(socket)),
                                                               std::move(pass), server_);
    auto forget = [this, connection](const std::exception_ptr&) { boost::asio::post(context_, [connection] {}); };
    boost::asio::co_spawn(context_, edge::ClientConnection::Run(connection),
                          boost::asio::bind_cancellation_slot(connection->cancellation(), std::move(forget)));
  }

  edge::Awaitable<void> Serve(edge::HttpRequest& request, edge::ResponseWriter& response) {
    const std::string echo = Echo(served_.size(), request.body);
    served_.push_back(Describe(request));
    switch (DeedFor(request.target)) {
      case Deed::kStreams: {
        co_await response.Begin(200, {});
        for (const char c : echo) co_await response.Write({&c, 1});
        co_await response.End();
        break;
      }
      case Deed::kHasNoBody: co_await response.Send(204, {}, ""); break;
      case Deed::kClosesAfter: {
        response.CloseAfter();
        co_await response.Send(200, {}, echo);
        break;
      }
      case Deed::kLeavesUnanswered: break;
      case Deed::kLeavesUnfinished:
      case Deed::kAborts: {
        co_await response.Begin(200, {});
        co_await response.Write(echo);
        if (DeedFor(request.target) == Deed::kAborts) response.Abort();
        break;
      }
      case Deed::kWaits: {
        co_await Hold();
        co_await response.Send(200, {}, echo);
        break;
      }
      case Deed::kSends: co_await response.Send(200, {}, echo); break;
    }
  }

  edge::Awaitable<void> Hold() {
    struct Mark {
      explicit Mark(bool& mark) : mark_(mark) { mark_ = true; }
      ~Mark() { mark_ = false; }
      bool& mark_;
    } mark(holding_);
    hold_.expires_at(edge::Timer::time_point::max());
    co_await hold_.async_wait(edge::kAwaitTuple);
  }

  void RunUntilIdle(edge::TcpSocket& client) {
    do {
      if (client.is_open()) TakeArrived(client, answers_);
    } while (context_.poll() > 0);
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<edge::Executor> work_;
  edge::Timer hold_;
  std::shared_ptr<edge::ServerState> server_;
  std::vector<std::string> served_;
  std::string answers_;
  bool holding_ = false;
  bool client_left_early_ = false;
};

// What the parser alone makes of the bytes of a connection.
struct Parsed {
  std::vector<ReadByParser> requests;
  bool refused = false;  // What follows them. For which of several faults may depend on the cuts.
  bool operator==(const Parsed&) const = default;
};

// `check` looks at each request while the parser still has it.
template <typename Check>
Parsed Parse(const std::vector<std::string>& pieces, Check check) {
  using State = edge::RequestParser::State;
  const edge::HttpLimits limits = edge::SmallLimits();
  edge::RequestParser parser(limits);
  Parsed seen;
  for (const std::string& piece : pieces) {
    std::string_view rest = piece;
    while (!rest.empty()) {
      const std::size_t taken = parser.Feed(rest);
      Require(taken <= rest.size(), "took more than there was");
      rest.remove_prefix(taken);
      if (parser.state() == State::kFailed) {
        const int status = parser.error().http_status;
        Require(status >= 400 && status <= 599 && !parser.error().message.empty(), "a refusal without a reason");
        seen.refused = true;
        return seen;
      }
      if (parser.state() == State::kComplete) {
        check(parser);
        seen.requests.push_back(Describe(parser));
        parser.Reset();
      } else {
        Require(rest.empty(), "bytes left over in the middle of a request", rest);
      }
    }
  }
  return seen;
}

inline bool EndsConnection(const ReadByParser& request) {
  switch (DeedFor(request.target)) {
    case Deed::kClosesAfter:
    case Deed::kLeavesUnanswered:
    case Deed::kLeavesUnfinished:
    case Deed::kAborts: return true;
    case Deed::kStreams: return !request.keep_alive || request.http_1_0;  // Of a length that its head cannot say.
    case Deed::kSends:
    case Deed::kHasNoBody:
    case Deed::kWaits: break;
  }
  return !request.keep_alive;
}

// That part of it which the connection gets to.
inline Parsed Due(Parsed parsed) {
  const auto last = std::find_if(parsed.requests.begin(), parsed.requests.end(), EndsConnection);
  if (last == parsed.requests.end()) return parsed;
  parsed.requests.erase(last + 1, parsed.requests.end());
  parsed.refused = false;
  return parsed;
}

// Of a target, which may be a whole URL.
inline std::string PathOf(const std::string& target) {
  if (!Lower(target).starts_with("http://")) return target;
  const std::size_t path = std::min(target.find_first_of("/?", 7), target.size());
  return (target.substr(path).starts_with('/') ? "" : "/") + target.substr(path);
}

// "": what was read as requests is what stands there, so nothing of a body became a request.
inline std::string CheckFraming(std::string_view bytes, const std::vector<ReadByParser>& requests) {
  for (const ReadByParser& request : requests) {
    const auto message = ReadRequest(bytes);
    if (!message) return "a request where none ends: " + request.text;
    if (message->Word(0) != request.method) return "another method: " + request.text;
    if (PathOf(message->Word(1)) != request.target) return "another target: " + request.text;
    if (message->body != request.body) return "another body: " + request.text;
    const std::size_t encodings = message->Count("transfer-encoding");
    if (encodings + message->Count("content-length") > 1) return "framed twice: " + request.text;
    if (encodings > 0 && request.http_1_0) return "framed as its version does not know it: " + request.text;
    bytes.remove_prefix(message->size);
  }
  return {};
}

// Reads the client's side of a conversation. Each member returns what is wrong, or "".
class AnswerReader {
 public:
  explicit AnswerReader(std::string_view answers) : rest_(answers) {}

  std::string Answer(const ReadByParser& request, std::size_t number) {
    const Deed deed = DeedFor(request.target);
    SkipContinue();
    if (deed == Deed::kAborts || deed == Deed::kLeavesUnfinished) return CutAnswer(request);
    if (deed == Deed::kLeavesUnanswered) return Refusal(request.method, "500");
    const bool head = request.method == "HEAD";
    const auto answer = Read(head ? AnswerTo::kHead : AnswerTo::kOther);
    if (!answer) return "no whole answer";
    if (answer->Word(1) != (deed == Deed::kHasNoBody ? "204" : "200")) return "another status";
    if (answer->Word(0) != (request.http_1_0 ? "HTTP/1.0" : "HTTP/1.1")) return "another version";
    const bool bodiless = head || deed == Deed::kHasNoBody;
    if (answer->body != (bodiless ? "" : ClientConversation::Echo(number, request.body))) return "another body";
    if (Lists(*answer, "connection", "close") != EndsConnection(request)) return "it closes and does not say so, or says so";
    return {};
  }

  std::string Refusal(std::string_view method, std::string_view status = {}) {
    SkipContinue();
    auto answer = Read(AnswerTo::kOther);
    if (!answer && method == "HEAD") answer = Read(AnswerTo::kHead);
    if (!answer) return "no whole refusal";
    const std::string got = answer->Word(1);
    const bool refuses = status.empty() ? got.starts_with('4') || got == "501" || got == "505" : got == status;
    if (!refuses) return "a refusal of another status, " + got;
    return Lists(*answer, "connection", "close") ? "" : "a refusal that does not close";
  }

  // Nothing can follow it.
  std::string CutAnswer(const ReadByParser& request) {
    SkipContinue();
    const bool shows = request.method != "HEAD" && !request.http_1_0;
    const bool whole = ReadAnswer(std::exchange(rest_, {}), AnswerTo::kOther).has_value();
    return shows && whole ? "a cut answer looks whole" : "";
  }

  std::string End() {
    SkipContinue();  // For a body that did not come.
    return rest_.empty() ? "" : Concat("bytes behind the last answer: ", rest_);
  }

 private:
  void SkipContinue() {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (rest_.starts_with(kContinue)) rest_.remove_prefix(kContinue.size());
  }

  std::optional<Message> Read(AnswerTo request) {
    auto answer = ReadAnswer(rest_, request);
    if (answer) rest_.remove_prefix(answer->size);
    return answer;
  }

  std::string_view rest_;
};

// Of the first bytes that belong to none of so many requests.
inline std::string MethodBehind(std::string_view bytes, std::size_t requests) {
  for (; requests > 0; --requests) {
    const auto message = ReadRequest(bytes);
    if (!message) return {};
    bytes.remove_prefix(message->size);
  }
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  return std::string(bytes.substr(0, bytes.find(' ')));
}

inline std::string CheckEach(AnswerReader& reader, const std::vector<ReadByParser>& requests) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (auto problem = reader.Answer(requests[i], i); !problem.empty()) return problem + ": " + requests[i].text;
  }
  return {};
}

// "": the client got the answers to what it sent, in order, and nothing else.
inline std::string CheckAnswers(std::string_view answers, const Parsed& due, std::string_view bytes) {
  AnswerReader reader(answers);
  if (auto problem = CheckEach(reader, due.requests); !problem.empty()) return problem;
  if (due.refused) {
    if (auto problem = reader.Refusal(MethodBehind(bytes, due.requests.size())); !problem.empty()) return problem;
  }
  return reader.End();
}

// "": the same of a client that left during the last of these: it got nothing for that, or an answer that looks cut.
inline std::string CheckAnswersUntilLeft(std::string_view answers, std::vector<ReadByParser> served) {
  const ReadByParser last = std::move(served.back());
  served.pop_back();
  AnswerReader reader(answers);
  if (auto problem = CheckEach(reader, served); !problem.empty()) return problem;
  return reader.CutAnswer(last);
}

// "": the handler saw no other requests than are due, in order, and all of them unless one waited when the client ended.
inline std::string CheckServed(const ClientConversation& conversation, const Parsed& due) {
  const std::vector<std::string>& served = conversation.served();
  if (served.size() > due.requests.size()) return "a request that nobody sent: " + served.back();
  for (std::size_t i = 0; i < served.size(); ++i) {
    if (served[i] != due.requests[i].text) return "another request: " + served[i];
  }
  if (served.size() == due.requests.size() || conversation.client_left_early()) return {};
  return "a request was not served: " + due.requests[served.size()].text;
}

// Sends `bytes` in pieces through a connection. "": all is as it must be, with `parsed` what the parser makes of them.
inline std::string CheckConversation(ClientConversation& conversation, std::string_view bytes, std::uint8_t seed,
                                     Parsed parsed) {
  const auto end = seed < 0xE0 ? ClientConversation::End::kHalfClose : ClientConversation::End::kLeave;
  if (auto problem = conversation.Talk(Cut(bytes, seed, kMostPieces), end); !problem.empty()) return problem;
  Parsed due = Due(std::move(parsed));
  if (auto problem = CheckServed(conversation, due); !problem.empty()) return problem;
  auto problem = CheckAnswers(conversation.answers(), due, bytes);
  if (problem.empty() || !conversation.client_left_early()) return problem;
  due.requests.resize(conversation.served().size());
  return CheckAnswersUntilLeft(conversation.answers(), std::move(due.requests));
}

}  // namespace ccp::fuzz
