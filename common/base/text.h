// Small text functions, and the one place where std::string_view meets Debian's Abseil.
//
// Debian builds Abseil with its own absl::string_view, so absl::StrCat(x, std::string_view) and
// absl::InvalidArgumentError(std::string_view) do not compile. Our API speaks std::; cross here.
// All functions are pure and thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ccp {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
// A piece of a Concat(): text as it is, integers in decimal.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}                  // NOLINT: implicit by intent
  Piece(const std::string& text) : text_(text) {}                // NOLINT
  Piece(const char* text) : text_(text) {}                       // NOLINT
  template <typename Integer>
    requires std::is_integral_v<Integer> && (!std::is_same_v<Integer, bool>) && (!std::is_same_v<Integer, char>)
  Piece(Integer number) : digits_(std::to_string(number)), text_(digits_) {}  // NOLINT
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::string digits_;
  std::string_view text_;
};
std::string ConcatPieces(std::initializer_list<std::string_view> pieces);
}  // namespace internal

// Concat("a", 1, std::string_view("b")) == "a1b".
template <typename... Parts>
std::string Concat(const Parts&... parts) {
  return [](const auto&... pieces) { return internal::ConcatPieces({pieces.text()...}); }(internal::Piece(parts)...);
}

// Status constructors that take std::string_view pieces.
template <typename... Parts>
absl::Status InvalidArgument(const Parts&... parts) { return absl::InvalidArgumentError(Concat(parts...)); }
template <typename... Parts>
absl::Status Unavailable(const Parts&... parts) { return absl::UnavailableError(Concat(parts...)); }
template <typename... Parts>
absl::Status NotFound(const Parts&... parts) { return absl::NotFoundError(Concat(parts...)); }
template <typename... Parts>
absl::Status Internal(const Parts&... parts) { return absl::InternalError(Concat(parts...)); }
inline std::string_view Message(const absl::Status& status) { return FromAbsl(status.message()); }

std::string ToLower(std::string_view text);                       // ASCII only.
std::string_view Trim(std::string_view text);                     // ASCII white space at both ends.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);    // ASCII only.
bool ContainsIgnoreCase(std::string_view text, std::string_view part);  // ASCII only.
// Where the first control character stands that a header's value may not hold: any but the tab. npos: there is none.
std::size_t FindControlCharacter(std::string_view text);
std::vector<std::string_view> Split(std::string_view text, char separator);  // Keeps empty parts; "" -> {""}.
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string Hex(std::string_view bytes);                          // Lower-case.

// The candidate nearest to `text` by edit distance, or "" when none is near enough to suggest (a third of its length, at least 1).
std::string NearestName(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace ccp
