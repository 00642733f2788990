#include "tools/bench/load/answer_checker.h"

#include <charconv>

namespace ccp::bench {

void AnswerChecker::Begin() {
  kept_.clear();
  events_ = 0;
  ended_ = continued_ = error_ = false;
}

std::int64_t AnswerChecker::Feed(std::string_view body) {
  if (kind_ == Kind::kWhole) {
    kept_ += body;
    return 0;
  }
  stamps_.clear();
  const std::int64_t before = events_;
  for (std::size_t end = body.find('\n'); end != std::string_view::npos; end = body.find('\n')) {
    if (kept_.empty()) {
      Line(body.substr(0, end));
    } else {
      kept_ += body.substr(0, end);
      Line(kept_);
      kept_.clear();
    }
    body.remove_prefix(end + 1);
  }
  kept_ += body;
  return events_ - before;
}

void AnswerChecker::Line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::string_view kData = "data: ";
  if (!line.starts_with(kData)) return;
  line.remove_prefix(kData.size());
  ++events_;
  continued_ = ended_;
  // Both kinds of error event begin with what names them, as every event of Messages does.
  if (line.starts_with(R"({"type":"error")") || line.starts_with(R"({"error")")) error_ = true;
  if (stamped_) TakeStamp(line);
  if (line == "[DONE]" || line.starts_with(R"({"type":"message_stop")")) ended_ = true;
}

void AnswerChecker::TakeStamp(std::string_view line) {
  constexpr std::size_t kDigits = 19;
  const std::size_t at = line.find('@');
  if (at == std::string_view::npos || line.size() - at <= kDigits) return;
  std::int64_t stamp = 0;
  const char* begin = line.data() + at + 1;
  if (std::from_chars(begin, begin + kDigits, stamp).ptr == begin + kDigits) stamps_.push_back(stamp);
}

std::string_view AnswerChecker::Verdict(int http_status) {
  if (http_status != 200) return "status not 200";
  return kind_ == Kind::kStream ? StreamVerdict() : WholeVerdict();
}

std::string_view AnswerChecker::StreamVerdict() const {
  if (error_) return "error event";
  if (!ended_ || !kept_.empty()) return "stream without end";
  if (continued_) return "event after the end";
  if (events_ < least_events_) return "events missing";
  return "";
}

std::string_view AnswerChecker::WholeVerdict() {
  if (!document_.Parse(kept_).ok()) return "not JSON";
  const json::Value root = document_.root();
  const bool is_message = root["type"].is("message") && root["stop_reason"].is_string() && !root["content"].empty();
  const bool is_completion = root["object"].is("chat.completion") && !root["choices"].empty();
  return is_message || is_completion ? "" : "not an answer";
}

}  // namespace ccp::bench
