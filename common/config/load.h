// models.yaml -> Catalog, with every problem found in one run.
//
// Pure: takes text, returns values. The same code runs in ccpctl, control and (on the compiled form) the edge.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/model.h"

namespace ccp::config {

// One finding. `code` is stable (ccpctl explain CCP1204); lines and columns count from 1, 0 where there is none.
struct Diagnostic {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  std::string code;
  std::string file;
  int line = 0;
  int column = 0;
  std::string path;      // models.deepseek-chat.provider
  std::string message;
  std::string hint;      // did you mean "deepseek"?
};

struct LoadResult {
  std::optional<Catalog> catalog;       // Absent when there is an error among the diagnostics.
  std::vector<Diagnostic> diagnostics;  // Sorted by line, then column.
};

// `file_name` is for messages only. Limits: 8 MiB, depth 64, no aliases or merge keys.
LoadResult Load(std::string_view yaml, std::string_view file_name);

// Checks a compiled catalog as Load() checks a file: names, patterns, URLs, ranges. What an edge runs before it accepts one.
std::vector<Diagnostic> Validate(const Catalog& catalog);

// error [CCP1204] models.yaml:14:17: message / source line / caret / hint, as design/ux.md section 2 shows.
// `yaml` may be empty: then without source lines. At most 20 findings are printed; the last line counts them.
std::string Format(const std::vector<Diagnostic>& diagnostics, std::string_view yaml);

}  // namespace ccp::config
