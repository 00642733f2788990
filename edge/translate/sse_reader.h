// Server-sent events out of a byte stream that may be cut anywhere. translation.md 4.2.
//
// Lenient where vendors are sloppy: any line ending, an optional byte order mark, and at the end of the stream a last
// event without its blank line still counts (the W3C text discards it; it is often the one that matters).
// An event that lies whole inside one read is handed out as views into that read, so the steady state allocates nothing.
//
// Use:   reader.Add(bytes); while (auto event = reader.Next()) ...; at the end reader.End(), then Next() until empty.
// Ownership: the bytes given to Add() must stay until Next() has returned nothing. Views in an Event live until the next call.
// Threading: thread-compatible. Time is linear in the bytes, however they are cut.
// Errors: overflowed() once an event grows over the limit; nothing more comes out then.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ccp::translate {

class SseReader {
 public:
  struct Event {
    std::string_view name;  // The event: field; "" if there was none.
    std::string_view data;  // Several data: lines joined with \n.
  };
  static constexpr std::size_t kMaxEventBytes = 32u << 20;

  explicit SseReader(std::size_t max_event_bytes = kMaxEventBytes) : max_event_bytes_(max_event_bytes) {}

  void Add(std::string_view bytes);
  std::optional<Event> Next();
  void End();

  bool overflowed() const { return overflowed_; }
  std::size_t remaining() const { return input_.size(); }  // Bytes of the read behind the event that Next() gave.
  // Nothing of an event has come since the last one was complete.
  bool at_boundary() const { return line().empty() && !has_data_ && name_.empty() && input_.empty(); }

 private:
  // What of an event whose end has not come is kept when its read is over.
  struct Kept {
    std::string line;  // The beginning of one.
    std::string name;
    std::string data;
  };
  Kept& kept();
  std::string_view line() const { return kept_ == nullptr ? std::string_view() : std::string_view(kept_->line); }

  std::optional<std::string_view> NextLine();
  std::size_t FindLineEnd();
  void FindNext(char c, const char*& next) const;
  bool TakeLine(std::string_view line, bool stays);  // Whether it dispatches an event.
  void SetField(std::string_view name, std::string_view value, bool stays);
  void AddData(std::string_view value);
  void KeepForNextRead();
  void ClearEvent();

  std::size_t max_event_bytes_;
  std::string_view input_;                 // What Next() has not looked at yet.
  const char* next_newline_ = nullptr;     // The next \n in input_, so that no byte is searched twice; input_'s end if none.
  const char* next_return_ = nullptr;      // The same of \r.
  std::string_view name_;                  // The fields of the event: where they stand in the read, or kept.
  std::string_view data_;
  std::unique_ptr<Kept> kept_;             // Made when a read cuts an event for the first time.
  bool line_from_buffer_ = false;          // NextLine() gave out the kept line.
  bool skip_newline_ = false;              // After \r: a \n belongs to it.
  bool first_line_ = true;
  bool ended_ = false;
  bool overflowed_ = false;
  bool dispatched_ = false;                // The event in name_ and data_ was handed out.
  bool has_data_ = false;
};

}  // namespace ccp::translate
