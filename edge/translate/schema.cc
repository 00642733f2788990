#include "edge/translate/schema.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/text.h"

namespace ccp::translate {
namespace {

using json::Type;
using json::Value;

template <std::size_t N>
bool IsOneOf(std::string_view key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

constexpr std::array<std::string_view, 5> kMapsOfSchemas = {"properties", "patternProperties", "$defs", "definitions",
                                                            "dependentSchemas"};
constexpr std::array<std::string_view, 9> kSingleSchemas = {
    "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "additionalItems"};
constexpr std::array<std::string_view, 4> kListsOfSchemas = {"anyOf", "allOf", "oneOf", "prefixItems"};
constexpr std::array<std::string_view, 6> kLimitKeywords = {"minLength", "maxLength", "pattern",
                                                            "format",    "minItems",  "maxItems"};
constexpr std::array<std::string_view, 2> kNames = {"$schema", "$id"};  // Say nothing about what is valid.

// Separates members and elements.
class Commas {
 public:
  explicit Commas(std::string& out) : out_(out) {}
  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void Key(std::string_view escaped) {
    Next();
    out_ += '"';
    out_ += escaped;
    out_ += "\":";
  }

 private:
  std::string& out_;
  bool first_ = true;
};

// Copies a schema without the length and pattern keywords and without its own name. A property may be called like a
// keyword, so the walk knows where schemas stand.
class LimitRemover {
 public:
  LimitRemover(std::string& out, const TokenCopier& copier) : out_(out), copier_(copier) {}

  SchemaChange Write(Value schema) {
    WriteSchema(schema);
    return change_;
  }

 private:
  void WriteSchema(Value schema) {
    if (!schema.is_object()) return copier_.Append(out_, schema.raw());
    out_ += '{';
    Commas commas(out_);
    for (const auto& [key, value] : schema.members()) {
      if (IsOneOf(key.escaped(), kNames)) continue;
      if (IsOneOf(key.escaped(), kLimitKeywords)) {
        change_ = SchemaChange::kReduced;
        continue;
      }
      commas.Next();
      copier_.Append(out_, key.raw());
      out_ += ':';
      WriteMember(key.escaped(), value);
    }
    out_ += '}';
  }

  void WriteMember(std::string_view key, Value value) {
    if (IsOneOf(key, kMapsOfSchemas) && value.is_object()) return WriteMap(value);
    if (IsOneOf(key, kListsOfSchemas) && value.is_array()) return WriteList(value);
    if (IsOneOf(key, kSingleSchemas)) return value.is_array() ? WriteList(value) : WriteSchema(value);
    copier_.Append(out_, value.raw());
  }

  void WriteMap(Value map) {
    out_ += '{';
    Commas commas(out_);
    for (const auto& [key, value] : map.members()) {
      commas.Next();
      copier_.Append(out_, key.raw());
      out_ += ':';
      WriteSchema(value);
    }
    out_ += '}';
  }

  void WriteList(Value list) {
    out_ += '[';
    Commas commas(out_);
    for (const Value schema : list.elements()) {
      commas.Next();
      WriteSchema(schema);
    }
    out_ += ']';
  }

  std::string& out_;
  const TokenCopier& copier_;
  SchemaChange change_ = SchemaChange::kNone;
};

// Gemini reads a subset of OpenAPI 3.0: a list of allowed keywords, one type a schema, string enums, no references.
class GeminiWriter {
 public:
  GeminiWriter(std::string& out, const TokenCopier& copier, Value root)
      : out_(out), copier_(copier), root_(root), limit_(out.size() + kMaxBytes) {}

  SchemaChange Write(Value schema) {
    WriteSchema(schema, 0);
    return change_;
  }

 private:
  // References are written out, so a schema can grow without end; what is deeper or longer is a plain object.
  static constexpr int kMaxDepth = 24;
  static constexpr std::size_t kMaxBytes = 256 * 1024;
  static constexpr std::size_t kMaxReferences = 1000;  // Different ones: each is looked for among all definitions.
  static constexpr std::array<std::string_view, 11> kCopied = {
      "title",     "description", "maxItems", "minItems", "minProperties", "maxProperties",
      "minLength", "maxLength",   "pattern",  "minimum",  "maximum"};

  void WriteSchema(Value schema, int depth) {
    const bool too_much = depth > kMaxDepth || out_.size() > limit_;
    if (!too_much) schema = Resolve(schema);
    if (!schema.is_object() || too_much) {
      change_ = SchemaChange::kReduced;
      out_ += R"({"type":"object"})";
      return;
    }
    out_ += '{';
    Commas commas(out_);
    if (MayBeNull(schema)) {
      commas.Key("nullable");
      out_ += "true";
    }
    WriteType(schema, commas);
    const std::string_view alternatives = AlternativesKey(schema);
    for (const auto& [key, value] : schema.members()) WriteMember(schema, key, value, alternatives, commas, depth);
    if (IsArray(schema) && !schema["items"].is_object()) {
      commas.Key("items");
      out_ += R"({"type":"string"})";
    }
    out_ += '}';
  }

  void WriteMember(Value schema, Value key, Value value, std::string_view alternatives, Commas& commas, int depth) {
    const std::string_view name = key.escaped();
    if (name == "type" || name == "nullable") return;
    if (IsOneOf(name, kCopied)) {
      commas.Key(name);
      return copier_.Append(out_, value.raw());
    }
    if (name == "enum") return WriteEnum(value, commas);
    if (name == "const") return WriteConst(value, commas);
    if (name == "properties" && value.is_object()) return WriteProperties(value, commas, depth);
    if (name == "required" && value.is_array()) return WriteRequired(schema, value, commas);
    if (name == "items" && value.is_object()) {
      commas.Key("items");
      return WriteSchema(value, depth + 1);
    }
    if (name == alternatives && value.is_array()) return WriteAlternatives(value, commas, depth);
    if (name == "format" && (value.is("enum") || value.is("date-time"))) {
      commas.Key("format");
      return copier_.Append(out_, value.raw());
    }
    change_ = SchemaChange::kReduced;
  }

  // Follows `#/$defs/Name` and an allOf of one, also through several steps; a circle ends by the depth limit.
  Value Resolve(Value schema) {
    for (int step = 0; step < kMaxDepth; ++step) {
      const Value all = schema["allOf"];
      if (schema["$ref"].is_string()) {
        schema = Find(schema["$ref"].str());
      } else if (all.size() == 1 && !schema["properties"]) {
        schema = *all.elements().begin();
      } else {
        return schema;
      }
      change_ = SchemaChange::kReduced;
    }
    return {};
  }

  Value Find(const std::string& pointer) {
    if (!pointer.starts_with('#')) return {};
    if (const auto known = references_.find(pointer); known != references_.end()) return known->second;
    if (references_.size() >= kMaxReferences) return {};
    return references_[pointer] = Target(std::string_view(pointer).substr(1));
  }

  Value Target(std::string_view pointer) const {
    Value found = root_;
    for (const std::string_view step : Split(pointer, '/')) {
      if (!step.empty()) found = found[step];
    }
    return found;
  }

  // The one keyword whose alternatives are written: a list of types already takes the place of anyOf.
  static std::string_view AlternativesKey(Value schema) {
    if (OtherTypes(schema["type"]) > 1) return "";
    return schema["anyOf"].is_array() ? "anyOf" : "oneOf";
  }

  // How many types but null a list names; 0 if `type` is no list.
  static std::size_t OtherTypes(Value type) {
    std::size_t count = 0;
    for (const Value one : type.elements()) count += one.is("null") ? 0 : 1;
    return count;
  }

  static bool MayBeNull(Value schema) {
    if (schema["nullable"].boolean() == true) return true;
    if (OtherTypes(schema["type"]) != schema["type"].size() && schema["type"].is_array()) return true;
    for (const Value one : schema[AlternativesKey(schema)].elements()) {
      if (IsNullSchema(one)) return true;
    }
    return false;
  }

  static bool IsArray(Value schema) {
    const Value type = schema["type"];
    if (type.is("array")) return true;
    if (OtherTypes(type) != 1) return false;
    for (const Value one : type.elements()) {
      if (one.is("array")) return true;
    }
    return false;
  }

  void WriteType(Value schema, Commas& commas) {
    const Value type = schema["type"];
    if (type.is_array()) return WriteTypes(type, commas);
    if (type.is_string()) {
      commas.Key("type");
      return copier_.Append(out_, type.raw());
    }
    if (!schema[AlternativesKey(schema)].empty() && schema[AlternativesKey(schema)].is_array()) return;
    commas.Key("type");
    out_ += GuessType(schema);
  }

  static std::string_view GuessType(Value schema) {
    if (schema["properties"].is_object()) return "\"object\"";
    if (schema["items"].exists()) return "\"array\"";
    return "\"string\"";
  }

  // ["string","null"] is a nullable string; several types are alternatives.
  void WriteTypes(Value types, Commas& commas) {
    change_ = SchemaChange::kReduced;
    std::vector<Value> kept;
    for (const Value type : types.elements()) {
      if (!type.is("null")) kept.push_back(type);
    }
    if (kept.size() > 1) {
      commas.Key("anyOf");
      out_ += '[';
      Commas inner(out_);
      for (const Value type : kept) {
        inner.Next();
        out_ += R"({"type":)";
        copier_.Append(out_, type.raw());
        out_ += type.is("array") ? R"(,"items":{"type":"string"}})" : "}";
      }
      out_ += ']';
      return;
    }
    commas.Key("type");
    copier_.Append(out_, kept.empty() ? "\"string\"" : kept.front().raw());
  }

  void WriteEnum(Value values, Commas& commas) {
    std::vector<Value> kept;
    for (const Value value : values.elements()) {
      if (value.is_string() && !value.escaped().empty()) kept.push_back(value);
    }
    if (kept.size() != values.size()) change_ = SchemaChange::kReduced;
    if (kept.empty()) return;
    commas.Key("enum");
    out_ += '[';
    Commas inner(out_);
    for (const Value value : kept) {
      inner.Next();
      copier_.Append(out_, value.raw());
    }
    out_ += ']';
  }

  void WriteConst(Value value, Commas& commas) {
    change_ = SchemaChange::kReduced;
    if (!value.is_string() || value.escaped().empty()) return;
    commas.Key("enum");
    out_ += '[';
    copier_.Append(out_, value.raw());
    out_ += ']';
  }

  void WriteProperties(Value properties, Commas& commas, int depth) {
    if (properties.empty()) return;  // Refused as "should be non-empty".
    commas.Key("properties");
    out_ += '{';
    Commas inner(out_);
    for (const auto& [key, value] : properties.members()) {
      inner.Next();
      copier_.Append(out_, key.raw());
      out_ += ':';
      WriteSchema(value, depth + 1);
    }
    out_ += '}';
  }

  // Names only: Gemini refuses a required property that is not declared.
  void WriteRequired(Value schema, Value required, Commas& commas) {
    std::set<std::string, std::less<>> declared;
    for (const auto& [key, value] : schema["properties"].members()) declared.insert(key.str());
    std::vector<Value> kept;
    for (const Value name : required.elements()) {
      if (name.is_string() && declared.contains(name.str())) kept.push_back(name);
    }
    if (kept.empty()) return;
    commas.Key("required");
    out_ += '[';
    Commas inner(out_);
    for (const Value name : kept) {
      inner.Next();
      copier_.Append(out_, name.raw());
    }
    out_ += ']';
  }

  void WriteAlternatives(Value list, Commas& commas, int depth) {
    std::vector<Value> kept;
    for (const Value schema : list.elements()) {
      if (!IsNullSchema(schema)) kept.push_back(schema);
    }
    if (kept.size() != list.size()) change_ = SchemaChange::kReduced;
    if (kept.empty()) return;
    commas.Key("anyOf");
    out_ += '[';
    Commas inner(out_);
    for (const Value schema : kept) {
      inner.Next();
      WriteSchema(schema, depth + 1);
    }
    out_ += ']';
  }

  static bool IsNullSchema(Value schema) { return schema["type"].is("null"); }

  std::string& out_;
  const TokenCopier& copier_;
  Value root_;
  std::size_t limit_;
  std::unordered_map<std::string, Value> references_;  // By their pointers.
  SchemaChange change_ = SchemaChange::kNone;
};

SchemaChange AppendSchema(std::string& out, Value schema, Dialect::Schema profile, const TokenCopier& copier) {
  switch (profile) {
    case Dialect::Schema::kWhole:
      copier.Append(out, schema.raw());
      return SchemaChange::kNone;
    case Dialect::Schema::kNoLimits:
      return LimitRemover(out, copier).Write(schema);
    case Dialect::Schema::kGemini:
      return GeminiWriter(out, copier, schema).Write(schema);
  }
  return SchemaChange::kNone;
}

// Puts members that are missing behind the last one of the object that ends `out`.
void AddMember(std::string& out, std::string_view member) {
  out.pop_back();
  if (out.back() != '{') out += ',';
  out += member;
  out += '}';
}

bool RequiresAll(Value schema) {
  std::set<std::string, std::less<>> required;
  for (const Value name : schema["required"].elements()) required.insert(name.str());
  for (const auto& [key, value] : schema["properties"].members()) {
    if (!required.contains(key.str())) return false;
  }
  return true;
}

}  // namespace

SchemaChange AppendToolSchema(std::string& out, Value schema, Dialect::Schema profile, const TokenCopier& copier) {
  if (!schema.is_object() || schema.empty()) {
    out += R"({"type":"object","properties":{}})";
    return SchemaChange::kNone;
  }
  const bool has_type =
      schema["type"].exists() || profile == Dialect::Schema::kGemini;  // That one guesses a type itself.
  const SchemaChange change = AppendSchema(out, schema, profile, copier);
  if (!has_type) AddMember(out, R"("type":"object")");
  if (!schema["properties"].exists() && profile != Dialect::Schema::kGemini) AddMember(out, R"("properties":{})");
  return change;
}

SchemaChange AppendAnswerSchema(std::string& out, Value schema, Dialect::Schema profile, const TokenCopier& copier) {
  return AppendSchema(out, schema, profile, copier);
}

bool MeetsStrict(Value schema) {
  if (schema.is_object() && (schema["type"].is("object") || schema["properties"].exists())) {
    if (schema["additionalProperties"].boolean() != false || !RequiresAll(schema)) return false;
  }
  for (const auto& [key, value] : schema.members()) {
    const std::string_view name = key.escaped();
    if (IsOneOf(name, kMapsOfSchemas)) {
      for (const auto& [own, property] : value.members()) {
        if (!MeetsStrict(property)) return false;
      }
    } else if (IsOneOf(name, kListsOfSchemas)) {
      for (const Value one : value.elements()) {
        if (!MeetsStrict(one)) return false;
      }
    } else if (name == "items" && !MeetsStrict(value)) {
      return false;
    }
  }
  return true;
}

}  // namespace ccp::translate
