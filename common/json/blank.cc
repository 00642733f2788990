#include "common/json/blank.h"

#include <cstddef>

#include "common/json/escapes.h"

namespace ccp::json {
namespace {

constexpr std::string_view kSpaces = " \n\r\t\f";
constexpr std::string_view kEscapedSpaces = "nrtf";

// Bytes of the white space at the start; 0: there is none.
std::size_t BlankLength(std::string_view escaped) {
  const auto is_in = [](std::string_view set, char c) { return set.find(c) != std::string_view::npos; };
  if (escaped[0] != '\\') return is_in(kSpaces, escaped[0]) ? 1 : 0;
  if (escaped[1] != 'u') return is_in(kEscapedSpaces, escaped[1]) ? 2 : 0;
  const int unit = HexCodeUnit(escaped.substr(2));
  return unit < 0x80 && is_in(kSpaces, static_cast<char>(unit)) ? 6 : 0;
}

}  // namespace

bool IsBlank(std::string_view escaped) {
  while (!escaped.empty()) {
    const std::size_t length = BlankLength(escaped);
    if (length == 0) return false;
    escaped.remove_prefix(length);
  }
  return true;
}

}  // namespace ccp::json
