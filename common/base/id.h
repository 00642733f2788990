// Identifiers: random where they must be unique, derived where they must be stable.
#pragma once

#include <string>
#include <string_view>

namespace ccp {

// `bytes` random bytes from the operating system. Thread-safe. Not for the pure parts: there randomness is an argument.
std::string RandomBytes(std::size_t bytes);

// "req_", "msg_", "toolu_" ... + 24 characters of [0-9A-Za-z] from the operating system's randomness. Thread-safe.
std::string NewId(std::string_view prefix);

// 24 characters of [0-9A-Za-z] that depend on `seed` alone. Pure.
std::string DerivedId(std::string_view prefix, std::string_view seed);

std::string Sha256(std::string_view bytes);                              // 32 bytes. Pure.
std::string HmacSha256(std::string_view key, std::string_view bytes);    // 32 bytes. Pure.

}  // namespace ccp
