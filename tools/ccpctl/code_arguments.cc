#include "tools/ccpctl/code_arguments.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ccp::ctl {
namespace {

enum class Takes { kNothing, kValue };

struct Flag {
  std::string_view name;
  Takes takes;
};

// What may stand before or directly behind "code". -p, -c and the like are Claude Code's.
constexpr std::array<Flag, 9> kFlags{{{"--server", Takes::kValue},
                                      {"--timeout", Takes::kValue},
                                      {"--output", Takes::kValue},
                                      {"-o", Takes::kValue},
                                      {"--log-level", Takes::kValue},
                                      {"--log-format", Takes::kValue},
                                      {"--edge", Takes::kValue},
                                      {"--no-color", Takes::kNothing},
                                      {"--help", Takes::kNothing}}};

// How many words the flag at the front takes, itself included; 0: it is not ours.
std::size_t WordsOf(std::string_view word) {
  for (const auto& [name, takes] : kFlags) {
    if (word == name) return takes == Takes::kValue ? 2 : 1;
    if (takes == Takes::kValue && word.starts_with(name) && word.substr(name.size()).starts_with('=')) return 1;
  }
  return 0;
}

}  // namespace

CodeCommandLine SplitCodeArguments(const std::vector<std::string>& arguments) {
  std::size_t at = 0;
  const auto skip_flags = [&] {
    while (at < arguments.size()) {
      const std::size_t words = WordsOf(arguments[at]);
      if (words == 0) return;
      at = std::min(at + words, arguments.size());
    }
  };
  skip_flags();
  if (at == arguments.size() || arguments[at] != "code") return {arguments, {}};
  ++at;
  skip_flags();
  CodeCommandLine split;
  split.ours.assign(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(at));
  if (at < arguments.size() && arguments[at] == "--") ++at;
  split.theirs.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
  return split;
}

}  // namespace ccp::ctl
