#include "common/json/document.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/base/text.h"
#include "common/json/utf8.h"

namespace ccp::json {
namespace {

// A Document that once read a huge text does not keep the scanner's 4 bytes a byte for it.
constexpr std::size_t kKeptCapacity = 1 << 20;
constexpr std::size_t kSmallestCapacity = 4096;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Value of four hex digits at `digits`, or -1.
int HexCodeUnit(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int unit = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + 4, unit, 16);
  if (code != std::errc{} || end != digits.data() + 4 || digits[0] == '-') return -1;
  return unit;
}

bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

bool EscapesAreValid(std::string_view contents) {
  std::size_t at = contents.find('\\');
  while (at != std::string_view::npos) {
    if (at + 1 >= contents.size()) return false;
    const char c = contents[at + 1];
    if (c == 'u') {
      if (HexCodeUnit(contents.substr(at + 2)) < 0) return false;
      at += 6;
    } else {
      if (std::strchr("\"\\/bfnrt", c) == nullptr || c == '\0') return false;
      at += 2;
    }
    at = contents.find('\\', at);
  }
  return true;
}

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

}  // namespace

struct Document::Scanner {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;

  simdjson::error_code Scan(std::string_view text) {
    if (stage1 == nullptr || stage1->capacity() < text.size()) {
      const std::size_t capacity = std::max(text.size(), kSmallestCapacity);
      const auto error =
          simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, /*max_length=*/1, stage1);
      if (error != simdjson::SUCCESS) return error;
    }
    return stage1->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          simdjson::stage1_mode::regular);
  }

  void ReleaseIfHuge() {
    if (stage1 != nullptr && stage1->capacity() > kKeptCapacity) stage1.reset();
  }
};

// Walks the structural characters once and writes the nodes. Iterative: depth costs no stack.
class Builder {
 public:
  Builder(Document& document, const Document::Limits& limits)
      : document_(document),
        nodes_(document.nodes_),
        text_(document.text_),
        limits_(limits),
        at_(document.scanner_->stage1->structural_indexes.get()),
        end_(at_ + document.scanner_->stage1->n_structural_indexes) {}

  absl::Status Build() {
    absl::Status status = ReadValue();
    while (status.ok() && !open_.empty()) status = ContinueContainer();
    if (status.ok() && at_ != end_) status = Fail("something follows the value");
    if (status.ok() && nodes_.size() > limits_.values) status = TooMany();
    return status;
  }

 private:
  using Node = Document::Node;

  std::uint32_t Position() const { return at_ != end_ ? *at_ : static_cast<std::uint32_t>(text_.size()); }
  char Peek() const { return at_ != end_ ? text_[*at_] : '\0'; }

  absl::Status Fail(std::string_view what) const {
    return InvalidArgument("not valid JSON at byte ", Position(), ": ", what);
  }
  absl::Status TooMany() const { return InvalidArgument("JSON with more than ", limits_.values, " values"); }

  void Push(std::uint32_t begin, std::uint32_t end, Type type, bool escapes) {
    nodes_.push_back({begin, end, static_cast<std::uint32_t>(nodes_.size() + 1), type, escapes});
  }

  absl::Status ReadValue() {
    if (at_ == end_) return Fail("a value is missing");
    switch (text_[*at_]) {
      case '{': return Open(Type::kObject);
      case '[': return Open(Type::kArray);
      case '"': return ReadString();
      default: return ReadScalar();
    }
  }

  absl::Status Open(Type type) {
    if (open_.size() >= limits_.depth) return InvalidArgument("JSON nested deeper than ", limits_.depth);
    if (nodes_.size() > limits_.values) return TooMany();
    open_.push_back(static_cast<std::uint32_t>(nodes_.size()));
    Push(*at_, 0, type, false);
    ++at_;
    if (Peek() == Closer(type)) return Close();
    return type == Type::kObject ? ReadMember() : ReadValue();
  }

  static char Closer(Type type) { return type == Type::kObject ? '}' : ']'; }

