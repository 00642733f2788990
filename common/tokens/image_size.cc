#include "common/tokens/image_size.h"

#include <algorithm>
#include <charconv>

namespace ccp::tokens {
namespace {

using namespace std::string_view_literals;

std::uint32_t Byte(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
std::uint32_t BigEndian16(std::string_view bytes, std::size_t at) { return Byte(bytes, at) << 8 | Byte(bytes, at + 1); }
std::uint32_t BigEndian32(std::string_view bytes, std::size_t at) {
  return BigEndian16(bytes, at) << 16 | BigEndian16(bytes, at + 2);
}
std::uint32_t LittleEndian16(std::string_view bytes, std::size_t at) { return Byte(bytes, at) | Byte(bytes, at + 1) << 8; }
std::uint32_t LittleEndian24(std::string_view bytes, std::size_t at) {
  return LittleEndian16(bytes, at) | Byte(bytes, at + 2) << 16;
}

std::optional<ImageSize> Valid(std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0) return std::nullopt;
  return ImageSize{width, height};
}

// The IHDR chunk comes first.
std::optional<ImageSize> ReadPng(std::string_view bytes) {
  if (bytes.size() < 24 || bytes.substr(12, 4) != "IHDR") return std::nullopt;
  return Valid(BigEndian32(bytes, 16), BigEndian32(bytes, 20));
}

std::optional<ImageSize> ReadGif(std::string_view bytes) {
  if (bytes.size() < 10) return std::nullopt;
  return Valid(LittleEndian16(bytes, 6), LittleEndian16(bytes, 8));
}

// Lossy (VP8), lossless (VP8L) and extended (VP8X) files each keep the size in a first chunk of their own.
std::optional<ImageSize> ReadWebP(std::string_view bytes) {
  if (bytes.size() < 30) return std::nullopt;
  const std::string_view chunk = bytes.substr(12, 4);
  if (chunk == "VP8 ") return Valid(LittleEndian16(bytes, 26) & 0x3FFF, LittleEndian16(bytes, 28) & 0x3FFF);
  if (chunk == "VP8X") return Valid(LittleEndian24(bytes, 24) + 1, LittleEndian24(bytes, 27) + 1);
  if (chunk != "VP8L" || Byte(bytes, 20) != 0x2F) return std::nullopt;
  const std::uint32_t packed = LittleEndian24(bytes, 21) | Byte(bytes, 24) << 24;  // 14 bits each.
  return Valid((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1);
}

// SOF0..SOF15 but the three of that range that mean something else: DHT, JPG and DAC.
bool IsFrameHeader(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Segments until the frame header; before it stand thumbnails and colour profiles of any size.
std::optional<ImageSize> ReadJpeg(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 9 <= bytes.size()) {
    if (Byte(bytes, at) != 0xFF) return std::nullopt;
    const std::uint32_t marker = Byte(bytes, at + 1);
    if (marker == 0xFF) {  // Fill byte.
      ++at;
      continue;
    }
    if (IsFrameHeader(marker)) return Valid(BigEndian16(bytes, at + 7), BigEndian16(bytes, at + 5));
    at += 2 + BigEndian16(bytes, at + 2);
  }
  return std::nullopt;
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

}  // namespace

std::optional<ImageSize> ReadImageSize(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return ReadPng(bytes);
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return ReadJpeg(bytes);
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) return ReadGif(bytes);
  if (bytes.starts_with("RIFF"sv) && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return ReadWebP(bytes);
  return std::nullopt;
}

std::string DecodeBase64Prefix(std::string_view base64, std::size_t max_bytes) {
  std::string bytes;
  bytes.reserve(std::min(max_bytes, base64.size() / 4 * 3 + 3));
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (std::size_t at = 0; at < base64.size() && bytes.size() < max_bytes; ++at) {
    const char c = base64[at];
    if (c == '\r' || c == '\n') continue;
    int digit = Base64Digit(c);
    if (c == '\\') {
      const std::string_view escape = base64.substr(at + 1, 5);
      if (escape.starts_with('n') || escape.starts_with('r')) ++at;
      if (!escape.starts_with("u00")) continue;  // "\/" is a digit behind the backslash.
      unsigned code = 0;
      std::from_chars(escape.data() + 3, escape.data() + escape.size(), code, 16);
      digit = Base64Digit(static_cast<char>(code));
      at += escape.size();
    }
    if (digit < 0) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count & 0xFF));
  }
  return bytes;
}

std::int64_t ImageTokens(ImageSize size) {
  const std::uint64_t tokens = (std::uint64_t{size.width} * size.height + 749) / 750;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(tokens, kMostImageTokens));
}

}  // namespace ccp::tokens
