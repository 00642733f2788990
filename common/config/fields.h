// The one table of everything models.yaml may say: key, type, default, range, documentation, and the member it fills.
//
// The parser (decode.cc), the checks (validate.cc), the plan (diff.cc), the JSON Schema (schema.cc) and
// `ccpctl explain KEY` are all driven by it: a new key is one row here and one member in model.h.
// Immutable, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config/model.h"

namespace ccp::config {

// The kinds of map a file consists of.
enum class Section : std::uint8_t { kFile, kProvider, kModel, kTimeouts, kPrice, kRouting, kRule, kWhen, kTarget };

enum class FieldType : std::uint8_t {
  kText,
  kName,            // Of a model, alias or rule.
  kModelName,       // Names a model or alias of the file.
  kProviderName,    // Names a provider of the file.
  kUrl,
  kVariable,        // Name of an environment variable.
  kChoice,          // One of `choices`.
  kPattern,         // RE2, searched.
  kBool,
  kInteger,
  kNumber,
  kTokens,          // 4096, 8k, 1m
  kDuration,        // 250ms, 5s, 2m
  kUsdPerMillion,   // US dollars per million tokens.
  kUsdPerToken,     // The same per token, as older files have it.
  kTokenCondition,  // ">=60k"
  kNameList,
  kPatternList,     // RE2, each for a whole name.
  kHeaders,         // Header name -> value.
  kHeaderPatterns,  // Header name -> RE2.
  kJsonObject,
  kChain,           // A model, a list of them, or a list of weighted targets.
  kSection,         // A map with the keys of `child`.
  kSectionMap,      // Name -> such a map.
  kSectionList,     // A list of such maps.
};

// Which member of T a field fills; the member's C++ type says how.
template <typename T>
using Member = std::variant<std::string T::*, bool T::*, int T::*, std::int64_t T::*, std::optional<std::int64_t> T::*,
                            std::optional<double> T::*, std::optional<bool> T::*, std::chrono::milliseconds T::*,
                            std::map<std::string, std::string> T::*, std::vector<std::string> T::*, Auth T::*,
                            Timeouts T::*, std::optional<Price> T::*>;

// monostate: the parser treats the key itself.
using Binding = std::variant<std::monostate, Member<Model>, Member<Timeouts>, Member<Price>, Member<Condition>>;

enum class Sharing : std::uint8_t {
  kModelOnly,
  kProviderToo,  // May stand in a provider as well; the model's own value wins.
};

struct Range {
  double least = 0;
  double most = 0;
};

struct Field {
  Section section;
  std::string_view key;
  FieldType type;
  std::string_view doc;                    // One or two sentences.
  std::string_view example;                // As written in a file.
  std::string_view fallback = {};          // The default as written in a file; empty: none.
  Binding binding = {};
  std::span<const std::string_view> choices = {};
  std::optional<Range> range = std::nullopt;  // In the unit of the type; durations in milliseconds.
  Sharing sharing = Sharing::kModelOnly;
  std::optional<Section> child = std::nullopt;  // Of the kSection types.
  std::string_view replaced_by = {};       // Not empty: a key of older files, still read.
};

std::span<const Field> Fields();
std::vector<const Field*> FieldsOf(Section section);                   // Of a provider too: the shared rows.
const Field* FindKey(Section section, std::string_view key);           // nullptr if there is none.

std::string FieldPath(const Field& field);                             // "models.*.max_tokens"
std::string_view TypeName(FieldType type);                             // "tokens", "duration", "text" ...
std::string_view TypeExample(FieldType type);                          // "a number of tokens such as 4096, 8k or 1m"

// For `ccpctl explain KEY`: "models.max_tokens", "models.*.max_tokens", "models.my-model.max_tokens", "timeouts.idle" or
// just "max_tokens". nullptr if there is none; then NearestFieldPath() may know what was meant ("" if not).
const Field* FindField(std::string_view path);
std::string NearestFieldPath(std::string_view path);

// The documentation of a field as text for a terminal: path, type, default, range, doc, example.
std::string Describe(const Field& field);

}  // namespace ccp::config
