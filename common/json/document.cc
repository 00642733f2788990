#include "common/json/document.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "common/base/text.h"
#include "common/json/blank.h"
#include "common/json/escapes.h"
#include "common/json/same_bytes.h"
#include "common/json/utf8.h"

namespace ccp::json {
namespace {

// A thread that once read a huge text does not keep the scanner's 4 bytes a byte for it: 1 MiB at most.
constexpr std::size_t kKeptCapacity = 1 << 18;
constexpr std::size_t kKeptNodes = 1 << 18;
constexpr std::size_t kSmallestCapacity = 4096;
constexpr std::size_t kFewestNodes = 32;  // Of a small request, whose document lasts as long as its answer.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool IsNumber(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t integer_at = at;
  const std::size_t integer_digits = digits();
  if (integer_digits == 0 || (integer_digits > 1 && text[integer_at] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

char Unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

// Appends the character of the \u escape at the start of `text`; returns the bytes it took (6 or 12).
std::size_t AppendCodeUnits(std::string& out, std::string_view text) {
  const int first = HexCodeUnit(text.substr(2));
  if (IsHighSurrogate(first) && text.size() >= 12 && text[6] == '\\' && text[7] == 'u') {
    const int second = HexCodeUnit(text.substr(8));
    if (IsLowSurrogate(second)) {
      AppendUtf8(out, 0x10000 + ((static_cast<std::uint32_t>(first) - 0xD800) << 10) +
                          (static_cast<std::uint32_t>(second) - 0xDC00));
      return 12;
    }
  }
  AppendUtf8(out, static_cast<std::uint32_t>(first));
  return 6;
}

std::string_view StageOneMessage(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR: return "it is not valid UTF-8";
    case simdjson::UNESCAPED_CHARS: return "a string holds an unescaped control character";
    case simdjson::UNCLOSED_STRING: return "a string is not closed";
    case simdjson::EMPTY: return "it is empty";
    default: return "it could not be read";
  }
}

// simdjson's stage 1 with its index of structural characters. Needed only while a document is parsed, so a thread has one
// for all of its documents: making one costs more than reading a short text with it.
class Scanner {
 public:
  static Scanner& OfThisThread() {
    thread_local Scanner scanner;
    return scanner;
  }

  simdjson::error_code Scan(std::string_view text) {
    if (stage1_ == nullptr || stage1_->capacity() < text.size()) {
      const std::size_t capacity = std::max(text.size(), kSmallestCapacity);
      const auto error =
          simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, /*max_length=*/1, stage1_);
      if (error != simdjson::SUCCESS) return error;
    }
    return stage1_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                           simdjson::stage1_mode::regular);
  }

  // Where the structural characters stand. Valid until the next Scan() or ReleaseIfHuge().
  std::span<const std::uint32_t> structurals() const {
    return {stage1_->structural_indexes.get(), stage1_->n_structural_indexes};
  }

  void ReleaseIfHuge() {
    if (stage1_ != nullptr && stage1_->capacity() > kKeptCapacity) stage1_.reset();
  }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
};

}  // namespace

// Walks the structural characters once and writes the nodes. The stack of open containers is in their nodes: until a
// container ends, its `next` is the index of the one around it. So nothing is allocated, and nothing recurses.
// The steps answer whether to go on; what stopped them is in problem_. All of them are inlined into Build(), and nothing
// outside gets hold of `this`: so its members stay in registers, where the walk would else wait for each store to be
// loaded again.
class Builder {
 public:
  Builder(Document& document, std::span<const std::uint32_t> structurals, const Document::Limits& limits)
      : document_(document),
        nodes_(document.nodes_.get()),
        text_(document.text_),
        limits_(limits),
        at_(structurals.data()),
        end_(at_ + structurals.size()),
        backslash_(FindBackslash(text_, 0)) {}

  [[gnu::always_inline]] absl::Status Build() {
    while (ReadValue() && ToNextValue()) {
    }
    if (problem_ == Problem::kNone && at_ != end_) Fail("something follows the value");
    if (problem_ != Problem::kNone) return Error(problem_, what_, at_ != end_ ? *at_ : text_.size(), limits_);
    document_.node_count_ = count_;
    return absl::OkStatus();
  }

 private:
  using Node = Document::Node;
  enum class Problem : std::uint8_t { kNone, kSyntax, kDepth, kValues };
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  [[gnu::always_inline]] char Peek() const { return at_ != end_ ? text_[*at_] : '\0'; }

  [[gnu::always_inline]] bool Fail(const char* what) {
    problem_ = Problem::kSyntax;
    what_ = what;
    return false;
  }

  [[gnu::noinline]] static absl::Status Error(Problem problem, std::string_view what, std::size_t position,
                                              Document::Limits limits) {
    if (problem == Problem::kDepth) return InvalidArgument("JSON nested deeper than ", limits.depth);
    if (problem == Problem::kValues) return InvalidArgument("JSON with more than ", limits.values, " values");
    return InvalidArgument("not valid JSON at byte ", position, ": ", what);
  }

