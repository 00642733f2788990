#include "edge/translate/repeated_chunk.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kLongestKept = 4096;  // An envelope is some hundred bytes; more is not worth a copy each time.

}  // namespace

void RepeatedChunk::Learn(const json::Document& document, json::Value varying) {
  const std::string_view chunk = document.text();
  const std::size_t begin = varying.offset() + 1;
  const std::size_t end = begin + varying.escaped().size();
  const std::size_t kept = chunk.size() - (end - begin);
  Forget();
  if (kept > kLongestKept) return;
  chunk_.reserve(kept);  // No more room than that: a stream may be silent for an hour.
  chunk_.append(chunk.substr(0, begin)).append(chunk.substr(end));
  before_ = begin;
}

std::optional<std::string_view> RepeatedChunk::Match(std::string_view chunk) const {
  if (chunk_.empty() || chunk.size() < chunk_.size()) return std::nullopt;
  const std::string_view learned = chunk_;
  if (!chunk.starts_with(learned.substr(0, before_)) || !chunk.ends_with(learned.substr(before_))) return std::nullopt;
  const std::string_view contents = chunk.substr(before_, chunk.size() - learned.size());
  if (!json::IsStringContents(contents)) return std::nullopt;
  return contents;
}

}  // namespace ccp::translate
