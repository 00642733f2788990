#include "common/tokens/pieces.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "common/json/utf8.h"

namespace ccp::tokens {
namespace {

// ---- The table ------------------------------------------------------------------------------------------------------

enum class RunClass : std::uint8_t { O, U, L, C, M, N, S, W, A, B };

struct Run {
  std::uint32_t first;
  RunClass run_class;
};

constexpr Run kRuns[] = {
    // clang-format off
#define N RunClass::N
#define U RunClass::U
#define L RunClass::L
#define C RunClass::C
#define M RunClass::M
#define S RunClass::S
#define W RunClass::W
#define O RunClass::O
#define A RunClass::A
#define B RunClass::B
#include "common/tokens/unicode_classes.inc"
#undef N
#undef U
#undef L
#undef C
#undef M
#undef S
#undef W
#undef O
#undef A
#undef B
    // clang-format on
};

CharacterClass ClassIn(RunClass run_class, std::uint32_t code_point) {
  const bool even = code_point % 2 == 0;
  switch (run_class) {
    case RunClass::U: return kUpper;
    case RunClass::L: return kLower;
    case RunClass::C: return kCaseless;
    case RunClass::M: return kMark;
    case RunClass::N: return kNumber;
    case RunClass::S: return kSpace;
    case RunClass::W: return kNewline;
    case RunClass::A: return even ? kUpper : kLower;
    case RunClass::B: return even ? kLower : kUpper;
    case RunClass::O: break;
  }
  return kOther;
}

// Whether all `size` code points from `first` on are of the run's one class: whole scripts, private use, nothing at all.
bool Fills(const Run* run, std::uint32_t first, std::uint32_t size) {
  const bool alternates = run->run_class == RunClass::A || run->run_class == RunClass::B;
  return !alternates && (std::next(run) == std::end(kRuns) || std::next(run)->first >= first + size);
}

// ---- The sets of the pattern ----------------------------------------------------------------------------------------

constexpr int kWordUpper = kUpper | kCaseless | kMark;  // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
constexpr int kWordLower = kLower | kCaseless | kMark;  // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
constexpr int kWord = kWordUpper | kWordLower;
constexpr int kEitherCase = kWordUpper & kWordLower;
constexpr int kPrefix = kOther | kSpace | kMark;        // [^\r\n\p{L}\p{N}]
constexpr int kSymbol = kOther | kMark;                 // [^\s\p{L}\p{N}]
constexpr int kWhite = kSpace | kNewline;               // \s

char LowerAscii(char c) { return static_cast<char>(c | 0x20); }

std::uint32_t CodePoint(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i])); };
  switch (sequence.size()) {
    case 2: return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3: return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    default: return byte(0);
  }
}

}  // namespace

CharacterClasses::CharacterClasses() {
  std::map<std::vector<CharacterClass>, std::uint16_t> known;
  std::vector<CharacterClass> block(kBlockSize);
  const Run* run = std::begin(kRuns);
  const Run* filling = nullptr;  // The run of which the block before was a part, if it was nothing else.
  for (std::uint32_t number = 0; number < kBlocks; ++number) {
    const std::uint32_t first = number * kBlockSize;
    if (filling != nullptr && filling == run && Fills(run, first, kBlockSize)) {  // Most blocks: whole planes are alike.
      block_of_[number] = block_of_[number - 1];
      continue;
    }
    filling = nullptr;
    for (std::uint32_t i = 0; i < kBlockSize; ++i) {
      if (std::next(run) != std::end(kRuns) && std::next(run)->first == first + i) ++run;
      block[i] = ClassIn(run->run_class, first + i);
      if (i == 0 && Fills(run, first, kBlockSize)) {
        std::fill(block.begin(), block.end(), block[0]);
        filling = run;
        break;
      }
    }
    const auto [found, is_new] = known.try_emplace(block, static_cast<std::uint16_t>(known.size()));
    if (is_new) classes_.insert(classes_.end(), block.begin(), block.end());
    block_of_[number] = found->second;
  }
}

std::string_view PieceReader::Next() {
  if (at_ == text_.size()) return {};
  const std::size_t begin = at_;
  at_ = PieceEnd(begin);
  return text_.substr(begin, at_ - begin);
}

