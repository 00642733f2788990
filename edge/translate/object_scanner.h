// Reads a JSON object as it arrives and knows at every byte whether what came is still the beginning of one, whether it is
// whole, and how it could be ended. For tool arguments: they go out as they come, so the end must be right without looking back.
//
// Pure; thread-compatible; copyable. Numbers, literals, escapes and nesting are checked as RFC 8259 says; UTF-8 is not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ccp::translate {

class ObjectScanner {
 public:
  // Reads on; returns how many bytes were taken. Fewer than all: the next byte cannot stand there.
  std::size_t Push(std::string_view text);

  bool blank() const { return expect_ == Expect::kObject; }      // Nothing but white space so far.
  bool complete() const { return expect_ == Expect::kNothing; }
  bool in_string() const { return expect_ == Expect::kString; }
  bool in_escape() const { return expect_ == Expect::kEscape; }  // Right after a backslash.
  bool after_comma() const { return expect_ == Expect::kKey || expect_ == Expect::kElement; }
  void TakeBackComma() { expect_ = Expect::kComma; }              // With after_comma(): as if it had not come.
  // Only closing brackets are missing: nothing that was begun is unfinished.
  bool between_values() const { return expect_ == Expect::kComma || expect_ == Expect::kFirst; }

  std::string Closers() const;  // "]}" with between_values()

  // Ends what was cut. The object's member in which the cut lies is written a second time, as null: the last of two equal
  // names counts, so a tool is refused for a wrong argument and never runs with half of one.
  // A cut inside a name cancels the member before it as well.
  std::string Cancellation() const;

 private:
  enum class Expect : std::uint8_t {
    kObject,         // The { itself
    kFirst,          // After { or [: a first member, value, or the end
    kKey,            // After a comma in an object
    kColon, kValue,
    kElement,        // After a comma in an array
    kComma,          // After a value: a comma or the end
    kString, kEscape, kHex,
    kLiteral, kNumber,
    kNothing,        // The object is whole: white space only
  };
  enum class Digits : std::uint8_t { kMinus, kZero, kInteger, kPoint, kFraction, kExponent, kExponentSign, kExponentDigits };

  bool Take(char c);
  bool TakeFirst(char c);
  bool TakeValue(char c);
  bool TakeAfterValue(char c);
  bool TakeNumber(char c);
  bool NumberMayEnd() const;
  void BeginKey();
  void EndString();
  void EndValue() { expect_ = open_.empty() ? Expect::kNothing : Expect::kComma; }
  std::size_t SkipPlain(std::string_view text) const;
  void NoteKey(std::string_view text);
  std::string EndOfToken() const;

  Expect expect_ = Expect::kObject;
  Digits digits_ = Digits::kMinus;
  bool string_is_key_ = false;
  std::uint8_t hex_left_ = 0;
  std::string_view literal_left_;  // Of a constant.
  std::string open_;               // The brackets we are in.
  std::string key_;                // The last name in the outermost object, still escaped.
  std::string key_before_;         // The one before, for a cut in the middle of a name.
};

}  // namespace ccp::translate
