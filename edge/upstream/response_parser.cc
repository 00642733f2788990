#include "edge/upstream/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <cstdint>
#include <limits>
#include <utility>

#include "common/base/text.h"
#include "edge/http/head_scanner.h"

namespace ccp::edge {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr int kInterimAnswerLimit = 16;  // More of them are an endless head by other means.

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class ResponseParser::Sax final : public http::basic_parser<false> {
 public:
  explicit Sax(Expect expect) {
    header_limit(kHeadLimitBytes);
    body_limit(boost::none);
    if (expect == Expect::kNoBody) skip(true);
  }

  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string pending;          // Begun but not complete: a head.
  std::string* body = nullptr;  // Where body bytes go during put().
  const char* broken_rule = nullptr;
  // In HTTP/1.0 Beast hears "keep-alive" alone, even where "close" stands beside it.
  bool lets_stand() const { return keep_alive() && !says_close_; }

 private:
  void Refuse(const char* rule, beast::error_code& error) {
    broken_rule = rule;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, beast::string_view, beast::string_view, int, beast::error_code&) override {}

  void on_response_impl(int code, beast::string_view, int, beast::error_code& error) override {
    if (code < 100) return Refuse("the status code is below 100", error);
    status = code;
  }

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (in_body_) return;  // A trailer.
    if (headers.size() == kHeadFieldLimit) return Refuse("the head has too many fields", error);
    if (field == http::field::content_length && length_seen_) return Refuse("Content-Length stands twice", error);
    if (field == http::field::content_length) length_seen_ = true;
    if (field == http::field::content_length && View(value).find_first_not_of("0123456789") != std::string_view::npos) {
      return Refuse("Content-Length is not a plain number", error);
    }
    if (field == http::field::transfer_encoding && !EqualsIgnoreCase(View(value), "chunked")) {
      return Refuse("Transfer-Encoding is not exactly \"chunked\"", error);
    }
    if (field == http::field::connection && http::token_list(value).exists("close")) says_close_ = true;
    headers.emplace_back(ToLower(View(name)), std::string(View(value)));
  }

  void on_header_impl(beast::error_code&) override { in_body_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

  std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override {
    body->append(piece.data(), piece.size());
    return piece.size();
  }

  // Not called: a ChunkDecoder takes chunked bodies.
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }

  void on_finish_impl(beast::error_code&) override {}

  bool in_body_ = false;
  bool length_seen_ = false;
  bool says_close_ = false;
};

ResponseParser::ResponseParser(Expect expect) : sax_(std::make_unique<Sax>(expect)), expect_(expect) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

bool ResponseParser::started() const {
  return interim_seen_ || failed_ || sax_ == nullptr || sax_->got_some() || !sax_->pending.empty();
}
bool ResponseParser::head_done() const { return sax_ == nullptr || sax_->is_header_done(); }
// Beast knows which answers have no body whatever their head says, and then it is done with the head.
bool ResponseParser::in_chunks() const {
  return sax_ == nullptr || (sax_->is_header_done() && sax_->chunked() && !sax_->is_done());
}
bool ResponseParser::done() const { return chunks_.done() || (sax_ != nullptr && sax_->is_done()); }
bool ResponseParser::reusable() const {
  return done() && !failed_ && !surplus_ && (sax_ == nullptr ? keep_alive_ : sax_->lets_stand());
}
int ResponseParser::status() const { return sax_ == nullptr ? status_ : sax_->status; }

const std::vector<std::pair<std::string, std::string>>& ResponseParser::headers() const {
  static const std::vector<std::pair<std::string, std::string>> none;
  return sax_ == nullptr ? none : sax_->headers;
}

void ResponseParser::ForgetHeaders() {
  if (!in_chunks()) return std::vector<std::pair<std::string, std::string>>().swap(sax_->headers);
  status_ = status();
  keep_alive_ = sax_ == nullptr ? keep_alive_ : sax_->lets_stand();
  sax_.reset();
}

std::string_view ResponseParser::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers()) {
    if (name == lower_case_name) return value;
  }
  return {};
}

absl::Status ResponseParser::Feed(std::string_view bytes, std::string& body) {
  if (failed_) return InvalidArgument("the answer was malformed before");
  if (bytes.empty()) return absl::OkStatus();
  absl::Status status;
  if (sax_ == nullptr || sax_->pending.empty()) {
    status = FeedBuffered(bytes, body);
  } else {
    std::string joined = std::exchange(sax_->pending, {});
    joined += bytes;
    status = FeedBuffered(joined, body);
  }
  if (!status.ok()) failed_ = true;
  return status;
}

absl::Status ResponseParser::FeedBuffered(std::string_view bytes, std::string& body) {
  if (sax_ != nullptr) sax_->body = &body;
  while (!bytes.empty()) {
    if (done()) {
      surplus_ = true;
      return absl::OkStatus();
    }
    if (!head_done()) {
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos && bytes.size() < kHeadLimitBytes) {
        if (auto status = CheckHead(bytes); !status.ok()) return status;
        sax_->pending = bytes;
        return absl::OkStatus();
      }
      const std::string_view head = bytes.substr(0, end);
      if (auto status = CheckHead(head); !status.ok()) return status;
      // A line a field: no more room than it takes, for as long as the answer lasts.
      sax_->headers.reserve(CountLines(head));
    }
    if (in_chunks()) {
      if (auto status = chunks_.Feed(bytes, body); !status.ok()) return status;
      continue;
    }
    beast::error_code error;
    const std::size_t used = sax_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error && error != http::error::need_more) {
      return InvalidArgument(sax_->broken_rule != nullptr ? std::string(sax_->broken_rule) : error.message());
    }
    if (head_done() && sax_->status < 200) {
      if (auto status = SkipInterimAnswer(); !status.ok()) return status;
      sax_->body = &body;
      continue;
    }
    if (error) break;  // More is needed for the next element.
  }
  if (!bytes.empty()) sax_->pending = bytes;
  return absl::OkStatus();
}

// Of the head as far as it is known: garbage is refused at its first bytes, not when 64 KiB of it have come.
absl::Status ResponseParser::CheckHead(std::string_view bytes) const {
  constexpr std::string_view kBegin = "HTTP/1.";
  if (bytes.substr(0, kBegin.size()) != kBegin.substr(0, bytes.size())) {
    return InvalidArgument("the answer does not begin with HTTP/1");
  }
  if (bytes.find("\n ") != std::string_view::npos || bytes.find("\n\t") != std::string_view::npos) {
    return InvalidArgument("a header line is folded");
  }
  return absl::OkStatus();
}

absl::Status ResponseParser::SkipInterimAnswer() {
  if (sax_->status == 101) return InvalidArgument("the upstream switches protocols, which nobody asked for");
  if (++interim_answers_ > kInterimAnswerLimit) return InvalidArgument("too many interim (1xx) answers");
  interim_seen_ = true;
  sax_ = std::make_unique<Sax>(expect_);
  return absl::OkStatus();
}

absl::Status ResponseParser::FeedEof() {
  if (failed_) return InvalidArgument("the answer was malformed before");
  if (done()) return absl::OkStatus();
  if (!started()) return InvalidArgument("the connection was closed before the answer began");
  if (!head_done()) return InvalidArgument("the connection was closed in the head of the answer");
  if (in_chunks()) {
    failed_ = true;
    return InvalidArgument("the connection was closed in the body of the answer");
  }
  beast::error_code error;
  sax_->put_eof(error);
  if (!error && done()) return absl::OkStatus();
  failed_ = true;
  return InvalidArgument("the connection was closed in the body of the answer");
}

}  // namespace ccp::edge
