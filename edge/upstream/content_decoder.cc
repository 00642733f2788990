#include "edge/upstream/content_decoder.h"

#include <zlib.h>

#include <array>
#include <utility>

#include "common/base/text.h"

namespace ccp::edge {

struct ContentDecoder::Stream {
  z_stream z{};
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&z); }
};

ContentDecoder::ContentDecoder(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
ContentDecoder::~ContentDecoder() = default;

absl::StatusOr<std::unique_ptr<ContentDecoder>> ContentDecoder::For(std::string_view content_encoding) {
  const std::string encoding = ToLower(Trim(content_encoding));
  if (encoding.empty() || encoding == "identity") return std::unique_ptr<ContentDecoder>();
  if (encoding != "gzip" && encoding != "x-gzip" && encoding != "deflate") {
    return InvalidArgument("the answer has a content-encoding that was not asked for: want identity or gzip");
  }
  constexpr int kGzipOrZlib = 15 + 32;  // Largest window; the header says which of the two it is.
  auto stream = std::make_unique<Stream>();
  if (inflateInit2(&stream->z, kGzipOrZlib) != Z_OK) return Internal("zlib: out of memory");
  return std::unique_ptr<ContentDecoder>(new ContentDecoder(std::move(stream)));
}

absl::Status ContentDecoder::CheckBounds() const {
  if (out_bytes_ > kMaxBytes) return InvalidArgument("the compressed answer is larger than 64 MiB");
  if (out_bytes_ > kFreeBytes && out_bytes_ / kMaxRatio > in_bytes_) {
    return InvalidArgument("the compressed answer grows more than a hundredfold");
  }
  return absl::OkStatus();
}

absl::Status ContentDecoder::Feed(std::string_view bytes, std::string& out) {
  if (ended_ && !bytes.empty()) return InvalidArgument("bytes follow the end of the compressed answer");
  std::array<char, 16 * 1024> buffer;
  z_stream& z = stream_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib only reads it.
  z.avail_in = static_cast<uInt>(bytes.size());
  in_bytes_ += bytes.size();
  for (;;) {
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&z, Z_SYNC_FLUSH);
    const std::size_t written = buffer.size() - z.avail_out;
    out.append(buffer.data(), written);
    out_bytes_ += written;
    if (auto status = CheckBounds(); !status.ok()) return status;
    if (result == Z_STREAM_END) {
      ended_ = true;
      return z.avail_in == 0 ? absl::OkStatus() : InvalidArgument("bytes follow the end of the compressed answer");
    }
    if (result == Z_BUF_ERROR) return absl::OkStatus();  // Nothing more can be had from these bytes.
    if (result != Z_OK) return InvalidArgument("the compressed answer is damaged");
    if (z.avail_in == 0 && z.avail_out != 0) return absl::OkStatus();
  }
}

absl::Status ContentDecoder::Finish() const {
  return ended_ || in_bytes_ == 0 ? absl::OkStatus() : InvalidArgument("the compressed answer is cut short");
}

}  // namespace ccp::edge