  absl::Status Close() {
    Node& container = nodes_[open_.back()];
    container.end = *at_ + 1;
    container.next = static_cast<std::uint32_t>(nodes_.size());
    open_.pop_back();
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ContinueContainer() {
    const Type type = nodes_[open_.back()].type;
    const char c = Peek();
    if (c == Closer(type)) return Close();
    if (c != ',') return Fail(type == Type::kObject ? "want , or } here" : "want , or ] here");
    ++at_;
    return type == Type::kObject ? ReadMember() : ReadValue();
  }

  absl::Status ReadMember() {
    if (Peek() != '"') return Fail("want a member name here");
    if (absl::Status status = ReadString(); !status.ok()) return status;
    if (Peek() != ':') return Fail("want : here");
    ++at_;
    return ReadValue();
  }

  // The end of the scalar that begins at the current structural: white space before the next one does not belong to it.
  std::uint32_t ScalarEnd() const {
    std::uint32_t end = at_ + 1 != end_ ? at_[1] : static_cast<std::uint32_t>(text_.size());
    while (IsSpace(text_[end - 1])) --end;
    return end;
  }

  absl::Status ReadString() {
    const std::uint32_t begin = *at_;
    const std::uint32_t end = ScalarEnd();
    const std::string_view contents = text_.substr(begin + 1, end - begin - 2);
    if (end - begin < 2 || text_[end - 1] != '"') return Fail("something follows a string");
    const bool escapes = std::memchr(contents.data(), '\\', contents.size()) != nullptr;
    if (escapes && !EscapesAreValid(contents)) return Fail("a string holds an invalid escape");
    Push(begin, end, Type::kString, escapes);
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ReadScalar() {
    const std::uint32_t begin = *at_;
    const std::uint32_t end = ScalarEnd();
    const std::string_view token = text_.substr(begin, end - begin);
    Type type = Type::kNumber;
    if (token == "true" || token == "false") {
      type = Type::kBool;
    } else if (token == "null") {
      type = Type::kNull;
    } else if (!IsNumber(token)) {
      return Fail("want a value here");
    }
    Push(begin, end, type, false);
    ++at_;
    return absl::OkStatus();
  }

  Document& document_;
  std::vector<Node>& nodes_;
  std::string_view text_;
  const Document::Limits& limits_;
  const std::uint32_t* at_;
  const std::uint32_t* end_;
  std::vector<std::uint32_t> open_;  // Indices of the containers we are in.
};

Document::Document() : scanner_(std::make_unique<Scanner>()) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

absl::Status Document::Parse(std::string_view text) { return Parse(text, Limits{}); }

absl::Status Document::Parse(std::string_view text, const Limits& limits) {
  nodes_.clear();
  text_ = text;
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) return InvalidArgument("JSON of 4 GiB or more");
  if (const auto error = scanner_->Scan(text); error != simdjson::SUCCESS) {
    return InvalidArgument("not valid JSON: ", StageOneMessage(error));
  }
  absl::Status status = Builder(*this, limits).Build();
  if (!status.ok()) nodes_.clear();
  scanner_->ReleaseIfHuge();
  return status;
}

Type Value::type() const { return exists() ? document_->nodes_[index_].type : Type::kAbsent; }

std::string_view Value::raw() const {
  if (!exists()) return {};
  const auto& node = document_->nodes_[index_];
  return document_->text_.substr(node.begin, node.end - node.begin);
}

std::size_t Value::offset() const { return exists() ? document_->nodes_[index_].begin : 0; }

std::string_view Value::escaped() const {
  if (!is_string()) return {};
  const std::string_view quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

void Value::AppendStr(std::string& out) const {
  if (!is_string()) return;
  if (document_->nodes_[index_].escapes) {
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

bool Value::is(std::string_view text) const {
  if (!is_string()) return false;
  return document_->nodes_[index_].escapes ? str() == text : escaped() == text;
}

bool Value::blank() const {
  if (!is_string()) return false;
  const std::string_view text = escaped();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] != '\\') return false;
    const char c = text[++i];
    if (c != 'n' && c != 't' && c != 'r') return false;
  }
  return true;
}

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

bool Value::empty() const {
  return (!is_array() && !is_object()) || document_->nodes_[index_].next == index_ + 1;
}

std::size_t Value::size() const {
  std::size_t count = 0;
  for ([[maybe_unused]] Value element : elements()) ++count;
  for ([[maybe_unused]] Member member : members()) ++count;
  return count;
}

Value Value::operator[](std::string_view key) const {
  for (const Member& member : members()) {
    if (member.key.is(key)) return member.value;
  }
  return {};
}

Elements Value::elements() const {
  if (!is_array()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

Members Value::members() const {
  if (!is_object()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

Elements::Iterator& Elements::Iterator::operator++() {
  index_ = document_->nodes_[index_].next;
  return *this;
}

Members::Iterator& Members::Iterator::operator++() {
  index_ = document_->nodes_[index_ + 1].next;
  return *this;
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
