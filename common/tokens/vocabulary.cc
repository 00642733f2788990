#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/tokens/count.h"
#include "common/tokens/pieces.h"

namespace ccp::tokens {
namespace {

using Rank = std::uint32_t;
constexpr Rank kNoRank = std::numeric_limits<Rank>::max();
constexpr Rank kMaxRank = (1U << 24) - 1;        // A slot packs rank and length into 32 bits.
constexpr std::size_t kMaxTokenBytes = 255;

// Pieces up to this length are merged by looking through all pairs, longer ones with a heap.
constexpr std::size_t kShortPiece = 96;

// A piece longer than this is counted in parts, so that a hostile text cannot ask for much memory. Off by one token a part.
constexpr std::size_t kLongestPiece = 256 << 10;

std::uint64_t Load64(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// At most eight bytes as a number; the reads overlap instead of looping.
std::uint64_t LoadUpTo8(const char* bytes, std::size_t size) {
  if (size == 8) return Load64(bytes);
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  if (size >= 4) {
    std::memcpy(&low, bytes, 4);
    std::memcpy(&high, bytes + size - 4, 4);
    return low | std::uint64_t{high} << 32;
  }
  const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(bytes[i])}; };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

std::uint64_t Mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E37'79B9'7F4A'7C15;
  return hash ^ hash >> 29;
}

// What a token is found by: up to eight bytes are their own key, longer ones are known by a hash. Given the length, equal
// keys of short tokens mean equal tokens, so four of five lookups end without a look at the bytes.
constexpr std::size_t kExactKeyBytes = 8;

std::uint64_t Key(std::string_view bytes) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  if (left <= kExactKeyBytes) return LoadUpTo8(at, left);
  std::uint64_t hash = 0;
  for (; left > 8; at += 8, left -= 8) hash = Mix(hash, Load64(at));
  return Mix(hash, LoadUpTo8(at, left));
}

// Tokens by their bytes: open addressing, 16 bytes a slot.
class RankTable {
 public:
  void Reserve(std::size_t tokens, std::size_t bytes) {
    slots_.assign(std::bit_ceil(tokens + tokens / 4 + 1), Slot{});
    shift_ = 64 - std::countr_zero(slots_.size());
    bytes_.reserve(bytes);
  }

  bool Insert(std::string_view token, Rank rank) {  // False: it is there already.
    if (Find(token) != kNoRank) return false;
    const std::uint64_t key = Key(token);
    std::size_t at = Home(key, token.size());
    while (slots_[at].length_and_rank != 0) at = Following(at);
    slots_[at] = {key, static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(token.size()) << 24 | rank};
    if (token.size() > kExactKeyBytes) bytes_ += token;
    return true;
  }

  void DoneInserting() { bytes_.shrink_to_fit(); }

  Rank Find(std::string_view bytes) const {
    const std::uint64_t key = Key(bytes);
    for (std::size_t at = Home(key, bytes.size()); slots_[at].length_and_rank != 0; at = Following(at)) {
      if (slots_[at].key == key && IsToken(slots_[at], bytes)) return slots_[at].length_and_rank & kMaxRank;
    }
    return kNoRank;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t offset = 0;           // Of a long token, in bytes_.
    std::uint32_t length_and_rank = 0;  // 0: empty; a token has at least one byte.
  };
  std::size_t Home(std::uint64_t key, std::size_t size) const { return Mix(size, key) >> shift_; }
  std::size_t Following(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  bool IsToken(const Slot& slot, std::string_view bytes) const {
    if (slot.length_and_rank >> 24 != bytes.size()) return false;
    return bytes.size() <= kExactKeyBytes || std::memcmp(bytes_.data() + slot.offset, bytes.data(), bytes.size()) == 0;
  }

  std::vector<Slot> slots_;
  int shift_ = 0;
  std::string bytes_;  // Of the long tokens, one after the other.
};

// Byte pairs of one piece, merged lowest rank first and leftmost first among equals, as the encoding is defined.
std::int64_t CountByLookingThrough(std::string_view piece, const RankTable& ranks) {
  struct Part {
    std::uint32_t begin;
    Rank pair_rank;  // Of this part together with the next.
  };
  std::array<Part, kShortPiece + 1> parts;
  std::size_t count = piece.size();
  const auto rank_of = [&](std::size_t part) {
    if (part + 2 > count) return kNoRank;
    return ranks.Find(piece.substr(parts[part].begin, parts[part + 2].begin - parts[part].begin));
  };
  for (std::uint32_t i = 0; i <= piece.size(); ++i) parts[i] = {i, kNoRank};
  for (std::size_t i = 0; i + 1 < count; ++i) parts[i].pair_rank = rank_of(i);

  while (count > 1) {
    const auto lowest = std::min_element(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count - 1),
                                         [](const Part& a, const Part& b) { return a.pair_rank < b.pair_rank; });
    if (lowest->pair_rank == kNoRank) break;
    const auto at = static_cast<std::size_t>(lowest - parts.begin());
    std::copy(parts.begin() + at + 2, parts.begin() + count + 1, parts.begin() + at + 1);
    --count;
    parts[at].pair_rank = at + 1 < count ? rank_of(at) : kNoRank;
    if (at > 0) parts[at - 1].pair_rank = rank_of(at - 1);
  }
  return static_cast<std::int64_t>(count);
}

