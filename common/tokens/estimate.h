// Estimating tokens from what a text is made of, without a vocabulary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccp::tokens {

// Adds up a text in any number of parts: words, their letters, symbols, digits and characters beyond ASCII, each of
// which costs a known share of a token on average. Takes JSON text as it stands, still escaped, about as well as plain
// text.
//
// Routing asks for every request, so 64 bytes are looked at together, and of what comes after the first 2 KB (of
// all parts together) an eighth, after 64 KB a thirty-second, in windows spread evenly: that differs from the whole by
// less than the estimate is off. A value type for one thread.
class Estimator {
 public:
  void Add(std::string_view text);
  std::int64_t Tokens() const;

  // What is counted; the weights are in estimate.cc.
  enum Feature : std::size_t {
    kWordStarts,  // A letter after something that is no letter.
    kLetters,
    kCapitals,  // A capital letter after a small one: "camelCase".
    kDigits,
    kSymbolStarts,  // An ASCII symbol after something that is no symbol.
    kSymbols,
    kBackslashes,
    kControls,    // Newlines and tabs.
    kSpacePairs,  // A space after a space.
    kLatin,       // Characters beyond ASCII, by the first byte of their UTF-8: Latin with diacritics,
    kTwoBytes,    // Greek, Cyrillic, Hebrew, Arabic,
    kThreeBytes,  // Indic, Thai, Georgian and typographic signs,
    kEastAsian,   // Chinese, Japanese, Korean,
    kFourBytes,   // emoji and rare scripts.
    kFeatures,
  };
  using Features = std::array<std::int64_t, kFeatures>;
  Features features() const;  // Of the whole text, as far as the sample tells.

  static constexpr std::size_t kStretches = 3;  // Of the text: the further on, the less of it is looked at.

 private:
  struct Counter {
    void Add(char before, std::string_view text);  // `before`: the character in front of the text.

    Features totals{};
    std::size_t bytes = 0;
  };

  std::size_t added_bytes_ = 0;
  std::size_t stretch_ = 0;        // The one that `added_bytes_` has come to.
  Counter counters_[kStretches];
};

}  // namespace ccp::tokens