  [[gnu::always_inline]] bool Push(const Node& node) {
    if (count_ == limits_.values) {
      problem_ = Problem::kValues;
      return false;
    }
    nodes_[count_++] = node;
    return true;
  }

  [[gnu::always_inline]] bool ReadValue() {
    if (at_ == end_) return Fail("a value is missing");
    const char first = text_[*at_];
    if (first == '"') return ReadString(Use::kValue);  // Most of them.
    switch (first) {
      case '{': return Open(Type::kObject);
      case '[': return Open(Type::kArray);
      default: return ReadScalar(first);
    }
  }

  // Behind a value, or behind the bracket that opens a container: over the closing brackets, the comma and the name.
  // False at the end of the outermost value, and on an error.
  [[gnu::always_inline]] bool ToNextValue() {
    while (open_ != kNone) {
      const bool in_object = nodes_[open_].type == Type::kObject;
      const char c = Peek();
      if (c == (in_object ? '}' : ']')) {
        Close();
        continue;
      }
      if (!just_opened_) {
        if (c != ',') return Fail(in_object ? "want , or } here" : "want , or ] here");
        ++at_;
      }
      just_opened_ = false;
      return !in_object || ReadName();
    }
    return false;
  }

  [[gnu::always_inline]] bool Open(Type type) {
    if (depth_ >= limits_.depth) {
      problem_ = Problem::kDepth;
      return false;
    }
    const std::uint32_t index = count_;
    if (!Push({*at_, 0, open_, type, false, 0})) return false;
    open_ = index;
    ++depth_;
    just_opened_ = true;
    ++at_;
    return true;
  }

  [[gnu::always_inline]] void Close() {
    Node& container = nodes_[open_];
    open_ = container.next;
    container.end = *at_ + 1;
    container.next = count_;
    --depth_;
    just_opened_ = false;
    ++at_;
  }

  [[gnu::always_inline]] bool ReadName() {
    if (Peek() != '"') return Fail("want a member name here");
    if (!ReadString(Use::kName)) return false;
    if (Peek() != ':') return Fail("want : here");
    ++at_;
    return true;
  }

  // The end of the scalar that begins at the current structural: white space before the next one does not belong to it.
  [[gnu::always_inline]] std::uint32_t ScalarEnd() const {
    std::uint32_t end = at_ + 1 != end_ ? at_[1] : static_cast<std::uint32_t>(text_.size());
    while (text_[end - 1] <= ' ' && IsSpace(text_[end - 1])) --end;  // One comparison where there is none.
    return end;
  }

  enum class Use : std::uint8_t { kName, kValue };

  [[gnu::always_inline]] bool ReadString(Use use) {
    const std::uint32_t begin = *at_;
    const std::uint32_t end = ScalarEnd();
    if (end - begin < 2 || text_[end - 1] != '"') return Fail("something follows a string");
    const bool escapes = backslash_ < end;
    if (escapes) {
      const Escapes found = CheckEscapes({text_.data() + backslash_, end - 1 - backslash_});
      if (found == Escapes::kInvalid) return Fail("a string holds an invalid escape");
      if (found == Escapes::kWithSurrogates) document_.holds_surrogates_ = true;
      backslash_ = FindBackslash(text_, end);
    }
    ++at_;
    const auto tag = use == Use::kName ? Value::TagOf({text_.data() + begin + 1, end - begin - 2}) : std::uint16_t{0};
    return Push({begin, end, count_ + 1, Type::kString, escapes, tag});
  }

  [[gnu::always_inline]] bool ReadScalar(char first) {
    const std::uint32_t begin = *at_;
    const std::uint32_t end = ScalarEnd();
    const Type type = ScalarType(first, {text_.data() + begin, end - begin});
    if (type == Type::kAbsent) return Fail("want a value here");
    ++at_;
    return Push({begin, end, count_ + 1, type, false, 0});
  }

  // Of anything but a string and a container; kAbsent: it is none of them.
  [[gnu::noinline]] static Type ScalarType(char first, std::string_view text) {
    switch (first) {
      case 't': return text == "true" ? Type::kBool : Type::kAbsent;
      case 'f': return text == "false" ? Type::kBool : Type::kAbsent;
      case 'n': return text == "null" ? Type::kNull : Type::kAbsent;
      default: return IsNumber(text) ? Type::kNumber : Type::kAbsent;
    }
  }

  [[gnu::noinline]] static std::size_t FindBackslash(std::string_view text, std::size_t from) {
    const void* found = std::memchr(text.data() + from, '\\', text.size() - from);
    return found == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }

  Document& document_;
  Node* const nodes_;  // Room for as many as there can be: each has a structural character of its own.
  const std::string_view text_;
  const Document::Limits limits_;
  std::uint32_t count_ = 0;
  std::uint32_t open_ = kNone;  // The innermost open container.
  std::uint32_t depth_ = 0;
  bool just_opened_ = false;    // No comma is due yet.
  const std::uint32_t* at_;
  const std::uint32_t* const end_;
  std::size_t backslash_;       // The first one at or after at_; outside of strings there is none in valid JSON.
  Problem problem_ = Problem::kNone;
  const char* what_ = "";       // With kSyntax.
};

