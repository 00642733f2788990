#include <algorithm>

#include "common/base/text.h"
#include "common/config/load.h"
#include "common/config/secrets.h"
#include "common/json/utf8.h"

namespace ccp::config {
namespace {

constexpr std::size_t kMostPrinted = 20;
constexpr std::size_t kWidestLine = 160;  // Characters of a source line: more does not help to find the place.
constexpr std::string_view kDidYouMean = "did you mean ";

std::string Plural(std::size_t count, std::string_view noun) { return Concat(count, " ", noun, count == 1 ? "" : "s"); }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The byte where the character at `column` (from 1) begins.
std::size_t ByteOf(std::string_view line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && IsContinuation(line[at])) ++at;
  }
  return at;
}

// How many characters the word at `begin` has: up to its closing quote, or to what ends a plain value.
std::size_t WordWidth(std::string_view line, std::size_t begin) {
  if (begin >= line.size()) return 1;
  const bool quoted = line[begin] == '"' || line[begin] == '\'';
  const std::size_t closing = quoted ? line.find(line[begin], begin + 1) : std::string_view::npos;
  std::size_t end = closing == std::string_view::npos ? line.find_first_of(" ,[]{}#\t\r", begin) : closing + 1;
  end = std::max(begin + 1, std::min(end, line.size()));
  if (!quoted && line[end - 1] == ':' && end - 1 > begin) --end;
  return std::max<std::ptrdiff_t>(1, std::count_if(line.begin() + static_cast<std::ptrdiff_t>(begin),
                                                   line.begin() + static_cast<std::ptrdiff_t>(end),
                                                   [](char c) { return !IsContinuation(c); }));
}

// Spaces as wide as `text`; tabs stay tabs.
std::string Blank(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!IsContinuation(c)) out += c == '\t' ? '\t' : ' ';
  }
  return out;
}

std::string Location(const Diagnostic& diagnostic) {
  std::string out = diagnostic.file;
  if (diagnostic.line > 0) out += Concat(":", diagnostic.line, ":", diagnostic.column);
  if (out.empty()) out = diagnostic.path;
  return out;
}

// The source line with a caret under the place, and `note` behind the caret.
std::string Excerpt(const Diagnostic& diagnostic, std::string_view line, std::string_view note) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  std::string text;
  json::AppendValidUtf8(text, line);
  const std::string printed = Printable(std::string_view(text).substr(0, ByteOf(text, kWidestLine)));
  std::string number = std::to_string(diagnostic.line);
  number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
  std::string out = Concat(number, " | ", printed, "\n");
  const std::size_t begin = ByteOf(printed, diagnostic.column);
  if (diagnostic.column > static_cast<int>(kWidestLine)) return out;
  out += Concat(std::string(number.size(), ' '), " | ", Blank(std::string_view(printed).substr(0, begin)),
                std::string(WordWidth(printed, begin), '^'));
  if (!note.empty()) out += Concat(" ", note);
  return out + "\n";
}

std::string FormatOne(const Diagnostic& diagnostic, const std::vector<std::string_view>& lines) {
  const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
  const std::string location = Location(diagnostic);
  std::string out = Concat(is_error ? "error" : "warning", " [", diagnostic.code, "] ", location,
                           location.empty() ? "" : ": ", diagnostic.message, "\n");
  std::string_view note;
  std::vector<std::string_view> hints;
  if (!diagnostic.hint.empty()) hints = Split(diagnostic.hint, '\n');
  const auto line = static_cast<std::size_t>(diagnostic.line);
  if (line > 0 && line <= lines.size()) {
    if (!hints.empty() && hints.front().starts_with(kDidYouMean)) {
      note = hints.front();
      hints.erase(hints.begin());
    }
    out += Excerpt(diagnostic, lines[line - 1], note);
  }
  for (const std::string_view hint : hints) out += Concat("hint: ", hint, "\n");
  return out;
}

}  // namespace

std::string Format(const std::vector<Diagnostic>& diagnostics, std::string_view yaml) {
  if (diagnostics.empty()) return {};
  if (yaml.starts_with("\xEF\xBB\xBF")) yaml.remove_prefix(3);
  const std::vector<std::string_view> lines = yaml.empty() ? std::vector<std::string_view>() : Split(yaml, '\n');
  const auto is_error = [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; };
  const auto errors = static_cast<std::size_t>(std::count_if(diagnostics.begin(), diagnostics.end(), is_error));
  const std::size_t printed = std::min(diagnostics.size(), kMostPrinted);
  std::string out;
  for (std::size_t i = 0; i < printed; ++i) out += FormatOne(diagnostics[i], lines);
  if (printed < diagnostics.size()) out += Concat("... and ", diagnostics.size() - printed, " more\n");
  out += Concat(Plural(errors, "error"), ", ", Plural(diagnostics.size() - errors, "warning"), ".");
  if (errors > 0) out += " Nothing was applied.";
  return out + "\n";
}

}  // namespace ccp::config
