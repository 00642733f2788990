// Identifiers: random where they must be unique, derived where they must be stable.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccp {

// `bytes` random bytes from the operating system. Thread-safe. Not for the pure parts: there randomness is an argument.
std::string RandomBytes(std::size_t bytes);

// An id that is kept for long. Half of what a std::string takes, which has a block of memory for so many letters.
class Id {
 public:
  static constexpr std::size_t kMost = 31;  // Letters; what is more is left out.
  Id() = default;
  template <std::convertible_to<std::string_view> Text>
  Id(const Text& text) {  // NOLINT: implicit by intent
    const std::string_view letters = text;
    size_ = static_cast<std::uint8_t>(letters.copy(letters_.data(), kMost));
  }
  operator std::string_view() const { return {letters_.data(), size_}; }  // NOLINT

 private:
  std::array<char, kMost> letters_{};
  std::uint8_t size_ = 0;
};

// "req_", "msg_", "toolu_" ... + 24 characters of [0-9A-Za-z] from the operating system's randomness. Thread-safe.
std::string NewId(std::string_view prefix);

// 24 characters of [0-9A-Za-z] that depend on `seed` alone. Pure.
std::string DerivedId(std::string_view prefix, std::string_view seed);

std::string Sha256(std::string_view bytes);                              // 32 bytes. Pure.
std::string HmacSha256(std::string_view key, std::string_view bytes);    // 32 bytes. Pure.

}  // namespace ccp