// The same in n log n: parts are a linked list, pairs wait in a heap; a pair that changed since is known by its old rank.
class HeapMerger {
 public:
  HeapMerger(std::string_view piece, const RankTable& ranks)
      : piece_(piece), ranks_(ranks), next_(piece.size()), previous_(piece.size()), rank_(piece.size()) {
    for (std::uint32_t i = 0; i < piece.size(); ++i) {
      next_[i] = i + 1;
      previous_[i] = i - 1;  // Of the first part: never used.
    }
    for (std::uint32_t i = 0; i < piece.size(); ++i) Offer(i);
  }

  std::int64_t Count() {
    auto count = static_cast<std::int64_t>(piece_.size());
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      const std::uint64_t pair = heap_.back();
      heap_.pop_back();
      const auto part = static_cast<std::uint32_t>(pair);
      if (rank_[part] != static_cast<Rank>(pair >> 32)) continue;
      MergeWithNext(part);
      --count;
    }
    return count;
  }

 private:
  std::uint32_t End() const { return static_cast<std::uint32_t>(piece_.size()); }

  void Offer(std::uint32_t part) {
    const std::uint32_t second = next_[part];
    rank_[part] = second == End() ? kNoRank : ranks_.Find(piece_.substr(part, next_[second] - part));
    if (rank_[part] == kNoRank) return;
    heap_.push_back(std::uint64_t{rank_[part]} << 32 | part);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }

  void MergeWithNext(std::uint32_t part) {
    const std::uint32_t gone = next_[part];
    rank_[gone] = kNoRank;
    next_[part] = next_[gone];
    if (next_[part] != End()) previous_[next_[part]] = part;
    Offer(part);
    if (part != 0) Offer(previous_[part]);
  }

  std::string_view piece_;
  const RankTable& ranks_;
  std::vector<std::uint32_t> next_;      // By where a part begins: where the next one begins.
  std::vector<std::uint32_t> previous_;
  std::vector<Rank> rank_;               // Of the part with its next one; kNoRank also for a part that is gone.
  std::vector<std::uint64_t> heap_;      // Rank, then place.
};

struct Line {
  std::string token;
  Rank rank = 0;
};

absl::StatusOr<Line> ParseLine(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return InvalidArgument("want \"base64 rank\"");
  Line line;
  if (!absl::Base64Unescape(ToAbsl(text.substr(0, space)), &line.token) || line.token.empty() ||
      line.token.size() > kMaxTokenBytes) {
    return InvalidArgument("the token is not base64 of 1 to ", kMaxTokenBytes, " bytes");
  }
  const std::string_view digits = text.substr(space + 1);
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), line.rank);
  if (code != std::errc{} || end != digits.data() + digits.size() || line.rank > kMaxRank) {
    return InvalidArgument("the rank is not a number up to ", kMaxRank);
  }
  return line;
}

}  // namespace

struct Vocabulary::Table {
  RankTable ranks;
  CharacterClasses classes;

  std::int64_t CountPiece(std::string_view piece) const {
    if (ranks.Find(piece) != kNoRank) return 1;
    if (piece.size() <= kShortPiece) return CountByLookingThrough(piece, ranks);
    std::int64_t count = 0;
    for (std::size_t at = 0; at < piece.size(); at += kLongestPiece) {
      count += HeapMerger(piece.substr(at, kLongestPiece), ranks).Count();
    }
    return count;
  }
};

Vocabulary::Vocabulary() : table_(std::make_unique<Table>()) {}
Vocabulary::~Vocabulary() = default;

absl::StatusOr<std::shared_ptr<const Vocabulary>> Vocabulary::Parse(std::string_view ranks) {
  std::shared_ptr<Vocabulary> vocabulary(new Vocabulary());
  const std::vector<std::string_view> lines = Split(ranks, '\n');
  vocabulary->table_->ranks.Reserve(lines.size(), ranks.size() / 2);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (Trim(lines[i]).empty()) continue;
    absl::StatusOr<Line> line = ParseLine(Trim(lines[i]));
    if (!line.ok()) return InvalidArgument("vocabulary line ", i + 1, ": ", Message(line.status()));
    if (!vocabulary->table_->ranks.Insert(line->token, line->rank)) {
      return InvalidArgument("vocabulary line ", i + 1, ": the token stands in an earlier line too");
    }
  }
  vocabulary->table_->ranks.DoneInserting();
  return std::shared_ptr<const Vocabulary>(std::move(vocabulary));
}

std::int64_t Vocabulary::Count(std::string_view utf8) const {
  std::int64_t count = 0;
  PieceReader pieces(utf8, table_->classes);
  for (std::string_view piece = pieces.Next(); !piece.empty(); piece = pieces.Next()) count += table_->CountPiece(piece);
  return count;
}

}  // namespace ccp::tokens
