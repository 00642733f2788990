// Several members of an object, found in one pass over it.
//
//   enum : std::size_t { kX, kY };
//   constexpr MemberReader<2> kPoint({"x", "y"});
//   const auto point = kPoint.Read(value);    point[kX].integer()
//
// Finds what value["x"] would: the first member of the name, nothing in what is no object. Looking each name up by itself
// goes over the object as often as there are names; here each member is compared with one name at most.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "common/json/document.h"
#include "common/json/same_bytes.h"

namespace ccp::json {

template <std::size_t N>
class MemberReader {
 public:
  // By the place of the name; absent: there is no such member. Small, since one is made for each block of a request.
  class Found {
   public:
    Value operator[](std::size_t name) const {
      return indices_[name] == 0 ? Value() : Value(document_, indices_[name]);
    }

   private:
    friend class MemberReader;
    const Document* document_ = nullptr;
    std::array<std::uint32_t, N> indices_{};  // 0 is the document's root, and no member.
  };

  consteval explicit MemberReader(const std::string_view (&names)[N]) {
    slots_.fill(N);
    for (std::size_t i = 0; i < N; ++i) {
      names_[i] = names[i];
      std::size_t slot = SlotOf(Value::TagOf(names[i]), static_cast<std::uint32_t>(names[i].size()));
      while (slots_[slot] != N) slot = Next(slot);
      slots_[slot] = static_cast<std::uint8_t>(i);
    }
  }

  Found Read(Value object) const {
    Found found;
    if (!object.is_object()) return found;
    const Document& document = *object.document_;
    found.document_ = &document;
    const auto* const nodes = document.nodes_.get();
    const std::uint32_t end = nodes[object.index_].next;
    for (std::uint32_t at = object.index_ + 1; at != end; at = nodes[at + 1].next) {
      const auto& name = nodes[at];
      const std::size_t place = name.escapes ? FindEscaped(Value(&document, at)) : FindPlain(document, name);
      if (place != N && found.indices_[place] == 0) found.indices_[place] = at + 1;
    }
    return found;
  }

 private:
  // Four times as many as names, so that nearly every name has a slot of its own and some slot is free.
  static constexpr std::size_t kSlots = std::bit_ceil(4 * N);
  static_assert(N <= 64);

  static constexpr std::size_t SlotOf(std::uint32_t tag, std::uint32_t size) {
    constexpr std::uint32_t kGoldenRatio = 0x9E37'79B1;  // Of 2^32: spreads neighbours.
    return ((size << 16 ^ tag) * kGoldenRatio) >> (32 - std::countr_zero(kSlots));
  }
  static constexpr std::size_t Next(std::size_t slot) { return (slot + 1) % kSlots; }

  std::size_t FindPlain(const Document& document, const Document::Node& name) const {
    const char* const text = document.text_.data() + name.begin + 1;
    const std::uint32_t size = name.end - name.begin - 2;
    for (std::size_t slot = SlotOf(name.tag, size); slots_[slot] != N; slot = Next(slot)) {
      const std::string_view candidate = names_[slots_[slot]];
      if (candidate.size() == size && SameBytes(text, candidate.data(), size)) return slots_[slot];
    }
    return N;
  }

  std::size_t FindEscaped(Value name) const {
    std::size_t place = 0;
    while (place < N && !name.is(names_[place])) ++place;
    return place;
  }

  std::array<std::string_view, N> names_{};
  std::array<std::uint8_t, kSlots> slots_{};  // Which name it can be, if not one of the following slots'; N: none.
};

}  // namespace ccp::json
