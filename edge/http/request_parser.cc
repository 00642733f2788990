#include "edge/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>
#include <utility>

#include "common/base/text.h"
#include "edge/http/append_from.h"

namespace ccp::edge {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// A promised length is not yet a body: room for more comes when so much is there.
constexpr std::size_t kBodyReservation = 1024 * 1024;
constexpr std::size_t kReceivedAtOnce = 256 * 1024;

std::string_view ToStd(beast::string_view text) { return {text.data(), text.size()}; }

// Header names with an underscore look like names with a hyphen to every CGI-like reader behind us, so they are dropped.
bool LooksLikeAnother(std::string_view name) { return name.find('_') != std::string_view::npos; }

// Visible ASCII without a fragment: proxies differ in what they make of anything else.
bool IsUrlText(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}
bool IsAddressByte(char c) { return IsNameByte(c) || c == ':'; }

bool IsPort(std::string_view port) {
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
}

// A name or an address, perhaps with a port. No host at all (""), or one that must be decoded, is not the same to everybody.
bool IsHost(std::string_view host) {
  const bool bracket = host.starts_with('[');
  const std::size_t begin = bracket ? 1 : 0;
  const std::size_t end = std::min(host.find(bracket ? ']' : ':'), host.size());
  const std::string_view name = host.substr(begin, end - begin);
  if (name.empty() || !std::all_of(name.begin(), name.end(), bracket ? IsAddressByte : IsNameByte)) return false;
  if (bracket && end == host.size()) return false;
  const std::string_view rest = host.substr(bracket ? end + 1 : end);
  return rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1)));
}

std::string_view Explain(HeadScanner::Verdict verdict) {
  switch (verdict) {
    case HeadScanner::Verdict::kBareLineFeed: return "a line of the request's head ends without a carriage return";
    case HeadScanner::Verdict::kBareCarriageReturn: return "the request's head holds a carriage return inside a line";
    case HeadScanner::Verdict::kControlCharacter: return "the request's head holds a control character";
    case HeadScanner::Verdict::kFoldedLine: return "the request's head holds a folded header line, which HTTP/1.1 forbids";
    case HeadScanner::Verdict::kMore:
    case HeadScanner::Verdict::kComplete: break;
  }
  return "the request's head is malformed";
}

}  // namespace

// Beast's grammar of heads with our callbacks: fields go straight into the request.
class RequestParser::Grammar final : public http::basic_parser<true> {
 public:
  explicit Grammar(RequestParser& parser) : parser_(parser) {
    body_limit(boost::none);  // Counted here, to answer 413 in our own words.
    header_limit(static_cast<std::uint32_t>(parser.limits_.header_bytes + 1024));
  }

  // In HTTP/1.0 Beast hears "keep-alive" alone, even where "close" stands beside it.
  bool lets_stand() const { return keep_alive() && !says_close_; }

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    parser_.request_.method = ToStd(method);
    parser_.request_.target = ToStd(target);
    parser_.http_1_0_ = version == 10;
    if (version != 10 && version != 11) parser_.Fail(505, "the request's HTTP version is not 1.0 or 1.1");
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value, beast::error_code&) override {
    if (LooksLikeAnother(ToStd(name))) return;
    if (field == http::field::connection && http::token_list(value).exists("close")) says_close_ = true;
    parser_.request_.headers.emplace_back(ToLower(ToStd(name)), ToStd(value));
  }

  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

  // Not called: it is given heads alone.
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  void on_finish_impl(beast::error_code&) override {}

  RequestParser& parser_;
  bool says_close_ = false;
};

RequestParser::RequestParser(const HttpLimits& limits) : limits_(limits) {}

void RequestParser::Reset() {
  state_ = State::kIdle;
  request_ = HttpRequest();
  chunks_.reset();
  body_left_ = 0;
  head_.reset();
  keep_alive_ = http_1_0_ = expects_continue_ = false;
}

std::size_t RequestParser::Feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::kIdle:
      case State::kHead: taken += FeedHead(rest); break;
      case State::kBody: taken += FeedBody(rest); break;
      case State::kComplete:
      case State::kFailed: return taken;
    }
  }
  return taken;
}

