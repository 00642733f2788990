#include "edge/translate/object_scanner.h"

#include <cstring>
#include <utility>

#include "common/base/text.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kMaxDepth = 512;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

}  // namespace

std::size_t ObjectScanner::Push(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (const std::size_t plain = SkipPlain(text.substr(at)); plain > 0) {
      NoteKey(text.substr(at, plain));
      at += plain;
      continue;
    }
    const bool in_key = string_is_key_;
    if (!Take(text[at])) return at;
    if (in_key && string_is_key_) NoteKey(text.substr(at, 1));
    ++at;
  }
  return at;
}

// Length of the run of ordinary characters of a string at the start of `text`.
std::size_t ObjectScanner::SkipPlain(std::string_view text) const {
  if (expect_ != Expect::kString) return 0;
  std::size_t length = 0;
  while (length < text.size() && IsPlain(text[length])) ++length;
  return length;
}

void ObjectScanner::NoteKey(std::string_view text) {
  if (string_is_key_ && open_.size() == 1) key_ += text;
}

bool ObjectScanner::Take(char c) {
  switch (expect_) {
    case Expect::kString:
      if (c == '"') EndString();
      else if (c == '\\') expect_ = Expect::kEscape;
      else return IsPlain(c);
      return true;
    case Expect::kEscape:
      if (c == '\0' || std::strchr("\"\\/bfnrtu", c) == nullptr) return false;
      expect_ = c == 'u' ? Expect::kHex : Expect::kString;
      hex_left_ = 4;
      return true;
    case Expect::kHex:
      if (!IsHex(c)) return false;
      if (--hex_left_ == 0) expect_ = Expect::kString;
      return true;
    case Expect::kLiteral:
      if (c != literal_left_.front()) return false;
      literal_left_.remove_prefix(1);
      if (literal_left_.empty()) EndValue();
      return true;
    case Expect::kNumber:
      if (TakeNumber(c)) return true;
      if (!NumberMayEnd()) return false;
      EndValue();
      return IsSpace(c) || TakeAfterValue(c);
    case Expect::kObject:
    case Expect::kFirst:
    case Expect::kKey:
    case Expect::kColon:
    case Expect::kValue:
    case Expect::kElement:
    case Expect::kComma:
    case Expect::kNothing: break;
  }
  if (IsSpace(c)) return true;
  switch (expect_) {
    case Expect::kObject:
      if (c != '{') return false;
      open_.push_back(c);
      expect_ = Expect::kFirst;
      return true;
    case Expect::kFirst: return TakeFirst(c);
    case Expect::kKey:
      if (c != '"') return false;
      BeginKey();
      return true;
    case Expect::kColon:
      if (c != ':') return false;
      expect_ = Expect::kValue;
      return true;
    case Expect::kValue:
    case Expect::kElement: return TakeValue(c);
    case Expect::kComma: return TakeAfterValue(c);
    default: return false;
  }
}

bool ObjectScanner::TakeFirst(char c) {
  if (c == (open_.back() == '{' ? '}' : ']')) {
    open_.pop_back();
    EndValue();
    return true;
  }
  if (open_.back() == '[') return TakeValue(c);
  if (c != '"') return false;
  BeginKey();
  return true;
}

void ObjectScanner::BeginKey() {
  if (open_.size() == 1) {
    key_before_ = std::move(key_);
    key_.clear();
  }
  string_is_key_ = true;
  expect_ = Expect::kString;
}

void ObjectScanner::EndString() {
  if (string_is_key_) {
    string_is_key_ = false;
    expect_ = Expect::kColon;
  } else {
    EndValue();
  }
}

