// What the targets share: settings out of the first bytes of an input, cuts of the rest, and a check that aborts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::fuzz {

inline void Require(bool holds, std::string_view what, std::string_view seen = {}) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\n%.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(seen.size()),
               seen.data());
  std::abort();
}

inline void RequireNone(std::string_view problem, std::string_view seen) { Require(problem.empty(), problem, seen); }

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t TakeByte() {  // 0 when nothing is left.
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  bool TakeFlag() { return (TakeByte() & 1) != 0; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// `text` in pieces of pseudo-random lengths. Each is a string of its own, so that a view kept past its piece is found out.
// Where each of them costs system calls, `most` keeps a long text from many.
inline std::vector<std::string> Cut(std::string_view text, std::uint8_t seed, std::size_t most = SIZE_MAX) {
  const std::size_t longest = std::max<std::size_t>(seed % 4 == 0 ? 1 : seed % 4 == 1 ? 7 : 100, 2 * text.size() / most);
  std::vector<std::string> pieces;
  std::uint32_t state = seed + 1u;
  while (!text.empty()) {
    state = state * 1'664'525u + 1'013'904'223u;
    const std::size_t length = std::min<std::size_t>(1 + (state >> 16) % longest, text.size());
    pieces.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace ccp::fuzz