std::size_t RequestParser::FeedHead(std::string_view bytes) {
  if (state_ == State::kIdle && bytes.front() == 0x16) {  // The first byte of a TLS handshake.
    Fail(400, "this port speaks plain HTTP, but the client began a TLS handshake: use http:// in the base URL");
    return bytes.size();
  }
  state_ = State::kHead;
  // A head that came whole, as nearly all do, is parsed where it lies.
  const std::size_t before = head_ == nullptr ? 0 : head_->bytes.size();
  if (head_ != nullptr) head_->bytes.append(bytes);
  const std::string_view head = head_ == nullptr ? bytes : head_->bytes;
  HeadScanner fresh;
  HeadScanner& scanner = head_ == nullptr ? fresh : head_->scanner;
  const HeadScanner::Verdict verdict = scanner.Scan(head);
  const std::size_t size = verdict == HeadScanner::Verdict::kComplete ? scanner.head_size() : head.size();
  if (size > limits_.header_bytes) {
    Fail(431, Concat("the request's head is larger than ", limits_.header_bytes, " bytes"));
    return bytes.size();
  }
  if (verdict == HeadScanner::Verdict::kMore) {
    if (head_ == nullptr) head_ = std::make_unique<UnfinishedHead>(UnfinishedHead{std::string(bytes), fresh});
    return bytes.size();
  }
  if (verdict != HeadScanner::Verdict::kComplete) {
    Fail(400, std::string(Explain(verdict)));
    return bytes.size();
  }
  ParseHead(head.substr(0, size));
  head_.reset();
  return size - before;
}

void RequestParser::ParseHead(std::string_view head) {
  if (head.starts_with("\r\n")) head.remove_prefix(2);  // RFC 9112 2.2: an empty line in front is passed over.
  // A line a field, but for the first and the last: no more room than it takes, for as long as an answer lasts.
  request_.headers.reserve(CountLines(head));
  Grammar grammar(*this);
  beast::error_code error;
  grammar.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error && error != http::error::need_more) {
    return Fail(400, Concat("the request's head is malformed: ", error.message()));
  }
  if (!grammar.is_header_done()) return Fail(400, "the request's head is malformed");
  keep_alive_ = grammar.lets_stand();
  CheckHead();
  if (state_ != State::kFailed) BeginBody();
}

void RequestParser::BeginBody() {
  state_ = State::kBody;
  if (!request_.header("transfer-encoding").empty()) {
    chunks_ = std::make_unique<ChunkDecoder>(limits_.body_bytes);
    return;
  }
  if (body_left_ == 0) state_ = State::kComplete;
  request_.body.reserve(std::min(body_left_, kBodyReservation));
}

std::size_t RequestParser::FeedBody(std::string_view bytes) {
  if (chunks_) return FeedChunks(bytes);
  const std::string_view piece = bytes.substr(0, body_left_);
  MakeRoom(piece.size(), request_.body.size() + body_left_);
  request_.body.append(piece);
  CountBody(piece.size());
  return piece.size();
}

std::size_t RequestParser::ReceiveBody(absl::FunctionRef<std::size_t(std::span<char>)> receive) {
  const std::size_t most = std::min(body_left_, kReceivedAtOnce);
  MakeRoom(most, request_.body.size() + body_left_);
  const std::size_t bytes = AppendFrom(request_.body, most, receive);
  CountBody(bytes);
  return bytes;
}

void RequestParser::CountBody(std::size_t bytes) {
  body_left_ -= bytes;
  if (body_left_ == 0) state_ = State::kComplete;
}

std::size_t RequestParser::FeedChunks(std::string_view bytes) {
  std::string_view rest = bytes;
  MakeRoom(bytes.size(), limits_.body_bytes);
  const absl::Status status = chunks_->Feed(rest, request_.body);
  if (absl::IsResourceExhausted(status)) RefuseBody();
  if (!status.ok()) Fail(400, Concat("the request's body is malformed: ", Message(status)));
  if (chunks_->done()) state_ = State::kComplete;
  return state_ == State::kFailed ? bytes.size() : bytes.size() - rest.size();
}

// A large body gets all the room it can need at once: growing bit by bit would copy it again and again, for milliseconds in
// which the thread serves nobody else. Memory that is not written to costs nothing but addresses.
void RequestParser::MakeRoom(std::size_t next, std::size_t whole) {
  std::string& body = request_.body;
  if (body.size() + next > kBodyReservation && body.capacity() < whole) body.reserve(whole);
}

