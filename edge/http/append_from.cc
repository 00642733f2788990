// Compiled as C++23 where that is to be had: see CMakeLists.txt.
#include "edge/http/append_from.h"

namespace ccp::edge {

std::size_t AppendFrom(std::string& out, std::size_t most, absl::FunctionRef<std::size_t(std::span<char>)> read) {
  const std::size_t before = out.size();
  std::size_t taken = 0;
#if defined(__cpp_lib_string_resize_and_overwrite)
  out.resize_and_overwrite(before + most, [&](char* text, std::size_t) {
    taken = read({text + before, most});
    return before + taken;
  });
#else
  out.resize(before + most);
  taken = read({out.data() + before, most});
  out.resize(before + taken);
#endif
  return taken;
}

}  // namespace ccp::edge
