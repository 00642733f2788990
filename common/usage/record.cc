#include "common/usage/record.h"

#include <algorithm>
#include <array>
#include <limits>

namespace ccp::usage {
namespace {

// Sums of products of two 64-bit numbers. A compiler extension, but one that g++ and clang share.
__extension__ using Int128 = __int128;

constexpr std::int64_t kPicoPerNano = 1000;

constexpr Int128 kMostNanoUsd = std::numeric_limits<std::int64_t>::max();

// An upstream may report nonsense: a negative count costs nothing rather than paying money back, and one bucket is
// bounded so that the sum of four stays far from overflow.
Int128 PicoUsd(std::int64_t tokens, std::int64_t pico_usd_per_token) {
  const Int128 product = static_cast<Int128>(std::max<std::int64_t>(tokens, 0)) * pico_usd_per_token;
  return std::clamp<Int128>(product, 0, kMostNanoUsd * kPicoPerNano);
}

template <std::size_t kCount>
std::string_view NameAt(const std::array<std::string_view, kCount>& names, std::size_t at) {
  return at < kCount ? names[at] : names[0];
}

}  // namespace

std::string_view QualityName(Quality quality) {
  static constexpr std::array<std::string_view, 4> kNames = {"unknown", "reported", "partial", "estimated"};
  return NameAt(kNames, static_cast<std::size_t>(quality));
}

std::string_view OutcomeName(Outcome outcome) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "unspecified", "ok", "upstream_error", "client_cancelled", "timeout", "cut_mid_stream", "edge_crash", "rejected"};
  return NameAt(kNames, static_cast<std::size_t>(outcome));
}

std::int64_t Cost(const Tokens& tokens, const config::Price& price) {
  // Reasoning is inside output and is not paid for twice.
  const Int128 pico = PicoUsd(tokens.input, price.input) + PicoUsd(tokens.cache_read, price.cache_read) +
                      PicoUsd(tokens.cache_write, price.cache_write) + PicoUsd(tokens.output, price.output);
  return static_cast<std::int64_t>(std::min((pico + kPicoPerNano / 2) / kPicoPerNano, kMostNanoUsd));
}

}  // namespace ccp::usage