bool ObjectScanner::TakeValue(char c) {
  switch (c) {
    case '{':
    case '[':
      if (open_.size() >= kMaxDepth) return false;
      open_.push_back(c);
      expect_ = Expect::kFirst;
      return true;
    case '"': expect_ = Expect::kString; return true;
    case 't': literal_left_ = "rue"; break;
    case 'f': literal_left_ = "alse"; break;
    case 'n': literal_left_ = "ull"; break;
    default:
      if (c != '-' && !IsDigit(c)) return false;
      expect_ = Expect::kNumber;
      digits_ = c == '-' ? Digits::kMinus : c == '0' ? Digits::kZero : Digits::kInteger;
      return true;
  }
  expect_ = Expect::kLiteral;
  return true;
}

bool ObjectScanner::TakeAfterValue(char c) {
  if (expect_ != Expect::kComma) return false;
  if (c == ',') {
    expect_ = open_.back() == '{' ? Expect::kKey : Expect::kElement;
    return true;
  }
  if (c != (open_.back() == '{' ? '}' : ']')) return false;
  open_.pop_back();
  EndValue();
  return true;
}

bool ObjectScanner::TakeNumber(char c) {
  const auto become = [this](Digits next) {
    digits_ = next;
    return true;
  };
  const bool exponent = c == 'e' || c == 'E';
  switch (digits_) {
    case Digits::kMinus: return IsDigit(c) && become(c == '0' ? Digits::kZero : Digits::kInteger);
    case Digits::kInteger:
      if (IsDigit(c)) return true;
      [[fallthrough]];
    case Digits::kZero: return (c == '.' && become(Digits::kPoint)) || (exponent && become(Digits::kExponent));
    case Digits::kPoint: return IsDigit(c) && become(Digits::kFraction);
    case Digits::kFraction: return IsDigit(c) || (exponent && become(Digits::kExponent));
    case Digits::kExponent:
      if (c == '+' || c == '-') return become(Digits::kExponentSign);
      [[fallthrough]];
    case Digits::kExponentSign: return IsDigit(c) && become(Digits::kExponentDigits);
    case Digits::kExponentDigits: return IsDigit(c);
  }
  return false;
}

bool ObjectScanner::NumberMayEnd() const {
  return digits_ == Digits::kZero || digits_ == Digits::kInteger || digits_ == Digits::kFraction ||
         digits_ == Digits::kExponentDigits;
}

std::string ObjectScanner::Closers() const {
  std::string closers;
  for (auto bracket = open_.rbegin(); bracket != open_.rend(); ++bracket) closers += *bracket == '{' ? '}' : ']';
  return closers;
}

// What makes the value in which the cut lies a value.
std::string ObjectScanner::EndOfToken() const {
  const std::string_view after_string = string_is_key_ ? "\":null" : "\"";
  switch (expect_) {
    case Expect::kString: return std::string(after_string);
    case Expect::kEscape: return Concat("\\", after_string);
    case Expect::kHex: return Concat(std::string(hex_left_, '0'), after_string);
    case Expect::kLiteral: return std::string(literal_left_);
    case Expect::kNumber: return NumberMayEnd() ? "" : "0";
    case Expect::kColon: return ":null";
    case Expect::kValue:
    case Expect::kElement: return "null";
    case Expect::kKey: return R"("":null)";
    case Expect::kObject: return "{}";
    case Expect::kFirst:
    case Expect::kComma:
    case Expect::kNothing: break;
  }
  return "";
}

std::string ObjectScanner::Cancellation() const {
  if (complete()) return "";
  std::string end = EndOfToken();
  if (blank()) return end;
  const bool outermost = open_.size() == 1;
  if (outermost && expect_ == Expect::kFirst) return "}";
  if (outermost && expect_ == Expect::kKey) return Concat("\"", key_, "\":null}");
  if (outermost && (expect_ == Expect::kColon || expect_ == Expect::kValue)) return end + '}';
  std::string closers = Closers();
  closers.pop_back();
  end += closers;
  const bool name_cut = outermost && string_is_key_;
  const std::string& cancelled = name_cut ? key_before_ : key_;
  if (!name_cut || !cancelled.empty()) end += Concat(",\"", cancelled, "\":null");
  return end + '}';
}

}  // namespace ccp::translate
