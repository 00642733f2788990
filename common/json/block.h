// Sixteen or sixty-four bytes looked at together: SSE2, which every x86-64 has, or a plain loop elsewhere.
// For common/json and common/tokens only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ccp::json {

// Bit i of a mask stands for byte i.
class Block {
 public:
  static constexpr std::size_t kBytes = 16;

#if defined(__SSE2__)
  explicit Block(const char* bytes) { std::memcpy(&bytes_, bytes, kBytes); }
  std::uint32_t Equal(char c) const { return Mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }
  std::uint32_t EqualIgnoring(char bits, char c) const {  // c has those bits set.
    return Mask(_mm_cmpeq_epi8(_mm_or_si128(bytes_, _mm_set1_epi8(bits)), _mm_set1_epi8(c)));
  }
  std::uint32_t AtMost(char c) const { return Mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(c)), bytes_)); }

 private:
  static std::uint32_t Mask(__m128i bytes) { return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes)); }
  __m128i bytes_;
#else
  explicit Block(const char* bytes) { std::memcpy(bytes_, bytes, kBytes); }
  std::uint32_t Equal(char c) const {
    return Mask([c](char byte) { return byte == c; });
  }
  std::uint32_t EqualIgnoring(char bits, char c) const {  // c has those bits set.
    return Mask([bits, c](char byte) { return (byte | bits) == c; });
  }
  std::uint32_t AtMost(char c) const {
    return Mask([c](char byte) { return static_cast<unsigned char>(byte) <= static_cast<unsigned char>(c); });
  }

 private:
  template <typename Predicate>
  std::uint32_t Mask(Predicate predicate) const {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kBytes; ++i) mask |= static_cast<std::uint32_t>(predicate(bytes_[i])) << i;
    return mask;
  }
  char bytes_[kBytes];
#endif
};

// Four blocks; bit i of a 64-bit mask stands for byte i. `of(block)` gives one block's mask.
class WideBlock {
 public:
  static constexpr std::size_t kBytes = 4 * Block::kBytes;

  explicit WideBlock(const char* bytes)
      : blocks_{Block(bytes), Block(bytes + 16), Block(bytes + 32), Block(bytes + 48)} {}

  template <typename Of>
  std::uint64_t Mask(Of of) const {
    const auto wide = [&](std::size_t i) { return static_cast<std::uint64_t>(of(blocks_[i])) << (i * Block::kBytes); };
    return wide(0) | wide(1) | wide(2) | wide(3);
  }

 private:
  Block blocks_[4];
};

}  // namespace ccp::json
