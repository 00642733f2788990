// Reading straight into a string.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "absl/functional/function_ref.h"

namespace ccp::edge {

// Appends what `read` puts at the beginning of the `most` bytes it is given, and returns how many bytes that were, as
// `read` says. They are not cleared before, where the library can do without: that would take half as long as a copy.
std::size_t AppendFrom(std::string& out, std::size_t most, absl::FunctionRef<std::size_t(std::span<char>)> read);

}  // namespace ccp::edge
