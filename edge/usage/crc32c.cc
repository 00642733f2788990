#include "edge/usage/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define CCP_CRC32C_INSTRUCTION 1
#include <immintrin.h>
#endif

namespace ccp::edge {
namespace {

using Table = std::array<std::uint32_t, 256>;

// Four tables, so that four bytes are folded in at once: kTables[k][b] is the sum of b followed by k zero bytes.
constexpr std::array<Table, 4> MakeTables() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F63B78;
  std::array<Table, 4> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, 4> kTables = MakeTables();

std::uint32_t ByTables(std::string_view bytes, std::uint32_t crc) {
  const auto byte = [&bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    crc ^= byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24);
    crc =
        kTables[3][crc & 0xFF] ^ kTables[2][(crc >> 8) & 0xFF] ^ kTables[1][(crc >> 16) & 0xFF] ^ kTables[0][crc >> 24];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kTables[0][(crc ^ byte(i)) & 0xFF];
  return crc;
}

#if defined(CCP_CRC32C_INSTRUCTION)
// SSE4.2 has this very sum as an instruction.
[[gnu::target("sse4.2")]] std::uint32_t ByInstruction(std::string_view bytes, std::uint32_t crc) {
  std::uint64_t sum = crc;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + i, 8);
    sum = _mm_crc32_u64(sum, eight);
  }
  crc = static_cast<std::uint32_t>(sum);
  for (; i < bytes.size(); ++i) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(bytes[i]));
  return crc;
}

#endif

}  // namespace

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc) {
#if defined(CCP_CRC32C_INSTRUCTION)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~ByInstruction(bytes, ~crc);
#endif
  return Crc32cByTables(bytes, crc);
}

std::uint32_t Crc32cByTables(std::string_view bytes, std::uint32_t crc) { return ~ByTables(bytes, ~crc); }

}  // namespace ccp::edge
