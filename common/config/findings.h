// Collects what is wrong with a file while it is read. Private to common/config.
//
// Ownership: plain value. Threading: thread-compatible.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/load.h"

namespace ccp::config {

// Where something stands in the text. Counts from 1; columns are bytes until Load() turns them into characters.
struct Position {
  int line = 0;
  int column = 0;
};

// "models" + "x" -> "models.x"; "" + "x" -> "x".
std::string ChildPath(std::string_view parent, std::string_view key);
std::string ElementPath(std::string_view parent, std::size_t index);  // "routing.default[1]"

// did you mean "deepseek"? or "" when no candidate is near.
std::string DidYouMean(std::string_view text, const std::vector<std::string>& candidates);

class Findings {
 public:
  // A file can be wrong in millions of places; nobody reads more than these.
  static constexpr std::size_t kMaxFindings = 1000;

  void Error(std::string_view code, Position at, std::string_view path, std::string message, std::string hint = {});
  void Warning(std::string_view code, Position at, std::string_view path, std::string message, std::string hint = {});

  // Says that the value at `path` is missing or wrong because of an error already reported: what follows from it is not
  // reported again.
  void Explain(std::string path) { explained_.insert(std::move(path)); }
  bool IsExplained(std::string_view path) const { return explained_.count(std::string(path)) > 0; }

  bool has_errors() const { return has_errors_; }
  std::vector<Diagnostic> Take() && { return std::move(list_); }

 private:
  void Add(Diagnostic diagnostic, Position at);

  std::vector<Diagnostic> list_;
  std::set<std::string> explained_;
  bool has_errors_ = false;
};

}  // namespace ccp::config
