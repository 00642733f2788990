// Any bytes as models.yaml. There is a catalog exactly when there is no error; a catalog passes the edge's own check and
// differs in nothing from itself; every finding can be shown.
#include "common/config/diff.h"
#include "common/config/load.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace ccp::config;  // NOLINT: a program of one file
using ccp::fuzz::Require;

bool HasError(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ccp::fuzz::Input(data, size).rest();
  const LoadResult result = Load(text, "models.yaml");
  const std::string shown = Format(result.diagnostics, text);
  Require(shown.empty() == result.diagnostics.empty(), "a finding that is not shown", shown);
  Require(HasError(result.diagnostics) != result.catalog.has_value(), "a catalog beside an error, or neither", shown);
  if (!result.catalog) return 0;
  const std::vector<Diagnostic> objections = Validate(*result.catalog);
  Require(!HasError(objections), "the edge would refuse what was accepted", Format(objections, text));
  Require(Diff(*result.catalog, *result.catalog).empty(), "a catalog differs from itself");
  return 0;
}