absl::Status Document::Parse(std::string_view text) { return Parse(text, Limits{}); }

absl::Status Document::Parse(std::string_view text, const Limits& limits) {
  node_count_ = 0;
  holds_surrogates_ = false;
  text_ = text;
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) return InvalidArgument("JSON of 4 GiB or more");
  Scanner& scanner = Scanner::OfThisThread();
  if (const auto error = scanner.Scan(text); error != simdjson::SUCCESS) {
    return InvalidArgument("not valid JSON: ", StageOneMessage(error));
  }
  const std::span<const std::uint32_t> structurals = scanner.structurals();
  MakeRoom(std::min(structurals.size(), limits.values));
  absl::Status status = Builder(*this, structurals, limits).Build();
  scanner.ReleaseIfHuge();
  return status;
}

void Document::MakeRoom(std::size_t nodes) {
  const bool huge = node_capacity_ > kKeptNodes;
  if (nodes <= node_capacity_ && !huge) return;
  node_capacity_ = std::max(nodes, kFewestNodes);
  nodes_ = std::make_unique_for_overwrite<Node[]>(node_capacity_);
}

std::size_t Value::offset() const { return exists() ? document_->node(index_).begin : 0; }

void Value::AppendStr(std::string& out) const {
  if (!is_string()) return;
  if (has_escapes()) {
    AppendUnescaped(out, escaped());
  } else {
    out.append(escaped());
  }
}

std::string Value::str() const {
  std::string out;
  AppendStr(out);
  return out;
}

bool Value::blank() const { return is_string() && IsBlank(escaped()); }

std::optional<double> Value::number() const {
  if (type() != Type::kNumber) return std::nullopt;
  const std::string_view text = raw();
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{}) return std::nullopt;
  return number;
}

std::optional<std::int64_t> Value::integer() const {
  if (type() != Type::kNumber) return std::nullopt;
  const std::string_view text = raw();
  if (text.size() == 1) return text[0] - '0';  // Most of them: an index.
  std::int64_t integer = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (code == std::errc{} && end == text.data() + text.size()) return integer;
  const std::optional<double> whole = number();
  constexpr double kLimit = 9.0e15;  // Beyond 2^53 a double no longer tells integers apart.
  if (!whole || std::nearbyint(*whole) != *whole || std::abs(*whole) > kLimit) return std::nullopt;
  return static_cast<std::int64_t>(*whole);
}

std::optional<bool> Value::boolean() const {
  if (type() != Type::kBool) return std::nullopt;
  return raw() == "true";
}

std::size_t Value::size() const {
  std::size_t count = 0;
  for ([[maybe_unused]] Value element : elements()) ++count;
  for ([[maybe_unused]] Member member : members()) ++count;
  return count;
}

// Requests and answers are read by name throughout, so this goes over the nodes themselves and compares one name at most:
// what takes more (an escaped name, a long one, one that only looks like the key) is left to FindSlowly().
Value Value::Find(std::string_view key, std::uint16_t tag) const {
  if (!is_object()) return {};
  const auto* const nodes = document_->nodes_.get();
  const std::uint32_t end = nodes[index_].next;
  for (std::uint32_t at = index_ + 1; at != end; at = nodes[at + 1].next) {
    const auto& name = nodes[at];
    if (name.escapes) return FindSlowly(key, at);
    if (name.tag != tag || name.end - name.begin != key.size() + 2) continue;
    const bool found = key.size() <= kShortName &&
                       SameShortBytes(document_->text_.data() + name.begin + 1, key.data(), key.size());
    return found ? Value(document_, at + 1) : FindSlowly(key, at);
  }
  return {};
}

// `at`: the name to begin with.
Value Value::FindSlowly(std::string_view key, std::uint32_t at) const {
  const auto* const nodes = document_->nodes_.get();
  const std::uint32_t end = nodes[index_].next;
  for (; at != end; at = nodes[at + 1].next) {
    if (Value(document_, at).is(key)) return {document_, at + 1};
  }
  return {};
}

// For short texts: a stage 1 of its own would cost more than this loop.
bool IsStringContents(std::string_view text) {
  bool escapes = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') continue;
    escapes = true;
    ++at;  // What it escapes may be a quote.
  }
  return (!escapes || CheckEscapes(text) != Escapes::kInvalid) && IsValidUtf8(text);
}

void AppendUnescaped(std::string& out, std::string_view escaped) {
  while (true) {
    const std::size_t at = escaped.find('\\');
    out.append(escaped.substr(0, at));
    if (at == std::string_view::npos) return;
    escaped.remove_prefix(at);
    if (escaped[1] == 'u') {
      escaped.remove_prefix(AppendCodeUnits(out, escaped));
    } else {
      out.push_back(Unescaped(escaped[1]));
      escaped.remove_prefix(2);
    }
  }
}

}  // namespace ccp::json