PieceReader::Character PieceReader::At(std::size_t at) const {
  if (at == text_.size()) return {0, 0};
  const auto byte = static_cast<unsigned char>(text_[at]);
  if (byte < 0x80) return {classes_.Of(byte), 1};
  return AtWide(at);
}

PieceReader::Character PieceReader::AtWide(std::size_t at) const {
  const std::string_view rest = text_.substr(at);
  const std::size_t bytes = json::Utf8SequenceLength(rest);
  if (bytes == 0) return {kOther, 1};
  return {classes_.Of(CodePoint(rest.substr(0, bytes))), static_cast<std::uint8_t>(bytes)};
}

std::size_t PieceReader::RunEnd(std::size_t at, int set) const {
  Character character = At(at);
  while ((character.set & set) != 0) {
    at += character.bytes;
    character = At(at);
  }
  return at;
}

std::size_t PieceReader::PieceEnd(std::size_t begin) const {
  const Character first = At(begin);
  const std::size_t second = begin + first.bytes;
  if ((first.set & kPrefix) != 0) {
    const int next = At(second).set;
    if (first.set == kMark || (next & kWord) != 0) return PrefixedWordEnd(begin, first);
    if (first.set == kOther) return SymbolsEnd(begin);
    if (text_[begin] == ' ' && (next & kSymbol) != 0) return SymbolsEnd(second);
    return WhiteSpaceEnd(begin);
  }
  if (first.set == kNumber) return NumberEnd(begin);
  if (first.set == kNewline) return WhiteSpaceEnd(begin);
  return ContractionEnd(WordEnd(begin));
}

// Both word branches of the pattern without their prefix; `begin` if neither matches. Upper-case letters and then lower-case
// ones; when no lower-case letter follows, the last letter without case ends the word ("漢ABC" -> "漢"); when there is none
// of those either, the upper-case letters alone are it.
std::size_t PieceReader::WordEnd(std::size_t begin) const {
  std::size_t at = begin;
  std::size_t last_either = begin;
  Character character = At(at);
  while ((character.set & kWordUpper) != 0) {
    at += character.bytes;
    if ((character.set & kEitherCase) != 0) last_either = at;
    character = At(at);
  }
  if ((character.set & kWordLower) != 0) return RunEnd(at, kWordLower);
  return last_either != begin ? last_either : at;
}

// A mark is a prefix and may be part of the word. As prefix it needs a lower-case or caseless letter to come; otherwise
// the first branch takes the mark as the whole word, before the second branch is asked.
std::size_t PieceReader::PrefixedWordEnd(std::size_t begin, Character prefix) const {
  const std::size_t word = begin + prefix.bytes;
  if (prefix.set == kMark && (At(RunEnd(word, kUpper)).set & kWordLower) == 0) return ContractionEnd(word);
  return ContractionEnd(WordEnd(word));
}

std::size_t PieceReader::ContractionEnd(std::size_t at) const {
  if (text_.size() - at < 2 || text_[at] != '\'') return at;
  const char first = LowerAscii(text_[at + 1]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if (text_.size() - at < 3) return at;
  const char second = LowerAscii(text_[at + 2]);
  const bool matches = (first == 'l' && second == 'l') || ((first == 'r' || first == 'v') && second == 'e');
  return matches ? at + 3 : at;
}

std::size_t PieceReader::NumberEnd(std::size_t begin) const {
  std::size_t at = begin;
  for (int digits = 0; digits < 3; ++digits) {
    const Character character = At(at);
    if (character.set != kNumber) break;
    at += character.bytes;
  }
  return at;
}

std::size_t PieceReader::SymbolsEnd(std::size_t begin) const {
  std::size_t at = RunEnd(begin, kSymbol);
  while (at < text_.size() && (text_[at] == '\r' || text_[at] == '\n' || text_[at] == '/')) ++at;
  return at;
}

// Up to the last newline of the run; without one the whole run, except that its last character is left to what follows.
std::size_t PieceReader::WhiteSpaceEnd(std::size_t begin) const {
  std::size_t at = begin;
  std::size_t last_begin = begin;
  std::size_t newline_end = begin;
  Character character = At(at);
  while ((character.set & kWhite) != 0) {
    last_begin = at;
    at += character.bytes;
    if (character.set == kNewline) newline_end = at;
    character = At(at);
  }
  if (newline_end != begin) return newline_end;
  return at == text_.size() || last_begin == begin ? at : last_begin;
}

}  // namespace ccp::tokens
