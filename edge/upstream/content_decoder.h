// gzip and deflate bodies, decoded as they come, for upstreams that compress although we asked for identity. Pure.
//
// Bounded against bombs: at most 100 times what came in (beyond the first 64 KiB), and at most 64 MiB in all.
// Errors: kInvalidArgument. Threading: thread-compatible.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ccp::edge {

class ContentDecoder {
 public:
  static constexpr std::size_t kMaxRatio = 100;
  static constexpr std::size_t kFreeBytes = 64 * 1024;             // Short texts may compress better than the ratio.
  static constexpr std::size_t kMaxBytes = 64 * 1024 * 1024;

  // For the value of a Content-Encoding header; nullptr: nothing to decode. An unknown encoding is an error.
  static absl::StatusOr<std::unique_ptr<ContentDecoder>> For(std::string_view content_encoding);
  ~ContentDecoder();

  absl::Status Feed(std::string_view bytes, std::string& out);  // Appends.
  absl::Status Finish() const;                                  // An error if the compressed text is not at its end.

 private:
  struct Stream;
  explicit ContentDecoder(std::unique_ptr<Stream> stream);
  absl::Status CheckBounds() const;

  std::unique_ptr<Stream> stream_;
  std::size_t in_bytes_ = 0;
  std::size_t out_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace ccp::edge
