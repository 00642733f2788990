// Reading JSON without a tree: an index of where each value stands in the text.
//
// Document::Parse() validates the whole text (RFC 8259: UTF-8, grammar, escapes, depth) and keeps one 16-byte node a value;
// strings and numbers stay as they are in the text, so they can be copied elsewhere still escaped and digit for digit.
// simdjson's stage 1, chosen for the CPU at run time, finds the structural characters; the walk over them is ours, because
// simdjson's own DOM unescapes every string and its on-demand API neither validates what it skips nor allows random access.
//
// Ownership: a Document refers to the text it parsed; the text must stay where it is while Values are in use.
//   Values are handles (pointer + index), valid until the next Parse() or the Document's end.
// Threading: one Document, one thread at a time. A Document reuses its memory from parse to parse, a thread its index of
//   structural characters from Document to Document.
// Errors: kInvalidArgument with the byte offset and what is wrong there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ccp::json {

enum class Type : std::uint8_t { kAbsent, kNull, kBool, kNumber, kString, kArray, kObject };

class Document;
class Elements;
class Members;
template <std::size_t N>
class MemberReader;

// A value in a Document, or the absent value: that of a missing key or of no document. Every accessor works on every
// value and yields nothing when the type does not fit, so lookups chain: v["a"]["b"].integer().
class Value {
 public:
  Value() = default;

  Type type() const;
  bool exists() const { return document_ != nullptr; }
  explicit operator bool() const { return exists(); }
  bool is_null() const { return type() == Type::kNull; }
  bool is_string() const { return type() == Type::kString; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }
  bool absent_or_null() const { return !exists() || is_null(); }

  std::string_view raw() const;          // The text of the whole value; a string with its quotes. Absent: "".
  std::size_t offset() const;            // Where raw() begins in the parsed text.
  std::string_view escaped() const;      // A string's contents as they stand, still escaped; else "".
  std::string str() const;               // A string's contents, unescaped, lone surrogates as U+FFFD; else "".
  void AppendStr(std::string& out) const;
  bool is(std::string_view text) const;  // A string whose unescaped contents equal `text`.
  bool blank() const;                    // A string of nothing but white space (escaped or not).
  std::optional<std::int64_t> integer() const;  // A number without fraction that fits; 5.0 and 5e0 count as 5.
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  std::size_t size() const;              // Elements of an array, members of an object; else 0. Linear.
  bool empty() const;                    // An array or object without content; true for everything else.

  Value operator[](std::string_view key) const { return Find(key, TagOf(key)); }  // First member of that name. Linear.
  Elements elements() const;             // for (Value e : v.elements()); empty unless an array.
  Members members() const;               // for (auto [key, value] : v.members()); empty unless an object.

 private:
  friend class Document;
  friend class Builder;
  friend class Elements;
  friend class Members;
  template <std::size_t N>
  friend class MemberReader;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  bool has_escapes() const;              // A string that holds a backslash.
  Value Find(std::string_view key, std::uint16_t tag) const;
  Value FindSlowly(std::string_view key, std::uint32_t at) const;
  // First and last byte: with the length it tells nearly all names apart, without a look at the text.
  static constexpr std::uint16_t TagOf(std::string_view name) {
    if (name.empty()) return 0;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(name.front()) << 8 |
                                      static_cast<unsigned char>(name.back()));
  }
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

class Document {
 public:
  struct Limits {
    std::uint32_t depth = 128;
    std::size_t values = 4'000'000;
  };

  // On error the document is empty: root() is absent.
  absl::Status Parse(std::string_view text);
  absl::Status Parse(std::string_view text, const Limits& limits);

  Value root() const { return node_count_ == 0 ? Value() : Value(this, 0); }
  std::string_view text() const { return text_; }
  // \ud800 to \udfff stand in some string: halves of characters, which may lack their other half.
  bool holds_surrogates() const { return holds_surrogates_; }

 private:
  friend class Value;
  friend class Elements;
  friend class Members;
  friend class Builder;
  template <std::size_t N>
  friend class MemberReader;
  struct Node {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t next;   // Index of the first node after this value and everything in it. Builder: the container around.
    Type type;
    bool escapes;         // A string that holds a backslash.
    std::uint16_t tag;    // Of a member's name; else 0.
  };

  const Node& node(std::uint32_t index) const { return nodes_[index]; }
  void MakeRoom(std::size_t nodes);

  std::string_view text_;
  std::unique_ptr<Node[]> nodes_;
  std::size_t node_count_ = 0;     // 0: the last parse failed, or there was none.
  std::size_t node_capacity_ = 0;
  bool holds_surrogates_ = false;
};

class Elements {
 public:
  class Iterator {
   public:
    Value operator*() const { return {document_, index_}; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    friend class Elements;
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    const Document* document_;
    std::uint32_t index_;
  };
  Iterator begin() const { return {document_, begin_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  friend class Value;
  Elements(const Document* document, std::uint32_t begin, std::uint32_t end)
      : document_(document), begin_(begin), end_(end) {}
  const Document* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

struct Member {
  Value key;   // Always a string.
  Value value;
};

class Members {
 public:
  class Iterator {
   public:
    Member operator*() const { return {Value(document_, index_), Value(document_, index_ + 1)}; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    friend class Members;
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    const Document* document_;
    std::uint32_t index_;
  };
  Iterator begin() const { return {document_, begin_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  friend class Value;
  Members(const Document* document, std::uint32_t begin, std::uint32_t end)
      : document_(document), begin_(begin), end_(end) {}
  const Document* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

// What an answer's every chunk goes through stands here, so that it can be inlined.

inline Type Value::type() const { return exists() ? document_->node(index_).type : Type::kAbsent; }

inline std::string_view Value::raw() const {
  if (!exists()) return {};
  const auto& node = document_->node(index_);
  return {document_->text_.data() + node.begin, node.end - node.begin};
}

inline std::string_view Value::escaped() const {
  if (!is_string()) return {};
  const std::string_view quoted = raw();
  return {quoted.data() + 1, quoted.size() - 2};
}

inline bool Value::has_escapes() const { return exists() && document_->node(index_).escapes; }

inline bool Value::is(std::string_view text) const {
  if (!is_string()) return false;
  return has_escapes() ? str() == text : escaped() == text;
}

inline bool Value::empty() const {
  return (!is_array() && !is_object()) || document_->node(index_).next == index_ + 1;
}

inline Elements Value::elements() const {
  if (!is_array()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).next};
}

inline Members Value::members() const {
  if (!is_object()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).next};
}

inline Elements::Iterator& Elements::Iterator::operator++() {
  index_ = document_->node(index_).next;
  return *this;
}

inline Members::Iterator& Members::Iterator::operator++() {
  index_ = document_->node(index_ + 1).next;
  return *this;
}

// Whether `text` may stand between the quotes of a JSON string: valid UTF-8, no control character, no quote that is not
// escaped, and only escapes that JSON knows.
bool IsStringContents(std::string_view text);

// Unescapes the contents of a valid JSON string. A surrogate pair becomes one character, a lone surrogate U+FFFD.
void AppendUnescaped(std::string& out, std::string_view escaped);

}  // namespace ccp::json
