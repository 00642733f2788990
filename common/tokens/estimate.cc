#include "common/tokens/estimate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "common/tokens/count.h"

namespace ccp::tokens {
namespace {

constexpr std::size_t kBlock = 16;
constexpr int kBlocksBeforeOverflow = 255;
// Of a long text only windows are looked at: a quarter of it, spread evenly, differs from the whole by
// less than the estimate itself is off.
constexpr std::size_t kSampledBytes = 1'024;
constexpr std::size_t kSampleEvery = 512;
constexpr std::size_t kSampleWindow = 128;

constexpr std::uint8_t kFiller = 0x80;  // Fills up the last block: a byte that counts as nothing.

// Tokens for each, fitted by least squares of the relative error to exact o200k counts of 1400 texts: C, C++, Python,
// JavaScript, JSON, shell, Markdown, English and 24 other languages, plain and escaped. 89 % of them come within 15 %;
// whole languages do but Russian (22 % high), Finnish (19 % low) and traditional Chinese (16 % low).
constexpr double kWeights[Estimator::kFeatures] = {0.211, 0.174, 0.926, 0.746, 0.484, 0.196, 0.032,
                                                   0.942, 0.061, 1.352, 0.375, 0.423, 0.817, 2.0};

}  // namespace

void Estimator::Add(std::string_view text) {
  if (text.size() < kSampledBytes) return AddWhole(text);
  Estimator sample;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size(); at += kSampleEvery) {
    const std::string_view window = text.substr(at, kSampleWindow);
    sample.AddWhole(window);
    seen += window.size();
  }
  const std::int64_t* found = sample.features();
  for (std::size_t feature = 0; feature < kFeatures; ++feature) {
    totals_[feature] += found[feature] * static_cast<std::int64_t>(text.size()) / static_cast<std::int64_t>(seen);
  }
}

void Estimator::AddWhole(std::string_view text) {
  Bytes before = Bytes{} + std::uint8_t{' '};
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    Bytes bytes = Bytes{} + kFiller;
    std::memcpy(&bytes, text.data() + at, std::min(kBlock, text.size() - at));
    // Each byte's neighbour: the last of the block before, then all but the last of this one.
    AddBlock(bytes, __builtin_shufflevector(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
    before = bytes;
  }
}

// A comparison of vectors gives -1 in each place where it holds, so counting is subtracting.
void Estimator::AddBlock(Bytes bytes, Bytes before) {
  const auto is_small = [](Bytes b) { return b - 'a' < 26; };
  const auto is_letter = [](Bytes b) { return (b | 0x20) - 'a' < 26; };
  const auto is_digit = [](Bytes b) { return b - '0' < 10; };
  // Printable ASCII that is neither space, letter nor digit.
  const auto is_symbol = [&](Bytes b) { return (b - 0x21 < 0x7F - 0x21) & ~is_letter(b) & ~is_digit(b); };

  const auto letter = is_letter(bytes);
  const auto symbol = is_symbol(bytes);
  counts_[kWordStarts] -= letter & ~is_letter(before);
  counts_[kLetters] -= letter;
  counts_[kCapitals] -= letter & ~is_small(bytes) & is_small(before);
  counts_[kDigits] -= is_digit(bytes);
  counts_[kSymbolStarts] -= symbol & ~is_symbol(before);
  counts_[kSymbols] -= symbol;
  counts_[kBackslashes] -= bytes == '\\';
  counts_[kControls] -= bytes < 0x20;
  counts_[kSpacePairs] -= (bytes == ' ') & (before == ' ');
  counts_[kLatin] -= bytes - 0xC2 < 0xCC - 0xC2;
  counts_[kTwoBytes] -= bytes - 0xCC < 0xE0 - 0xCC;
  counts_[kThreeBytes] -= bytes - 0xE0 < 0xE3 - 0xE0;
  counts_[kEastAsian] -= bytes - 0xE3 < 0xF0 - 0xE3;
  counts_[kFourBytes] -= bytes >= 0xF0;
  if (++blocks_ == kBlocksBeforeOverflow) Flush();
}

void Estimator::Flush() {
  for (std::size_t feature = 0; feature < kFeatures; ++feature) {
    for (std::size_t i = 0; i < kBlock; ++i) totals_[feature] += counts_[feature][i];
    counts_[feature] = Bytes{};
  }
  blocks_ = 0;
}

const std::int64_t* Estimator::features() {
  Flush();
  return totals_;
}

std::int64_t Estimator::Tokens() {
  Flush();
  return std::llround(std::inner_product(totals_, totals_ + kFeatures, kWeights, 0.0));
}

std::int64_t Estimate(std::string_view utf8) {
  Estimator estimator;
  estimator.Add(utf8);
  return estimator.Tokens();
}

}  // namespace ccp::tokens
