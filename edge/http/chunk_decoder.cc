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
      case State::kTrailerBegin:
        if (bytes.front() != '\r') {
          state_ = State::kTrailer;
          break;
        }
        status = Expect(bytes, '\r', State::kEndLineFeed);
        break;
      case State::kTrailer: status = TakeTrailer(bytes); break;
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
  const std::size_t size = static_cast<std::size_t>(std::find_if_not(bytes.begin(), bytes.end(), IsFieldByte) - bytes.begin());
  extension_bytes_ += size;
  bytes.remove_prefix(size);
  if (extension_bytes_ > kExtensionLimitBytes) return InvalidArgument("the chunk extensions are too long");
  if (bytes.empty()) return absl::OkStatus();
  return Expect(bytes, '\r', State::kSizeLineFeed);
}

absl::Status ChunkDecoder::TakeTrailer(std::string_view& bytes) {
  const std::size_t size = static_cast<std::size_t>(std::find_if_not(bytes.begin(), bytes.end(), IsFieldByte) - bytes.begin());
  trailer_bytes_ += size + 1;
  bytes.remove_prefix(size);
  if (trailer_bytes_ > kTrailerLimitBytes) return InvalidArgument("the trailers are too long");
  if (bytes.empty()) return absl::OkStatus();
  return Expect(bytes, '\r', State::kTrailerLineFeed);
}

absl::Status ChunkDecoder::Expect(std::string_view& bytes, char wanted, State next) {
  if (bytes.front() != wanted) return InvalidArgument("a chunk does not end where its size says, or its line not with CRLF");
  bytes.remove_prefix(1);
  state_ = next;
  return absl::OkStatus();
}

}  // namespace ccp::edge
