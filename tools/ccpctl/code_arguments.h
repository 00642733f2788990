// `ccpctl code` hands its arguments on untouched: where ours end and Claude Code's begin. Pure.
#pragma once

#include <string>
#include <vector>

namespace ccp::ctl {

struct CodeCommandLine {
  std::vector<std::string> ours;    // To be parsed by ccpctl; without argv[0].
  std::vector<std::string> theirs;  // For Claude Code, byte for byte.
};

// Ours are the words up to and including "code", and the flags of ccpctl directly behind it; the rest, or everything
// behind "--", is theirs. A command line without "code" is all ours.
CodeCommandLine SplitCodeArguments(const std::vector<std::string>& arguments);

}  // namespace ccp::ctl
