// Whether a model's answer is whole: Messages or Chat Completions, streamed or not. Pure.
//
// A fast wrong answer is no answer, so every one is looked at: a stream must end with message_stop or [DONE] and hold
// no error event, and nothing may follow; a JSON answer must parse and be a message or a completion. Threading:
// thread-compatible; one answer at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/document.h"

namespace ccp::bench {

class AnswerChecker {
 public:
  enum class Kind : std::uint8_t { kStream, kWhole };

  // `least_events`: a stream with fewer is wrong. `stamped`: its events hold the times they were written.
  AnswerChecker(Kind kind, std::int64_t least_events, bool stamped = false)
      : kind_(kind), least_events_(least_events), stamped_(stamped) {}

  void Begin();
  // Returns how many events ended with this piece of the body; for a whole answer 0.
  std::int64_t Feed(std::string_view body);
  // "" if the answer is right, else in two or three words what is wrong with it.
  std::string_view Verdict(int http_status);

  std::int64_t events() const { return events_; }
  // The times in the last piece's events, as ccp-mock writes them: "@" and 19 digits.
  const std::vector<std::int64_t>& stamps() const { return stamps_; }

 private:
  void Line(std::string_view line);
  void TakeStamp(std::string_view line);
  std::string_view StreamVerdict() const;
  std::string_view WholeVerdict();

  Kind kind_;
  std::int64_t least_events_;
  bool stamped_;
  std::string kept_;  // The unfinished line of a stream; the whole of any other body.
  std::vector<std::int64_t> stamps_;
  std::int64_t events_ = 0;
  bool ended_ = false;      // The terminal event was seen.
  bool continued_ = false;  // Another one came after it.
  bool error_ = false;
  json::Document document_;
};

}  // namespace ccp::bench
