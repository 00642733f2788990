#include "edge/http/chunk_decoder.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr int kMostDigits = 16;

constexpr std::array<std::int8_t, 256> MakeHexValues() {
  std::array<std::int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    values[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}
constexpr std::array<std::int8_t, 256> kHexValues = MakeHexValues();

// What may stand in an extension or a trailer: no control character but a tab.
bool IsFieldByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// Of a name: RFC 9110's token.
bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

std::size_t LengthOf(std::string_view bytes, bool (*fits)(char)) {
  return static_cast<std::size_t>(std::find_if_not(bytes.begin(), bytes.end(), fits) - bytes.begin());
}

}  // namespace

absl::Status ChunkDecoder::Feed(std::string_view& bytes, std::string& body) {
  absl::Status status;
  while (!bytes.empty() && status.ok()) {
    switch (state_) {
      case State::kSize: status = TakeSize(bytes); break;
      case State::kExtension: status = TakeExtension(bytes); break;
      case State::kSizeLineFeed: status = Expect(bytes, '\n', left_ == 0 ? State::kTrailerBegin : State::kData); break;
      case State::kData: {
        const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        body.append(bytes.data(), size);
        bytes.remove_prefix(size);
        left_ -= size;
        if (left_ == 0) state_ = State::kDataReturn;
        break;
      }
      case State::kDataReturn: status = Expect(bytes, '\r', State::kDataLineFeed); break;
      case State::kDataLineFeed:
        digits_ = 0;
        status = Expect(bytes, '\n', State::kSize);
        break;
      case State::kTrailerBegin: status = BeginTrailer(bytes); break;
      case State::kTrailerName: status = TakeTrailerName(bytes); break;
      case State::kTrailerValue: status = TakeTrailerValue(bytes); break;
      case State::kTrailerLineFeed: status = Expect(bytes, '\n', State::kTrailerBegin); break;
      case State::kEndLineFeed: status = Expect(bytes, '\n', State::kDone); break;
      case State::kDone: return status;
    }
  }
  return status;
}

absl::Status ChunkDecoder::TakeSize(std::string_view& bytes) {
  std::size_t at = 0;
  for (; at < bytes.size(); ++at) {
    const std::int8_t value = kHexValues[static_cast<unsigned char>(bytes[at])];
    if (value < 0) break;
    if (++digits_ > kMostDigits) return InvalidArgument("a chunk's size has more than 16 digits");
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
  }
  bytes.remove_prefix(at);
  if (bytes.empty()) return absl::OkStatus();
  if (digits_ == 0) return InvalidArgument("a chunk's size is not a hexadecimal number");
  if (bytes.front() == ';') {
    state_ = State::kExtension;
    return EndSize();
  }
  if (bytes.front() != '\r') return InvalidArgument("a chunk's size is not a hexadecimal number");
  bytes.remove_prefix(1);
  state_ = State::kSizeLineFeed;
  return EndSize();
}

absl::Status ChunkDecoder::EndSize() {
  if (left_ > allowed_) return absl::ResourceExhaustedError("the body is too large");
  allowed_ -= left_;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::TakeExtension(std::string_view& bytes) {
  const std::size_t size = LengthOf(bytes, IsFieldByte);
  extension_bytes_ += size;
  bytes.remove_prefix(size);
  if (extension_bytes_ > kExtensionLimitBytes) return InvalidArgument("the chunk extensions are too long");
  if (bytes.empty()) return absl::OkStatus();
  return Expect(bytes, '\r', State::kSizeLineFeed);
}

// An empty line, which ends the body, or a field: a name without space in front, a colon, a value.
absl::Status ChunkDecoder::BeginTrailer(std::string_view& bytes) {
  if (bytes.front() == '\r') return Expect(bytes, '\r', State::kEndLineFeed);
  if (!IsNameByte(bytes.front())) return InvalidArgument("a trailer does not begin with a name");
  state_ = State::kTrailerName;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::TakeTrailerName(std::string_view& bytes) {
  const std::size_t size = LengthOf(bytes, IsNameByte);
  bytes.remove_prefix(size);
  if (auto status = CountTrailer(size); !status.ok() || bytes.empty()) return status;
  if (bytes.front() != ':') return InvalidArgument("a trailer is not a name, a colon and a value");
  bytes.remove_prefix(1);
  state_ = State::kTrailerValue;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::TakeTrailerValue(std::string_view& bytes) {
  const std::size_t size = LengthOf(bytes, IsFieldByte);
  bytes.remove_prefix(size);
  if (auto status = CountTrailer(size); !status.ok() || bytes.empty()) return status;
  return Expect(bytes, '\r', State::kTrailerLineFeed);
}

absl::Status ChunkDecoder::CountTrailer(std::size_t bytes) {
  trailer_bytes_ += bytes;
  if (trailer_bytes_ > kTrailerLimitBytes) return InvalidArgument("the trailers are too long");
  return absl::OkStatus();
}

absl::Status ChunkDecoder::Expect(std::string_view& bytes, char wanted, State next) {
  if (bytes.front() != wanted) return InvalidArgument("a chunk does not end where its size says, or its line not with CRLF");
  bytes.remove_prefix(1);
  state_ = next;
  return absl::OkStatus();
}

}  // namespace ccp::edge
