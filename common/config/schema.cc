#include "common/config/schema.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/config/fields.h"

namespace ccp::config {
namespace {

using Json = nlohmann::ordered_json;

Json Reference(std::string_view definition) { return {{"$ref", Concat("#/definitions/", definition)}}; }

std::string_view DefinitionName(Section section) {
  switch (section) {
    case Section::kFile: return "file";
    case Section::kProvider: return "provider";
    case Section::kModel: return "model";
    case Section::kTimeouts: return "timeouts";
    case Section::kPrice: return "price";
    case Section::kRouting: return "routing";
    case Section::kRule: return "rule";
    case Section::kWhen: return "when";
    case Section::kTarget: return "target";
  }
  return "";
}

// Text that need not be quoted in YAML: a name such as 4 reads as a number.
Json Scalar() { return {{"type", Json::array({"string", "number", "boolean"})}}; }
Json ListOf(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json Bounded(Json schema, const Field& field) {
  if (!field.range) return schema;
  schema["minimum"] = static_cast<std::int64_t>(field.range->least);  // Every bound of the table is a whole number.
  schema["maximum"] = static_cast<std::int64_t>(field.range->most);
  return schema;
}

Json TokensSchema(const Field& field) {
  const Json shorthand = {{"type", "string"}, {"pattern", "^[0-9]+[kKmM]?$"}};
  return {{"anyOf", Json::array({Bounded({{"type", "integer"}}, field), shorthand})}};
}

Json TypeSchema(const Field& field) {
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kName:
    case FieldType::kModelName:
    case FieldType::kProviderName:
    case FieldType::kPattern: return Scalar();
    case FieldType::kUrl: return {{"type", "string"}, {"pattern", "^[hH][tT][tT][pP][sS]?://[^@?#\\s]+$"}};
    case FieldType::kVariable: return {{"type", "string"}, {"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}};
    case FieldType::kChoice: {
      Json choices = Json::array();
      for (const std::string_view choice : field.choices) choices.push_back(std::string(choice));
      return {{"enum", std::move(choices)}};
    }
    case FieldType::kBool: return {{"type", "boolean"}};
    case FieldType::kInteger: return Bounded({{"type", "integer"}}, field);
    case FieldType::kNumber:
    case FieldType::kUsdPerMillion:
    case FieldType::kUsdPerToken: return Bounded({{"type", "number"}}, field);
    case FieldType::kTokens: return TokensSchema(field);
    case FieldType::kDuration: return {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d)$"}};
    case FieldType::kTokenCondition: return {{"type", "string"}, {"pattern", "^(>=|<=|>|<|=)\\s*[0-9]+[kKmM]?$"}};
    case FieldType::kNameList:
    case FieldType::kPatternList: return ListOf(Scalar());
    case FieldType::kHeaders:
    case FieldType::kHeaderPatterns: return {{"type", "object"}, {"additionalProperties", Scalar()}};
    case FieldType::kJsonObject: return {{"type", "object"}};
    case FieldType::kChain: return Reference("chain");
    case FieldType::kSection: return Reference(DefinitionName(*field.child));
    case FieldType::kSectionMap:
      return {{"type", "object"}, {"additionalProperties", Reference(DefinitionName(*field.child))}};
    case FieldType::kSectionList: return ListOf(Reference(DefinitionName(*field.child)));
  }
  return Json::object();
}

// The default as JSON: numbers and booleans unquoted.
Json Fallback(const Field& field) {
  const Json value = Json::parse(field.fallback, nullptr, false);
  return value.is_discarded() ? Json(std::string(field.fallback)) : value;
}

bool MayBeNull(const Field& field) { return field.section == Section::kModel && field.type != FieldType::kSection; }

Json FieldSchema(const Field& field) {
  Json schema = TypeSchema(field);
  if (field.section == Section::kFile && field.key == "models") {
    schema = {{"anyOf", Json::array({std::move(schema), Reference("model_list")})}};
  } else if (MayBeNull(field)) {
    // `key:` with nothing behind it is the same as no key.
    schema = {{"anyOf", Json::array({std::move(schema), Json{{"type", "null"}}})}};
  } else if (schema.contains("$ref")) {
    schema = {{"allOf", Json::array({std::move(schema)})}};  // Draft-07 ignores what stands beside $ref.
  }
  schema["description"] = std::string(field.doc);
  schema["markdownDescription"] = Concat(field.doc, "\n\nExample: `", field.key, ": ", field.example, "`");
  if (!field.fallback.empty()) schema["default"] = Fallback(field);
  if (!field.replaced_by.empty()) schema["deprecationMessage"] = Concat("now ", field.replaced_by);
  return schema;
}

Json SectionSchema(Section section) {
  Json properties = Json::object();
  for (const Field* field : FieldsOf(section)) properties[std::string(field->key)] = FieldSchema(*field);
  Json types = Json::array({"object"});
  // A provider or model may be a name with nothing behind it yet.
  if (section == Section::kProvider || section == Section::kModel) types.push_back("null");
  return {{"type", std::move(types)}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

Json Required(Json schema, std::string_view key) {
  schema["required"] = Json::array({std::string(key)});
  return schema;
}

Json ModelList() {
  Json model = Required(SectionSchema(Section::kModel), "model_id");
  model["type"] = "object";
  return ListOf(std::move(model));
}

Json Definitions() {
  Json definitions = Json::object();
  for (const Section section : {Section::kFile, Section::kProvider, Section::kModel, Section::kTimeouts,
                                Section::kPrice, Section::kRouting, Section::kWhen}) {
    definitions[std::string(DefinitionName(section))] = SectionSchema(section);
  }
  definitions["file"] = Required(std::move(definitions["file"]), "models");
  definitions["rule"] = Required(SectionSchema(Section::kRule), "to");
  definitions["target"] = Required(SectionSchema(Section::kTarget), "model");
  definitions["model_list"] = ModelList();
  definitions["chain"] = {
      {"description", "A model, a list of models tried in order, or a list of { model, weight } drawn by weight."},
      {"anyOf", Json::array({Scalar(), ListOf(Scalar()), ListOf(Reference("target"))})}};
  return definitions;
}

}  // namespace

std::string SchemaJson() {
  const Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                       {"title", "ccp models.yaml"},
                       {"anyOf", Json::array({Reference("file"), Reference("model_list")})},
                       {"definitions", Definitions()}};
  return schema.dump(2);
}

}  // namespace ccp::config
