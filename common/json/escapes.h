// The escapes inside JSON strings. For common/json only. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace ccp::json {

enum class Escapes : std::uint8_t {
  kInvalid,          // One that JSON does not know, or one cut short.
  kValid,
  kWithSurrogates,   // Valid, and \ud800 to \udfff stand among them: halves of characters, perhaps without their other half.
};

// How the bytes are looked at. kAnywhere is what a CPU without AVX2 gets; asked for by tests alone.
enum class Kernel : std::uint8_t { kBest, kAnywhere };

// `contents`: the inside of a string, valid UTF-8 and without control characters.
Escapes CheckEscapes(std::string_view contents, Kernel kernel = Kernel::kBest);

// Value of the four hex digits that `digits` begins with, or negative.
int HexCodeUnit(std::string_view digits);
inline bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
inline bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace ccp::json
