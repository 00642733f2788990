#include "common/config/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/config/codes.h"
#include "common/config/secrets.h"

namespace ccp::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPicoUsd = 1e12;
constexpr double kMostPicoUsd = 1e12;           // A million dollars per million tokens: what fits is checked later.

std::string_view KindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kSequence: return "a list";
    case YamlNode::Kind::kMap: return "a map";
    case YamlNode::Kind::kScalar: return "text";
  }
  return "";
}

std::optional<double> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// YAML 1.2: these spellings and no other; yes, no, on and off are text.
std::optional<bool> ParseBool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

bool IsYesOrNo(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords{"yes", "no", "on", "off", "y", "n"};
  for (const std::string_view word : kWords) {
    if (EqualsIgnoreCase(word, text)) return true;
  }
  return false;
}

void Report(const Reading& reading, std::string_view code, std::string_view hint = {}) {
  const YamlNode& node = reading.node;
  const std::string got = node.is_scalar() ? Quote(node.text) : std::string(KindName(node));
  reading.findings.Error(code, node.at, reading.path,
                         Concat(reading.field.key, ": got ", got, ", want ", TypeExample(reading.field.type)),
                         std::string(hint));
}

// A plain scalar, or nullptr after a report: numbers and booleans in quotes are text.
const std::string* PlainText(const Reading& reading) {
  const YamlNode& node = reading.node;
  if (node.is_scalar() && !node.quoted) return &node.text;
  Report(reading, code::kWrongType, node.is_scalar() ? "a quoted value is text: leave out the quotes" : "");
  return nullptr;
}

// Token counts and durations may be quoted: "8k" is as good as 8k.
const std::string* ScalarText(const Reading& reading) {
  if (reading.node.is_scalar()) return &reading.node.text;
  Report(reading, code::kWrongType);
  return nullptr;
}

Json ToJson(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return nullptr;
    case YamlNode::Kind::kSequence: {
      Json array = Json::array();
      for (const YamlNode& item : node.items) array.push_back(ToJson(item));
      return array;
    }
    case YamlNode::Kind::kMap: {
      Json object = Json::object();
      for (const YamlNode::Entry& entry : node.entries) object[entry.key] = ToJson(entry.value);
      return object;
    }
    case YamlNode::Kind::kScalar: break;
  }
  if (node.quoted) return node.text;
  if (const auto boolean = ParseBool(node.text)) return *boolean;
  if (const auto integer = ParseInteger(node.text)) return *integer;
  if (const auto number = ParseNumber(node.text)) return *number;
  return node.text;
}

// Over a provider's extra_body: the model's fields win.
void ReadJsonObject(const Reading& reading, std::string& out) {
  if (!reading.node.is_map()) return ReportType(reading);
  Json object = out.empty() ? Json::object() : Json::parse(out);
  object.update(ToJson(reading.node));
  out = object.empty() ? std::string() : object.dump();
}

std::string ShortNumber(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.12g", number);
  return text.data();
}

}  // namespace

void ReportType(const Reading& reading) { Report(reading, code::kWrongType); }

void Read(const Reading& reading, std::string& out) {
  if (reading.field.type == FieldType::kJsonObject) return ReadJsonObject(reading, out);
  if (const std::string* text = ScalarText(reading)) out = *text;
}

void Read(const Reading& reading, bool& out) {
  const std::string* text = PlainText(reading);
  if (text == nullptr) return;
  const auto value = ParseBool(*text);
  if (!value) return Report(reading, code::kWrongType, IsYesOrNo(*text) ? "yes and no are text: write true or false" : "");
  out = *value;
}

void Read(const Reading& reading, std::optional<bool>& out) {
  bool value = false;
  const bool had_error = reading.findings.IsExplained(reading.path);
  Read(reading, value);
  if (!reading.findings.IsExplained(reading.path) || had_error) out = value;
}

void Read(const Reading& reading, int& out) {
  const std::string* text = PlainText(reading);
  if (text == nullptr) return;
  const auto value = ParseInteger(*text);
  if (!value) return Report(reading, code::kWrongType);
  // Out of int's range is out of every range of the table: any such value makes the check say so.
  constexpr std::int64_t kFar = 2'000'000'000;
  out = static_cast<int>(std::max(-kFar, std::min(kFar, *value)));
}

void Read(const Reading& reading, std::int64_t& out) {
  const std::string* text = PlainText(reading);
  if (text == nullptr) return;
  const auto value = ParseNumber(*text);
  if (!value) return Report(reading, code::kWrongType);
  const double pico = *value * (reading.field.type == FieldType::kUsdPerToken ? kPicoUsd : kPicoUsdPerMillionUsd);
  out = std::llround(std::max(-1.0, std::min(kMostPicoUsd + 1, pico)));
}

void Read(const Reading& reading, std::optional<std::int64_t>& out) {
  const std::string* text = ScalarText(reading);
  if (text == nullptr) return;
  const auto value = ParseTokenCount(*text);
  if (!value.ok()) return Report(reading, code::kBadTokens);
  out = *value;
}

