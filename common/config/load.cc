#include "common/config/load.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/config/decode.h"
#include "common/config/findings.h"
#include "common/config/validate.h"
#include "common/config/yaml_tree.h"
#include "common/json/utf8.h"

namespace ccp::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Position PositionOf(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (const char c : text.substr(0, offset)) {
    at = c == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
  }
  return at;
}

bool CheckText(std::string_view yaml, Findings& findings) {
  if (yaml.size() > kMaxYamlBytes) {
    findings.Error(code::kTooLarge, {}, "", Concat("the file has ", yaml.size(), " bytes, want at most ", kMaxYamlBytes));
    return false;
  }
  for (std::size_t i = 0; i < yaml.size();) {
    const std::size_t length = json::Utf8SequenceLength(yaml.substr(i));
    if (length == 0) {
      findings.Error(code::kNotUtf8, PositionOf(yaml, i), "", "this byte is not UTF-8", "save the file as UTF-8");
      return false;
    }
    i += length;
  }
  return true;
}

// Puts the findings on a catalog where the file says what they are about; leaves out those an earlier error explains
// and those that several models share because they stand at their provider.
void AddPlaced(std::vector<Diagnostic> unplaced, const Places& places, Findings& findings) {
  std::set<std::tuple<int, int, std::string>> seen;
  for (Diagnostic& diagnostic : unplaced) {
    const Places::Place place = places.Find(diagnostic.path);
    const std::string& path = place.path.empty() ? diagnostic.path : place.path;
    const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
    const bool about_place = place.path != diagnostic.path;
    if (is_error && (findings.IsExplained(diagnostic.path) || findings.IsExplained(path))) continue;
    const bool shared = about_place && !seen.emplace(place.at.line, place.at.column, diagnostic.code).second;
    if (shared) continue;
    seen.emplace(place.at.line, place.at.column, diagnostic.code);
    if (is_error) {
      findings.Error(diagnostic.code, place.at, path, std::move(diagnostic.message), std::move(diagnostic.hint));
    } else {
      findings.Warning(diagnostic.code, place.at, path, std::move(diagnostic.message), std::move(diagnostic.hint));
    }
  }
}

void CheckDecoded(const Decoded& decoded, Findings& findings) {
  Findings unplaced;
  for (const auto& [name, provider] : decoded.providers) {
    CheckSettings(provider, ChildPath("providers", name), unplaced);
  }
  CheckCatalog(decoded.catalog, unplaced);
  AddPlaced(std::move(unplaced).Take(), decoded.places, findings);
}

// Chains of a compiled catalog name models, never aliases.
void ResolveAliases(Catalog& catalog) {
  const ModelsByName models(catalog);
  const auto resolve = [&models](Chain& chain) {
    for (Target& target : chain.targets) {
      if (const Model* model = models.Find(target.model)) target.model = model->name;
    }
  };
  for (auto& slot : catalog.routing.slots) resolve(slot.second);
  for (Rule& rule : catalog.routing.rules) resolve(rule.to);
}

std::optional<Catalog> ReadFile(std::string_view yaml, Findings& findings) {
  if (!CheckText(yaml, findings)) return std::nullopt;
  const auto root = ParseYaml(yaml, findings);
  if (!root) return std::nullopt;
  if (root->is_null()) {
    if (!findings.has_errors()) {
      findings.Error(code::kEmptyFile, {1, 1}, "", "the file is empty, want at least one model under models");
    }
    return std::nullopt;
  }
  Decoded decoded = Decode(*root, findings);
  if (!root->is_scalar()) CheckDecoded(decoded, findings);
  if (findings.has_errors()) return std::nullopt;
  ResolveAliases(decoded.catalog);
  return std::move(decoded.catalog);
}

// Columns in bytes become columns in characters. The findings are sorted, so each line is walked once.
void CountCharacters(std::vector<Diagnostic>& sorted, std::string_view yaml) {
  std::size_t line_begin = 0;
  int line = 1;
  std::size_t counted = 0;  // Bytes of the line that are counted.
  int characters = 0;
  for (Diagnostic& diagnostic : sorted) {
    while (line < diagnostic.line) {
      const std::size_t end = yaml.find('\n', line_begin);
      if (end == std::string_view::npos) return;
      line_begin = end + 1;
      ++line;
      counted = 0;
      characters = 0;
    }
    if (diagnostic.column < 1) continue;
    const std::size_t want = static_cast<std::size_t>(diagnostic.column) - 1;
    for (; counted < want && line_begin + counted < yaml.size(); ++counted) {
      const bool continues = (static_cast<unsigned char>(yaml[line_begin + counted]) & 0xC0) == 0x80;
      if (!continues) ++characters;
    }
    diagnostic.column = characters + 1;
  }
}

}  // namespace

LoadResult Load(std::string_view yaml, std::string_view file_name) {
  if (yaml.starts_with(kByteOrderMark)) yaml.remove_prefix(kByteOrderMark.size());
  Findings findings;
  LoadResult result;
  result.catalog = ReadFile(yaml, findings);
  result.diagnostics = std::move(findings).Take();
  std::stable_sort(result.diagnostics.begin(), result.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  CountCharacters(result.diagnostics, yaml);
  for (Diagnostic& diagnostic : result.diagnostics) diagnostic.file = file_name;
  return result;
}

}  // namespace ccp::config
