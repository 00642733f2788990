// Estimating tokens from what a text is made of, without a vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccp::tokens {

// Adds up a text in any number of parts: words, their letters, symbols, digits and characters beyond ASCII, each of which
// costs a known share of a token on average. Takes JSON text as it stands, still escaped, about as well as plain text.
// Sixteen bytes are looked at together, and of a long text a quarter,
// because routing asks for every request.
// A value type for one thread.
class Estimator {
 public:
  void Add(std::string_view text);
  std::int64_t Tokens();

  // What is counted; the weights are in estimate.cc.
  enum Feature : std::size_t {
    kWordStarts,    // A letter after something that is no letter.
    kLetters,
    kCapitals,      // A capital letter after a small one: "camelCase".
    kDigits,
    kSymbolStarts,  // An ASCII symbol after something that is no symbol.
    kSymbols,
    kBackslashes,
    kControls,      // Newlines and tabs.
    kSpacePairs,    // A space after a space.
    kLatin,         // Characters beyond ASCII, by the first byte of their UTF-8: Latin with diacritics,
    kTwoBytes,      // Greek, Cyrillic, Hebrew, Arabic,
    kThreeBytes,    // Indic, Thai, Georgian and typographic signs,
    kEastAsian,     // Chinese, Japanese, Korean,
    kFourBytes,     // emoji and rare scripts.
    kFeatures,
  };
  const std::int64_t* features();  // kFeatures numbers.

 private:
  using Bytes [[gnu::vector_size(16)]] = std::uint8_t;
  void AddWhole(std::string_view text);
  void AddBlock(Bytes bytes, Bytes previous);
  void Flush();

  Bytes counts_[kFeatures] = {};    // Sixteen small counters each; they overflow after 255 blocks.
  int blocks_ = 0;
  std::int64_t totals_[kFeatures] = {};
};

}  // namespace ccp::tokens
