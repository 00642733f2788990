// Frees an HTTP body from chunked framing, however its bytes are cut. Pure.
//
// Stricter than RFC 9112 demands of a recipient, because where a message ends must never be in doubt: a size is 1 to 16 hex
// digits, lines end with CRLF, extensions are bounded over the whole body, trailers are dropped and bounded.
// Errors: kInvalidArgument that says which rule was broken, kResourceExhausted as soon as a chunk is announced that would
//   make the body too large; then the decoder and its connection are of no more use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ccp::edge {

class ChunkDecoder {
 public:
  static constexpr std::size_t kExtensionLimitBytes = 1024;       // Over a whole body.
  static constexpr std::size_t kTrailerLimitBytes = 4 * 1024;

  explicit ChunkDecoder(std::uint64_t most_body_bytes = std::numeric_limits<std::uint64_t>::max()) : allowed_(most_body_bytes) {}

  // Appends the data in `bytes` to `body` and removes what it took; bytes behind the end of the message stay.
  absl::Status Feed(std::string_view& bytes, std::string& body);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : std::uint8_t {
    kSize, kExtension, kSizeLineFeed, kData, kDataReturn, kDataLineFeed, kTrailerBegin, kTrailerName, kTrailerValue,
    kTrailerLineFeed, kEndLineFeed, kDone
  };
  absl::Status TakeSize(std::string_view& bytes);
  absl::Status TakeExtension(std::string_view& bytes);
  absl::Status BeginTrailer(std::string_view& bytes);
  absl::Status TakeTrailerName(std::string_view& bytes);
  absl::Status TakeTrailerValue(std::string_view& bytes);
  absl::Status CountTrailer(std::size_t bytes);
  absl::Status Expect(std::string_view& bytes, char wanted, State next);

  absl::Status EndSize();

  std::uint64_t allowed_;               // Body bytes that may still be announced.
  State state_ = State::kSize;
  int digits_ = 0;
  std::uint64_t left_ = 0;              // Of the chunk.
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace ccp::edge
