// Comparing names of a few bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ccp::json {

template <typename Word>
bool SameWords(const char* a, const char* b, std::size_t offset) {
  Word of_a, of_b;
  std::memcpy(&of_a, a + offset, sizeof(Word));
  std::memcpy(&of_b, b + offset, sizeof(Word));
  return of_a == of_b;
}

inline constexpr std::size_t kShortName = 16;

// REQUIRES: size <= kShortName.
inline bool SameShortBytes(const char* a, const char* b, std::size_t size) {
  if (size >= 8) return SameWords<std::uint64_t>(a, b, 0) && SameWords<std::uint64_t>(a, b, size - 8);
  if (size >= 4) return SameWords<std::uint32_t>(a, b, 0) && SameWords<std::uint32_t>(a, b, size - 4);
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

// Names are short, and those that come here nearly always the same: a call of memcmp() costs more than these comparisons.
inline bool SameBytes(const char* a, const char* b, std::size_t size) {
  return size > kShortName ? std::memcmp(a, b, size) == 0 : SameShortBytes(a, b, size);
}

}  // namespace ccp::json