void Read(const Reading& reading, std::optional<double>& out) {
  const std::string* text = PlainText(reading);
  if (text == nullptr) return;
  const auto value = ParseNumber(*text);
  if (!value) return Report(reading, code::kWrongType);
  out = *value;
}

void Read(const Reading& reading, std::chrono::milliseconds& out) {
  const std::string* text = ScalarText(reading);
  if (text == nullptr) return;
  const auto value = ParseDuration(*text);
  if (!value.ok()) {
    return Report(reading, code::kBadDuration, ParseNumber(*text) ? Concat("did you mean \"", *text, "s\"?") : "");
  }
  out = *value;
}

void Read(const Reading& reading, std::map<std::string, std::string>& out) {
  if (!reading.node.is_map()) return ReportType(reading);
  for (const YamlNode::Entry& entry : reading.node.entries) {
    const Reading inner{reading.field, entry.value, ChildPath(reading.path, entry.key), reading.findings};
    if (entry.value.is_null()) continue;
    if (!entry.value.is_scalar()) {
      reading.findings.Error(code::kWrongType, entry.value.at, inner.path,
                             Concat(reading.field.key, " ", Quote(entry.key), ": got ", KindName(entry.value),
                                    ", want text"));
      continue;
    }
    // Header names of rules are compared in lower case; those sent keep the writer's case.
    const bool lower = reading.field.type == FieldType::kHeaderPatterns;
    out[lower ? ToLower(entry.key) : entry.key] = entry.value.text;
  }
}

void Read(const Reading& reading, std::vector<std::string>& out) {
  if (!reading.node.is_sequence()) return ReportType(reading);
  out.clear();
  for (std::size_t i = 0; i < reading.node.items.size(); ++i) {
    const YamlNode& item = reading.node.items[i];
    if (!item.is_scalar()) {
      reading.findings.Error(code::kWrongType, item.at, ElementPath(reading.path, i),
                             Concat(reading.field.key, ": got ", KindName(item), " in the list, want text"));
    }
    out.push_back(item.text);  // Even if wrong: the places of the others must not shift.
  }
}

void Read(const Reading& reading, Auth& out) {
  const std::string* text = ScalarText(reading);
  if (text == nullptr) return;
  if (*text == "key") {
    out = Auth::kKey;
  } else if (*text == "passthrough") {
    out = Auth::kPassthrough;
  } else {
    reading.findings.Error(code::kBadChoice, reading.node.at, reading.path,
                           Concat("auth: got ", Quote(*text), ", want key or passthrough"),
                           DidYouMean(*text, {"key", "passthrough"}));
  }
}

void ReadTokenCondition(const Reading& reading, Condition& out) {
  const std::string* text = ScalarText(reading);
  if (text == nullptr) return;
  constexpr std::array<std::string_view, 5> kOperators{">=", "<=", ">", "<", "="};
  for (const std::string_view op : kOperators) {
    if (!text->starts_with(op)) continue;
    const auto tokens = ParseTokenCount(Trim(std::string_view(*text).substr(op.size())));
    if (!tokens.ok()) return Report(reading, code::kBadTokenCondition);
    out.tokens_operator = op;
    out.tokens = *tokens;
    return;
  }
  Report(reading, code::kBadTokenCondition,
         ParseTokenCount(*text).ok() ? Concat("did you mean \">=", *text, "\"?") : "");
}

std::string Show(const Field&, const std::string& value) { return Printable(value); }
std::string Show(const Field&, bool value) { return value ? "true" : "false"; }
std::string Show(const Field&, int value) { return std::to_string(value); }
std::string Show(const Field&, std::int64_t value) { return ShowUsd(value); }
std::string Show(const Field&, const std::optional<std::int64_t>& value) {
  return value ? FormatTokenCount(*value) : std::string();
}
std::string Show(const Field&, const std::optional<double>& value) { return value ? ShortNumber(*value) : std::string(); }
std::string Show(const Field&, const std::optional<bool>& value) {
  if (!value) return {};
  return *value ? "true" : "false";
}
std::string Show(const Field&, std::chrono::milliseconds value) { return FormatDuration(value); }

std::string Show(const Field&, const std::map<std::string, std::string>& value) {
  std::vector<std::string> parts;
  for (const auto& [name, text] : value) parts.push_back(Concat(name, ": ", Quote(text)));
  return parts.empty() ? std::string() : Concat("{ ", Join(parts, ", "), " }");
}

std::string Show(const Field&, const std::vector<std::string>& value) {
  return value.empty() ? std::string() : Concat("[", Printable(Join(value, ", ")), "]");
}

std::string Show(const Field&, Auth value) { return value == Auth::kPassthrough ? "passthrough" : "key"; }

std::string ShowUsd(std::int64_t pico_usd_per_token) {
  std::string text = ShortNumber(static_cast<double>(pico_usd_per_token) / kPicoUsdPerMillionUsd);
  const std::size_t point = text.find('.');
  if (point != std::string::npos && text.size() - point == 2) text += '0';  // 1.1 -> 1.10, as prices are written.
  return text;
}

}  // namespace ccp::config
