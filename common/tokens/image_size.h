// Width and height of an image from the beginning of its file, and how many tokens it costs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccp::tokens {

struct ImageSize {
  std::uint32_t width = 0;   // Pixels, at least 1.
  std::uint32_t height = 0;
  bool operator==(const ImageSize&) const = default;
};

// From the header of a PNG, JPEG, GIF or WebP. `bytes` may be a beginning of the file; nullopt when it is too short, or
// of another format, or damaged.
std::optional<ImageSize> ReadImageSize(std::string_view bytes);

// At most `max_bytes` of what `base64`, the contents of a JSON string, stands for. Line breaks are passed over, "\/"
// and "\u002B" are digits; stops at what is no base64.
std::string DecodeBase64Prefix(std::string_view base64, std::size_t max_bytes);

// width * height / 750, at most 1600: larger images are scaled down before a model sees them.
std::int64_t ImageTokens(ImageSize size);
inline constexpr std::int64_t kMostImageTokens = 1600;

}  // namespace ccp::tokens
