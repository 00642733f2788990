#include "edge/upstream/env_file.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsNameCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsName(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), IsNameCharacter);
}

std::string_view WithoutExport(std::string_view line) {
  constexpr std::string_view kExport = "export";
  if (line.substr(0, kExport.size()) != kExport) return line;
  const std::string_view rest = line.substr(kExport.size());
  return !rest.empty() && (rest[0] == ' ' || rest[0] == '\t') ? Trim(rest) : line;
}

bool OnlyComment(std::string_view rest) {
  rest = Trim(rest);
  return rest.empty() || rest[0] == '#';
}

char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    default:
      return c;
  }
}

absl::StatusOr<std::string> SingleQuoted(std::string_view text) {
  const std::size_t end = text.find('\'', 1);
  if (end == std::string_view::npos) return InvalidArgument("the single quote is not closed");
  if (!OnlyComment(text.substr(end + 1))) return InvalidArgument("there is text behind the closing quote");
  return std::string(text.substr(1, end - 1));
}

absl::StatusOr<std::string> DoubleQuoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (!OnlyComment(text.substr(i + 1))) return InvalidArgument("there is text behind the closing quote");
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      value += Unescaped(text[++i]);
    } else {
      value += text[i];
    }
  }
  return InvalidArgument("the double quote is not closed");
}

std::string Unquoted(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t'))
      return std::string(Trim(text.substr(0, i)));
  }
  return std::string(text);
}

absl::StatusOr<std::string> ParseValue(std::string_view text) {
  if (!text.empty() && text[0] == '\'') return SingleQuoted(text);
  if (!text.empty() && text[0] == '"') return DoubleQuoted(text);
  return Unquoted(text);
}

}  // namespace

absl::StatusOr<EnvVariables> ParseEnvFile(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  EnvVariables variables;
  int number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    line = WithoutExport(Trim(line));
    if (OnlyComment(line)) continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = Trim(line.substr(0, equals));
    if (equals == std::string_view::npos || !IsName(name)) {
      return InvalidArgument("line ", number, ": want NAME=value, a comment, or nothing");
    }
    auto value = ParseValue(Trim(line.substr(equals + 1)));
    if (!value.ok()) return InvalidArgument("line ", number, ": ", Message(value.status()));
    variables.insert_or_assign(std::string(name), *std::move(value));
  }
  return variables;
}

}  // namespace ccp::edge
