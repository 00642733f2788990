#include "edge/translate/sse_reader.h"

#include <algorithm>
#include <cstring>

namespace ccp::translate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kKeptCapacity = 64 * 1024;  // A reader that once saw a huge event does not keep its memory.

void ClearBuffer(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) buffer.shrink_to_fit();
}

// Copies what `view` shows, unless it shows the copy already.
void KeepIn(std::string& copy, std::string_view& view) {
  if (view.data() != copy.data()) copy.assign(view);
  view = copy;
}

}  // namespace

SseReader::Kept& SseReader::kept() {
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>();
  return *kept_;
}

void SseReader::Add(std::string_view bytes) {
  input_ = bytes;
  next_newline_ = next_return_ = nullptr;
}

void SseReader::End() { ended_ = true; }

std::optional<SseReader::Event> SseReader::Next() {
  if (dispatched_) ClearEvent();
  while (!overflowed_) {
    const std::optional<std::string_view> line = NextLine();
    if (!line) break;
    const bool from_buffer = line_from_buffer_;
    const bool complete = TakeLine(*line, !from_buffer);
    if (from_buffer) ClearBuffer(kept_->line);
    if (data_.size() > max_event_bytes_) overflowed_ = true;
    if (complete && !overflowed_) {
      dispatched_ = true;
      return Event{name_, data_};
    }
  }
  if (ended_ && has_data_ && !overflowed_) {
    dispatched_ = true;
    return Event{name_, data_};
  }
  KeepForNextRead();
  return std::nullopt;
}

// Where the first line of input_ ends, or input_.size().
std::size_t SseReader::FindLineEnd() {
  FindNext('\n', next_newline_);
  FindNext('\r', next_return_);
  return static_cast<std::size_t>(std::min(next_newline_, next_return_) - input_.data());
}

// A stream without the one or the other is searched for it once a read, not once a line.
void SseReader::FindNext(char c, const char*& next) const {
  if (next != nullptr && next >= input_.data()) return;
  const void* const found = std::memchr(input_.data(), c, input_.size());
  next = found != nullptr ? static_cast<const char*>(found) : input_.data() + input_.size();
}

std::optional<std::string_view> SseReader::NextLine() {
  if (skip_newline_ && !input_.empty()) {
    if (input_.front() == '\n') input_.remove_prefix(1);
    skip_newline_ = false;
  }
  line_from_buffer_ = false;
  const std::size_t length = input_.empty() ? 0 : FindLineEnd();
  if (length == input_.size()) {
    if (length > 0) kept().line += input_;
    input_ = {};
    if (line().size() > max_event_bytes_) overflowed_ = true;
    if (!ended_ || line().empty()) return std::nullopt;
    line_from_buffer_ = true;
    return line();
  }
  const std::string_view end_of_line = input_.substr(0, length);
  skip_newline_ = input_[length] == '\r';
  input_.remove_prefix(length + 1);
  if (line().empty()) return end_of_line;
  kept_->line += end_of_line;
  line_from_buffer_ = true;
  return line();
}

bool SseReader::TakeLine(std::string_view line, bool stays) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    if (has_data_) return true;
    ClearEvent();  // A name without data is no event.
    return false;
  }
  constexpr std::string_view kUsualBeginning = "data: ";
  if (line.starts_with(kUsualBeginning)) {
    SetField("data", line.substr(kUsualBeginning.size()), stays);
    return false;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return false;  // A comment: a sign of life, nothing more.
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  SetField(line.substr(0, colon), value, stays);
  return false;
}

void SseReader::SetField(std::string_view name, std::string_view value, bool stays) {
  if (name == "event") {
    name_ = value;
    if (!stays) KeepIn(kept().name, name_);
  } else if (name == "data") {
    if (has_data_) return AddData(value);
    has_data_ = true;
    data_ = value;
    if (!stays) KeepIn(kept().data, data_);
  }
}

void SseReader::AddData(std::string_view value) {
  std::string& data = kept().data;
  KeepIn(data, data_);
  data += '\n';
  data += value;
  data_ = data;
}

void SseReader::KeepForNextRead() {
  if (!name_.empty()) KeepIn(kept().name, name_);
  if (has_data_) KeepIn(kept().data, data_);
}

void SseReader::ClearEvent() {
  if (kept_ != nullptr) {
    ClearBuffer(kept_->name);
    ClearBuffer(kept_->data);
  }
  name_ = data_ = {};
  has_data_ = false;
  dispatched_ = false;
}

}  // namespace ccp::translate