void RequestParser::RefuseBody() { Fail(413, Concat("the request's body is larger than ", limits_.body_bytes, " bytes")); }

void RequestParser::CheckHead() {
  if (request_.headers.size() > limits_.header_fields) {
    Fail(431, Concat("the request has more than ", limits_.header_fields, " header fields"));
  }
  if (request_.method == "CONNECT" || request_.method == "TRACE") {
    Fail(501, Concat("the method ", request_.method, " is not served here"));
  }
  CheckTarget();
  CheckHost();
  CheckFraming();
  CheckExpectation();
  if (!request_.header("upgrade").empty()) Fail(501, "protocol upgrades are not served here");
}

void RequestParser::CheckFraming() {
  int lengths = 0;
  int encodings = 0;
  for (const auto& [name, value] : request_.headers) {
    if (name == "content-length") {
      ++lengths;
      const bool digits = !value.empty() && value.size() <= 18 && value.find_first_not_of("0123456789") == std::string::npos;
      if (!digits) Fail(400, "content-length: want one decimal number");
    }
    if (name == "transfer-encoding") {
      ++encodings;
      if (!EqualsIgnoreCase(value, "chunked")) Fail(501, "transfer-encoding: only chunked is understood");
    }
  }
  if (lengths > 1) Fail(400, "content-length is given more than once");
  if (encodings > 1) Fail(400, "transfer-encoding is given more than once");
  if (lengths > 0 && encodings > 0) Fail(400, "content-length and transfer-encoding exclude each other");
  if (encodings > 0 && http_1_0_) Fail(400, "transfer-encoding does not exist in HTTP/1.0");
  if (state_ == State::kFailed || lengths == 0) return;
  const std::string_view length = request_.header("content-length");
  std::from_chars(length.data(), length.data() + length.size(), body_left_);
  if (body_left_ > limits_.body_bytes) RefuseBody();
}

void RequestParser::CheckTarget() {
  if (!IsUrlText(request_.target)) return Fail(400, "the request's URL holds a character that must be percent-encoded");
  if (request_.target.size() > limits_.target_bytes) {
    return Fail(414, Concat("the request's URL is longer than ", limits_.target_bytes, " bytes"));
  }
  const std::string scheme = ToLower(std::string_view(request_.target).substr(0, 7));
  if (scheme == "http://") {  // absolute-form, as sent to proxies: fine if it names the same host.
    const std::size_t path = request_.target.find_first_of("/?", 7);
    const std::string authority = request_.target.substr(7, path == std::string::npos ? path : path - 7);
    if (!EqualsIgnoreCase(authority, request_.header("host"))) return Fail(400, "the URL's host differs from the Host header");
    request_.target = path == std::string::npos ? "/" : request_.target.substr(path);
    if (request_.target.front() == '?') request_.target.insert(0, "/");
  }
  const bool asterisk = request_.target == "*" && request_.method == "OPTIONS";
  if (!asterisk && (request_.target.empty() || request_.target.front() != '/')) {
    return Fail(400, "the request's URL must begin with a slash");
  }
}

void RequestParser::CheckHost() {
  const auto hosts = std::count_if(request_.headers.begin(), request_.headers.end(),
                                   [](const Header& header) { return header.first == "host"; });
  if (hosts > 1) return Fail(400, "the Host header is given more than once");
  if (hosts == 0 && !http_1_0_) return Fail(400, "the Host header is missing");
  if (hosts == 1 && !IsHost(request_.header("host"))) Fail(400, "the Host header is malformed");
}

void RequestParser::CheckExpectation() {
  const std::string_view expectation = request_.header("expect");
  if (expectation.empty()) return;
  if (!EqualsIgnoreCase(expectation, "100-continue")) return Fail(417, "expect: only 100-continue is understood");
  expects_continue_ = !http_1_0_;
}

void RequestParser::Fail(int http_status, std::string message) {
  if (state_ == State::kFailed) return;
  state_ = State::kFailed;
  error_ = std::make_unique<RequestError>(ClientError(http_status, std::move(message)));
}

std::string_view HttpRequest::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

}  // namespace ccp::edge
