// Cutting a text into the pieces within which byte pairs are merged: the o200k pattern, coded by hand because its
// look-ahead is beyond RE2 and a general engine would be the slowest part of counting.
//
//   [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// White space is Unicode's, as in OpenAI's own implementation; contractions are ASCII.
// Pure. CharacterClasses is immutable after construction; a PieceReader belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ccp::tokens {

// What the pattern can tell apart. Each is a bit, so that a set of classes is one number.
enum CharacterClass : std::uint8_t {
  kOther = 1,
  kUpper = 2,      // Lu, Lt
  kLower = 4,      // Ll
  kCaseless = 8,   // Lm, Lo
  kMark = 16,      // M
  kNumber = 32,    // N
  kSpace = 64,     // White space but \r and \n.
  kNewline = 128,  // \r \n
};

// The class of every code point, in blocks of 256 of which equal ones are kept once (about 25 KB).
class CharacterClasses {
 public:
  CharacterClasses();
  CharacterClass Of(std::uint32_t code_point) const {  // Up to U+10FFFF.
    return classes_[block_of_[code_point / kBlockSize] * kBlockSize + code_point % kBlockSize];
  }

 private:
  static constexpr std::uint32_t kBlockSize = 256;
  static constexpr std::uint32_t kBlocks = 0x110000 / kBlockSize;
  std::array<std::uint16_t, kBlocks> block_of_{};
  std::vector<CharacterClass> classes_;
};

// Reads a text piece by piece. Ill-formed UTF-8 is one character of class kOther for each byte.
class PieceReader {
 public:
  PieceReader(std::string_view text, const CharacterClasses& classes) : text_(text), classes_(classes) {}

  // The next piece, never empty; empty at the end of the text.
  std::string_view Next();

 private:
  struct Character {
    std::uint8_t set;    // Its class; 0 at the end of the text, so it is in no set.
    std::uint8_t bytes;
  };
  Character At(std::size_t at) const;
  Character AtWide(std::size_t at) const;
  std::size_t RunEnd(std::size_t at, int set) const;
  std::size_t PieceEnd(std::size_t begin) const;
  std::size_t WordEnd(std::size_t begin) const;
  std::size_t PrefixedWordEnd(std::size_t begin, Character prefix) const;
  std::size_t ContractionEnd(std::size_t at) const;
  std::size_t NumberEnd(std::size_t begin) const;
  std::size_t SymbolsEnd(std::size_t begin) const;
  std::size_t WhiteSpaceEnd(std::size_t begin) const;

  std::string_view text_;
  const CharacterClasses& classes_;
  std::size_t at_ = 0;
};

}  // namespace ccp::tokens
