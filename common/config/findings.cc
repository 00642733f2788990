#include "common/config/findings.h"

#include <utility>

#include "common/base/text.h"
#include "common/config/secrets.h"

namespace ccp::config {

std::string ChildPath(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : Concat(parent, ".", key);
}

std::string ElementPath(std::string_view parent, std::size_t index) { return Concat(parent, "[", index, "]"); }

std::string DidYouMean(std::string_view text, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(text, candidates);
  return nearest.empty() ? std::string() : Concat("did you mean ", Quote(nearest), "?");
}

void Findings::Error(std::string_view code, Position at, std::string_view path, std::string message, std::string hint) {
  has_errors_ = true;
  Explain(std::string(path));
  Add({Diagnostic::Severity::kError, std::string(code), {}, 0, 0, Printable(path), std::move(message), std::move(hint)},
      at);
}

void Findings::Warning(std::string_view code, Position at, std::string_view path, std::string message,
                       std::string hint) {
  Add({Diagnostic::Severity::kWarning, std::string(code), {}, 0, 0, Printable(path), std::move(message),
       std::move(hint)},
      at);
}

void Findings::Add(Diagnostic diagnostic, Position at) {
  if (list_.size() >= kMaxFindings) return;
  diagnostic.line = at.line;
  diagnostic.column = at.column;
  list_.push_back(std::move(diagnostic));
}

}  // namespace ccp::config
