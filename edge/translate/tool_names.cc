#include "edge/translate/tool_names.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kHashBytes = 4;
constexpr std::size_t kSuffixLength = 1 + 2 * kHashBytes;  // "_" and the hash in hex

bool IsNameLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string Candidate(std::string_view name, std::size_t max_length, int attempt) {
  std::string out(name.substr(0, max_length - kSuffixLength));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !IsNameLetter(c); }, '_');
  const std::string seed = attempt == 0 ? std::string(name) : Concat(name, "#", attempt);
  return Concat(out, "_", Hex(Sha256(seed).substr(0, kHashBytes)));
}

}  // namespace

UpstreamToolNames::UpstreamToolNames(json::Value tools, std::size_t max_length)
    : max_length_(std::max(max_length, kSuffixLength + 1)), tools_(tools) {}

bool UpstreamToolNames::IsFine(std::string_view name) const {
  return !name.empty() && name.size() <= max_length_ && std::all_of(name.begin(), name.end(), IsNameLetter);
}

std::string UpstreamToolNames::For(std::string_view name) { return IsFine(name) ? std::string(name) : Changed(name); }

std::string UpstreamToolNames::Changed(std::string_view name) {
  if (const auto given = given_.find(name); given != given_.end()) return given->second;
  if (taken_.empty()) {
    for (const json::Value tool : tools_.elements()) taken_.insert(tool["name"].str());
  }
  for (int attempt = 0;; ++attempt) {
    std::string candidate = Candidate(name, max_length_, attempt);
    if (taken_.contains(candidate)) continue;
    if (!changed_.try_emplace(candidate, name).second) continue;
    given_.emplace(name, candidate);
    return candidate;
  }
}

}  // namespace ccp::translate
