#include "common/config/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/config/fields.h"

namespace ccp::config {
namespace {

using nlohmann::json;

// Every reference of the schema leads to a definition.
void CheckReferences(const json& node, const json& definitions) {
  if (node.is_object() && node.contains("$ref")) {
    const std::string name = node["$ref"].get<std::string>().substr(std::string("#/definitions/").size());
    EXPECT_TRUE(definitions.contains(name)) << name;
  }
  for (const auto& child : node) {
    if (child.is_structured()) CheckReferences(child, definitions);
  }
}

TEST(Schema, IsDraft7AndComplete) {
  const json schema = json::parse(SchemaJson());
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  CheckReferences(schema, schema["definitions"]);
  for (const Field* field : FieldsOf(Section::kModel)) {
    const json& property = schema["definitions"]["model"]["properties"][std::string(field->key)];
    EXPECT_EQ(property["description"], std::string(field->doc)) << field->key;
  }
  EXPECT_EQ(schema["definitions"]["model"]["additionalProperties"], false);
  EXPECT_EQ(schema["definitions"]["rule"]["required"], json::array({"to"}));
}

TEST(Schema, KnowsChoicesRangesAndDefaults) {
  const json model = json::parse(SchemaJson())["definitions"]["model"]["properties"];
  EXPECT_EQ(model["auth"]["anyOf"][0]["enum"], json::array({"key", "passthrough"}));
  EXPECT_EQ(model["attempts"]["anyOf"][0]["minimum"], 1);
  EXPECT_EQ(model["attempts"]["default"], 2);
  EXPECT_EQ(model["can_stream"]["default"], true);
  EXPECT_EQ(model["tokenizer"]["default"], "auto");
}

// Made anew with: ccpctl schema > deploy/schema/models.schema.json
TEST(Schema, EqualsTheInstalledFile) {
  std::ostringstream text;
  text << std::ifstream(CCP_SCHEMA_FILE).rdbuf();
  EXPECT_TRUE(text.str() == SchemaJson() + "\n") << CCP_SCHEMA_FILE << " is not what the field table says: make it anew";
}

}  // namespace
}  // namespace ccp::config
