// Source code as a tool result carries it has an escape every few bytes, at unpredictable places, and much of the time of
// a large request goes here: hence 64 bytes at once, without a branch for each escape, and with AVX2 where the CPU has it.
#include "common/json/escapes.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "common/json/block.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define CCP_JSON_HAS_AVX2_KERNEL 1
#include <immintrin.h>
#endif

namespace ccp::json {
namespace {

constexpr std::size_t kBlockBytes = 64;

// Of 64 bytes, a bit for each.
struct Found {
  std::uint64_t backslashes = 0;
  std::uint64_t escapable = 0;   // Characters that may follow a backslash: " \ / b f n r t u.
  std::uint64_t letters_u = 0;
};

// Looks at 64 bytes. If none of them is a backslash and none is `escaped` by one before them, the rest stays empty.
using Look = Found(const char* bytes, std::uint64_t escaped);

// Pairs that differ in one bit share a comparison.
std::uint32_t Escapable(const Block& block) {
  return block.Equal('"') | block.Equal('\\') | block.Equal('/') | block.EqualIgnoring('b' ^ 'r', 'r') |
         block.EqualIgnoring('f' ^ 'n', 'n') | block.EqualIgnoring('t' ^ 'u', 'u');
}

Found LookAnywhere(const char* bytes, std::uint64_t escaped) {
  const WideBlock block(bytes);
  Found found;
  found.backslashes = block.Mask([](const Block& b) { return b.Equal('\\'); });
  if ((found.backslashes | escaped) == 0) return found;
  found.escapable = block.Mask(Escapable);
  found.letters_u = block.Mask([](const Block& b) { return b.Equal('u'); });
  return found;
}

#if defined(CCP_JSON_HAS_AVX2_KERNEL)
[[gnu::target("avx2")]] inline std::uint64_t Mask(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

// 0xFF where a byte may not follow a backslash. A byte may if the classes of its two halves have one in common: 1 is
// " and /, 2 is the backslash, 4 is b f n, 8 is r t u. A byte beyond ASCII has no class: its lower half is not looked up.
[[gnu::target("avx2")]] inline __m256i NotEscapable(__m256i bytes) {
  const __m256i of_lower =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1));
  const __m256i of_upper = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
  const __m256i common = _mm256_and_si256(_mm256_shuffle_epi8(of_lower, bytes), _mm256_shuffle_epi8(of_upper, upper));
  return _mm256_cmpeq_epi8(common, _mm256_setzero_si256());
}

[[gnu::target("avx2")]] inline Found LookWithAvx2(const char* bytes, std::uint64_t escaped) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32));
  const __m256i backslash = _mm256_set1_epi8('\\');
  Found found;
  found.backslashes = Mask(_mm256_cmpeq_epi8(low, backslash), _mm256_cmpeq_epi8(high, backslash));
  if ((found.backslashes | escaped) == 0) return found;
  const __m256i letter_u = _mm256_set1_epi8('u');
  found.escapable = ~Mask(NotEscapable(low), NotEscapable(high));
  found.letters_u = Mask(_mm256_cmpeq_epi8(low, letter_u), _mm256_cmpeq_epi8(high, letter_u));
  return found;
}

#endif

// Tells which bytes a backslash escapes, across blocks. In a run of backslashes every other one is itself escaped: an
// addition carries through the run, so its end is found without a loop.
class EscapedBytes {
 public:
  std::uint64_t Next(std::uint64_t backslashes) {
    constexpr std::uint64_t kEvenBits = 0x5555'5555'5555'5555;
    backslashes &= ~carried_;
    const std::uint64_t follows = backslashes << 1 | carried_;
    const std::uint64_t odd_starts = backslashes & ~kEvenBits & ~follows;
    const std::uint64_t sum = odd_starts + backslashes;
    carried_ = sum < backslashes ? 1 : 0;
    return (kEvenBits ^ (sum << 1)) & follows;
  }
  std::uint64_t carried() const { return carried_; }

 private:
  std::uint64_t carried_ = 0;  // 1: the next block's first byte is escaped by this block's last.
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Of the \u escapes whose letters stand at `letters` of the block that begins at `at`.
Escapes CheckUnicodeEscapes(std::string_view contents, std::size_t at, std::uint64_t letters) {
  Escapes escapes = Escapes::kValid;
  for (; letters != 0; letters &= letters - 1) {
    const int unit = HexCodeUnit(contents.substr(at + static_cast<std::size_t>(std::countr_zero(letters)) + 1));
    if (unit < 0) return Escapes::kInvalid;
    if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) escapes = Escapes::kWithSurrogates;
  }
  return escapes;
}

// Inlined into each of its callers, so that it is compiled for the same CPU as what it looks with.
template <Look kLook>
[[gnu::always_inline]] inline Escapes CheckBlocks(std::string_view contents) {
  Escapes escapes = Escapes::kValid;
  EscapedBytes escaped_bytes;
  for (std::size_t at = 0; at < contents.size(); at += kBlockBytes) {
    char tail[kBlockBytes] = {};
    const char* bytes = contents.data() + at;
    if (contents.size() - at < kBlockBytes) {
      std::memcpy(tail, bytes, contents.size() - at);
      bytes = tail;
    }
    const Found found = kLook(bytes, escaped_bytes.carried());
    const std::uint64_t escaped = escaped_bytes.Next(found.backslashes);
    if ((escaped & ~found.escapable) != 0) return Escapes::kInvalid;
    if ((escaped & found.letters_u) == 0) continue;
    const Escapes unicode = CheckUnicodeEscapes(contents, at, escaped & found.letters_u);
    if (unicode == Escapes::kInvalid) return unicode;
    if (unicode == Escapes::kWithSurrogates) escapes = unicode;
  }
  return escaped_bytes.carried() != 0 ? Escapes::kInvalid : escapes;
}

Escapes CheckAnywhere(std::string_view contents) { return CheckBlocks<LookAnywhere>(contents); }

#if defined(CCP_JSON_HAS_AVX2_KERNEL)
[[gnu::target("avx2,bmi")]] Escapes CheckWithAvx2(std::string_view contents) { return CheckBlocks<LookWithAvx2>(contents); }

const auto kBestCheck = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") ? CheckWithAvx2 : CheckAnywhere;
#else
constexpr auto kBestCheck = CheckAnywhere;
#endif

}  // namespace

int HexCodeUnit(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int unit = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = HexDigit(c);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

Escapes CheckEscapes(std::string_view contents, Kernel kernel) {
  return kernel == Kernel::kBest ? kBestCheck(contents) : CheckAnywhere(contents);
}

}  // namespace ccp::json
