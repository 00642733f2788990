#include "tools/bench/load/response_reader.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace ccp::bench {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr std::string_view kVersion = "HTTP/1.1 ";

enum class Base : int { kDecimal = 10, kHex = 16 };

// The whole text as a number; false if it is none.
bool ReadNumber(std::string_view text, Base base, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, static_cast<int>(base));
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

ResponseReader::State ResponseReader::Feed(std::string_view bytes, const std::function<void(std::string_view)>& body) {
  while (!bytes.empty() && state_ != State::kMalformed) {
    if (state_ == State::kComplete) {
      state_ = State::kMalformed;
    } else if (state_ == State::kHead) {
      if (TakeLine(bytes)) HeadLine();
    } else if (framing_ == Framing::kLength || chunk_part_ == ChunkPart::kContent) {
      TakeContent(bytes, body);
    } else if (TakeLine(bytes)) {
      ChunkLine();
    }
  }
  return state_;
}

bool ResponseReader::TakeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  if (line_.size() > kLongestLine) state_ = State::kMalformed;
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

void ResponseReader::HeadLine() {
  const std::string line = std::move(line_);
  line_.clear();
  if (line.empty()) return EndHead();
  if (http_status_ == 0) {
    std::uint64_t status = 0;
    const bool fits = line.starts_with(kVersion) &&
                      ReadNumber(std::string_view(line).substr(kVersion.size(), 3), Base::kDecimal, status);
    if (!fits) state_ = State::kMalformed;
    http_status_ = static_cast<int>(status);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) {
    state_ = State::kMalformed;
    return;
  }
  const std::string name = ToLower(std::string_view(line).substr(0, colon));
  const std::string_view value = Trim(std::string_view(line).substr(colon + 1));
  if (name == "content-length") {
    framing_ = Framing::kLength;
    if (!ReadNumber(value, Base::kDecimal, due_)) state_ = State::kMalformed;
  } else if (name == "transfer-encoding") {
    framing_ = Framing::kChunked;
  } else if (name == "connection") {
    keep_alive_ = !EqualsIgnoreCase(value, "close");
  }
}

void ResponseReader::EndHead() {
  if (http_status_ == 0 || framing_ == Framing::kNone) {
    state_ = State::kMalformed;
  } else {
    state_ = framing_ == Framing::kLength && due_ == 0 ? State::kComplete : State::kBody;
  }
}

void ResponseReader::ChunkLine() {
  const std::string line = std::move(line_);
  line_.clear();
  switch (chunk_part_) {
    case ChunkPart::kSize:
      if (!ReadNumber(std::string_view(line).substr(0, line.find(';')), Base::kHex, due_)) state_ = State::kMalformed;
      chunk_part_ = due_ == 0 ? ChunkPart::kTrailer : ChunkPart::kContent;
      return;
    case ChunkPart::kContentEnd:
      if (!line.empty()) state_ = State::kMalformed;
      chunk_part_ = ChunkPart::kSize;
      return;
    case ChunkPart::kTrailer:
      if (line.empty()) state_ = State::kComplete;
      return;
    case ChunkPart::kContent:
      return;  // No lines there.
  }
}

void ResponseReader::TakeContent(std::string_view& bytes, const std::function<void(std::string_view)>& body) {
  const std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(due_, bytes.size()));
  body(piece);
  bytes.remove_prefix(piece.size());
  due_ -= piece.size();
  if (due_ > 0) return;
  if (framing_ == Framing::kLength) {
    state_ = State::kComplete;
  } else {
    chunk_part_ = ChunkPart::kContentEnd;
  }
}

}  // namespace ccp::bench
