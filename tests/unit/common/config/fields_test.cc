#include "common/config/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/base/text.h"
#include "common/config/load.h"

namespace ccp::config {
namespace {

// "section.key: example" as a file that needs nothing else, or "" for rows that are no plain key of a model.
std::string FileWith(const Field& field) {
  const std::string line = Concat(field.key, ": ", field.example);
  const std::string_view base =
      "providers: { deepseek: { api_base: https://h.example } }\nrouting: { default: m }\n"
      "models:\n  other: { api_base: https://h.example }\n  m:\n    api_base: https://h.example\n";
  if (field.section == Section::kModel && field.key == "api_base") return {};
  if (field.section == Section::kModel && field.key == "model_id") return {};
  if (field.section == Section::kModel) return Concat(base, "    ", line, "\n");
  if (field.section == Section::kTimeouts) return Concat(base, "    timeouts: { ", line, " }\n");
  if (field.section == Section::kPrice) return Concat(base, "    price: { ", line, " }\n");
  return {};
}

TEST(Fields, EveryRowIsDocumentedAndUnique) {
  std::set<std::string> paths;
  for (const Field& field : Fields()) {
    EXPECT_TRUE(paths.insert(FieldPath(field)).second) << FieldPath(field);
    EXPECT_FALSE(field.doc.empty()) << FieldPath(field);
    EXPECT_TRUE(field.doc.ends_with('.')) << FieldPath(field);
    EXPECT_FALSE(field.example.empty()) << FieldPath(field);
    EXPECT_EQ(field.type == FieldType::kChoice, !field.choices.empty()) << FieldPath(field);
    EXPECT_FALSE(TypeName(field.type).empty());
    EXPECT_FALSE(TypeExample(field.type).empty());
  }
}

TEST(Fields, EveryExampleIsAccepted) {
  int tried = 0;
  for (const Field& field : Fields()) {
    const std::string file = FileWith(field);
    if (file.empty()) continue;
    ++tried;
    const bool needs_first_party = field.key == "auth";
    const LoadResult result = Load(file, "f");
    EXPECT_EQ(result.catalog.has_value(), !needs_first_party) << file << Format(result.diagnostics, file);
  }
  EXPECT_GT(tried, 25);
}

// A default of the table is what a model without the key has.
TEST(Fields, EveryDefaultIsTheOneThatApplies) {
  for (const Field& field : Fields()) {
    std::string file = FileWith(field);
    if (file.empty() || field.fallback.empty() || field.section == Section::kPrice) continue;
    const std::string example = Concat(": ", field.example);
    const std::size_t at = file.rfind(example);
    ASSERT_NE(at, std::string::npos);
    const std::string with_default = file.replace(at, example.size(), Concat(": ", field.fallback));
    const std::string_view without =
        "providers: { deepseek: { api_base: https://h.example } }\nrouting: { default: m }\n"
        "models:\n  other: { api_base: https://h.example }\n  m:\n    api_base: https://h.example\n";
    EXPECT_EQ(Load(with_default, "f").catalog, Load(without, "f").catalog) << FieldPath(field);
  }
}

TEST(Fields, RoutingHasARowForEverySlot) {
  int chains = 0;
  for (const Field* field : FieldsOf(Section::kRouting)) chains += field->type == FieldType::kChain ? 1 : 0;
  EXPECT_EQ(chains, kSlotCount);
  for (int i = 0; i < kSlotCount; ++i) {
    EXPECT_NE(FindKey(Section::kRouting, SlotName(static_cast<Slot>(i))), nullptr) << i;
  }
}

TEST(Fields, ProvidersHoldWhatModelsMayShare) {
  EXPECT_NE(FindKey(Section::kProvider, "api_base"), nullptr);
  EXPECT_EQ(FindKey(Section::kProvider, "aliases"), nullptr);
  EXPECT_EQ(FindKey(Section::kProvider, "provider"), nullptr);
}

struct Case {
  std::string_view asked;
  std::string_view path;  // "": none.
};

TEST(Fields, AreFoundByPath) {
  const Case kCases[] = {
      {"models.max_tokens", "models.*.max_tokens"},
      {"models.*.max_tokens", "models.*.max_tokens"},
      {"models.my-model.max_tokens", "models.*.max_tokens"},
      {"models.timeouts.idle", "models.*.timeouts.idle"},
      {"models.m.timeouts.idle", "models.*.timeouts.idle"},
      {"models", "models"},
      {"routing.rules.when.tokens", "routing.rules.when.tokens"},
      {"routing.default", "routing.default"},
      {"providers.api_base", "models.*.api_base"},
      {"providers.deepseek.dialect", "models.*.dialect"},
      {"timeouts.idle", "models.*.timeouts.idle"},
      {"max_input_tokens", "models.*.max_input_tokens"},
      {"models.max_token", ""},
      {"providers.aliases", ""},
      {"", ""},
  };
  for (const Case& row : kCases) {
    const Field* field = FindField(row.asked);
    EXPECT_EQ(field == nullptr ? "" : FieldPath(*field), row.path) << row.asked;
  }
  EXPECT_EQ(NearestFieldPath("models.max_token"), "models.max_tokens");
  EXPECT_EQ(NearestFieldPath("max_token"), "max_tokens");
}

TEST(Fields, DescribeThemselves) {
  EXPECT_EQ(Describe(*FindField("models.attempts")),
            "models.*.attempts  (integer)\n"
            "  Tries on this model before the next of the chain. 1: no retry.\n"
            "  May stand in a provider as well; the model's own value wins.\n"
            "  range: 1 to 10\n"
            "  default: 2\n"
            "  example: attempts: 3\n");
  EXPECT_THAT(Describe(*FindField("models.tokenizer")), testing::HasSubstr("allowed: auto o200k estimate"));
  EXPECT_THAT(Describe(*FindField("models.context")), testing::HasSubstr("replaced by: max_input_tokens"));
}

}  // namespace
}  // namespace ccp::config
