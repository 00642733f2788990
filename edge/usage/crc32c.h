// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4 and ext4; not the CRC-32 of zlib. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace ccp::edge {

// Crc32c("123456789") == 0xE3069283. `crc` continues an earlier sum: Crc32c("bc", Crc32c("a")) == Crc32c("abc").
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc = 0);
std::uint32_t Crc32cByTables(std::string_view bytes, std::uint32_t crc = 0);  // The same on a CPU without SSE4.2.

}  // namespace ccp::edge
