#include "common/wire/calibrations.h"
#include "common/wire/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/base/text.h"
#include "common/json/utf8.h"

namespace ccp::wire {
namespace {

using std::chrono::milliseconds;

config::Model FullModel() {
  return {.name = "m",
          .provider = "p",
          .upstream_name = "u",
          .api_base = "https://h/v1",
          .api_key_name = "K",
          .dialect = "qwen",
          .dialect_guessed = true,
          .direct = true,
          .auth = config::Auth::kPassthrough,
          .max_tokens = 1,
          .max_input_tokens = 2,
          .attempts = 3,
          .timeouts = {.connect = milliseconds(4), .first_byte = milliseconds(5), .idle = milliseconds(6)},
          .can_stream = false,
          .always_stream = true,
          .reasoning_effort = "low",
          .temperature = 0.5,
          .extra_headers = {{"a", "b"}, {"c", "d"}},
          .extra_body_json = "{\"x\":1}",
          .drop_tools = {"t1", "t2"},
          .price = config::Price{.input = 7, .output = 8, .cache_read = 9, .cache_write = 10},
          .aliases = {"x", "y"},
          .tokenizer = "o200k",
          .display_name = "M"};
}

config::Catalog FullCatalog() {
  config::Catalog catalog;
  catalog.models = {FullModel(), config::Model{.name = "bare"}};
  for (int i = 0; i < config::kSlotCount; ++i) {
    catalog.routing.slots[static_cast<config::Slot>(i)] = {.targets = {{Concat("m", i), 0}, {"bare", 0}}};
  }
  catalog.routing.long_context_threshold = 131072;
  catalog.routing.rules.push_back({.name = "r",
                                   .when = {.model = "a",
                                            .tokens_operator = ">=",
                                            .tokens = 11,
                                            .thinking = false,
                                            .tool = "t",
                                            .user = "u",
                                            .header = {{"x-a", "1"}, {"x-b", "2"}}},
                                   .to = {.targets = {{"m", 3}, {"bare", 1}}, .weighted = true}});
  catalog.routing.rules.push_back({.name = "s", .when = {}, .to = {.targets = {{"m", 0}}}});
  return catalog;
}

// A field that conversion forgets shows here: the full catalog differs from a bare one in every field.
TEST(CatalogOnTheWire, KeepsEveryField) {
  const auto back = FromProto(ToProto(FullCatalog()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, FullCatalog());
}

// Every field of the message is set by the full model, so a new one cannot be forgotten silently.
TEST(CatalogOnTheWire, SetsEveryFieldOfTheMessage) {
  const v1::Catalog proto = ToProto(FullCatalog());
  const auto expect_all_set = [](const google::protobuf::Message& message) {
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      const bool set = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) > 0
                                            : message.GetReflection()->HasField(message, field);
      // The only ones whose full value is the default of proto3: false.
      if (field->name() == "can_stream") continue;
      EXPECT_TRUE(set) << descriptor->name() << "." << field->name();
    }
  };
  expect_all_set(proto.models(0));
  expect_all_set(proto.models(0).price());
  expect_all_set(proto.models(0).timeouts());
  expect_all_set(proto.routing());
  expect_all_set(proto.routing().rules(0));
  expect_all_set(proto.routing().rules(0).when());
  expect_all_set(proto.routing().rules(0).to());
  expect_all_set(proto.routing().rules(0).to().targets(0));
}

TEST(CatalogOnTheWire, TellsAbsentFromZero) {
  config::Catalog catalog;
  catalog.models = {config::Model{.name = "a"}, config::Model{.name = "b"}};
  catalog.models[1].max_tokens = 0;
  catalog.models[1].temperature = 0.0;
  catalog.models[1].price = config::Price{};
  EXPECT_EQ(FromProto(ToProto(catalog)).value(), catalog);
}

TEST(CatalogOnTheWire, RefusesASlotOfANewerBuild) {
  v1::Catalog proto = ToProto(FullCatalog());
  (*proto.mutable_routing()->mutable_slots())["planning"].add_targets()->set_model("m");
  const auto back = FromProto(proto);
  EXPECT_EQ(back.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(back.status())), testing::HasSubstr("planning"));
}

TEST(CatalogOnTheWire, SerializesTheSameBytesEveryTime) {
  config::Catalog catalog = FullCatalog();
  for (int i = 0; i < 50; ++i) catalog.models[0].extra_headers[Concat("h", i)] = "v";
  const std::string bytes = Serialize(catalog);
  v1::Catalog parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  const auto back = FromProto(parsed);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, catalog);
  EXPECT_EQ(Serialize(*back), bytes);
  // Built in another order, as a hash map would remember it.
  config::Catalog again = FullCatalog();
  for (int i = 49; i >= 0; --i) again.models[0].extra_headers[Concat("h", i)] = "v";
  EXPECT_EQ(Serialize(again), bytes);
}

TEST(CatalogOnTheWire, ChangedCatalogHasOtherBytes) {
  config::Catalog catalog = FullCatalog();
  catalog.models[0].attempts = 4;
  EXPECT_NE(Serialize(catalog), Serialize(FullCatalog()));
}

usage::Record FullRecord() {
  return {.request_id = "req_1",
          .attempt = 2,
          .winner = true,
          .model = "m",
          .provider = "p",
          .upstream_model = "u",
          .requested_model = "claude",
          .route = "default",
          .tokens = {.input = 1, .cache_read = 2, .cache_write = 3, .output = 4, .reasoning = 5},
          .quality = usage::Quality::kReported,
          .outcome = usage::Outcome::kOk,
          .started_us = 6,
          .duration_us = 7,
          .first_byte_us = 8,
          .config_revision = 9,
          .cost_nano_usd = 0,
          .http_status = 200,
          .error = "e",
          .streamed = true,
          .losses = {"l1", "l2"},
          .session = "s",
          .upstream_request_id = "up"};
}

TEST(RecordOnTheWire, KeepsEveryField) {
  EXPECT_EQ(FromProto(ToProto(FullRecord())), FullRecord());
  EXPECT_EQ(FromProto(ToProto(usage::Record{})), usage::Record{});
}

TEST(RecordOnTheWire, KeepsEveryQualityAndOutcome) {
  usage::Record record;
  for (const int quality : {0, 1, 2, 3}) {
    record.quality = static_cast<usage::Quality>(quality);
    EXPECT_EQ(FromProto(ToProto(record)).quality, record.quality);
  }
  for (const int outcome : {0, 1, 2, 3, 4, 5, 6, 7}) {
    record.outcome = static_cast<usage::Outcome>(outcome);
    EXPECT_EQ(FromProto(ToProto(record)).outcome, record.outcome);
  }
}

TEST(RecordOnTheWire, IsSerializedAsTheMessageIs) {
  usage::Record negative = FullRecord();
  negative.tokens.input = -5;
  negative.duration_us = -1;
  negative.http_status = -1;
  usage::Record large = FullRecord();
  large.tokens.output = std::numeric_limits<std::int64_t>::max();
  large.cost_nano_usd = 1'234'567'890'123;
  large.error = std::string(300, 'x');
  usage::Record broken = FullRecord();
  broken.session = "\xed\xa0\x80";
  broken.losses = {"\xc3", ""};
  for (const usage::Record& record : {FullRecord(), usage::Record{}, negative, large, broken}) {
    std::string bytes = "before";
    AppendSerialized(bytes, record);
    EXPECT_EQ(bytes, "before" + ToProto(record).SerializeAsString());
  }
}

TEST(RecordOnTheWire, ReadsANewerBuildsEnumsAsUnknown) {
  v1::UsageRecord proto = ToProto(FullRecord());
  proto.set_quality(static_cast<v1::Quality>(77));
  proto.set_outcome(static_cast<v1::Outcome>(77));
  EXPECT_EQ(FromProto(proto).quality, usage::Quality::kUnknown);
  EXPECT_EQ(FromProto(proto).outcome, usage::Outcome::kUnspecified);
}

// One such string would make the receiver refuse the whole batch.
TEST(RecordOnTheWire, IsValidUtf8WhateverClientsSend) {
  usage::Record record = FullRecord();
  record.requested_model = "cl\xff";
  record.session = "\xed\xa0\x80";
  record.losses = {"\xc3"};
  std::string bytes;
  ASSERT_TRUE(ToProto(record).SerializeToString(&bytes));
  v1::UsageRecord parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  EXPECT_EQ(parsed.requested_model(), Concat("cl", json::kReplacementCharacter));
  EXPECT_EQ(parsed.losses(0), json::kReplacementCharacter);
}

TEST(RecordOnTheWire, CountsStayInRange) {
  usage::Record record;
  record.tokens.input = -5;
  EXPECT_EQ(ToProto(record).tokens().input(), 0U);
  v1::UsageRecord proto;
  proto.mutable_tokens()->set_output(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(FromProto(proto).tokens.output, std::numeric_limits<std::int64_t>::max());
}

TEST(DiagnosticOnTheWire, KeepsEveryField) {
  const config::Diagnostic diagnostic{config::Diagnostic::Severity::kWarning, "CCP1501", "f", 3, 4, "p", "m", "h"};
  const config::Diagnostic back = FromProto(ToProto(diagnostic));
  EXPECT_EQ(back.severity, diagnostic.severity);
  EXPECT_EQ(back.code, diagnostic.code);
  EXPECT_EQ(back.file, diagnostic.file);
  EXPECT_EQ(back.line, diagnostic.line);
  EXPECT_EQ(back.column, diagnostic.column);
  EXPECT_EQ(back.path, diagnostic.path);
  EXPECT_EQ(back.message, diagnostic.message);
  EXPECT_EQ(back.hint, diagnostic.hint);
}

TEST(DiagnosticOnTheWire, UnknownSeverityIsAnError) {
  v1::Diagnostic proto;
  proto.set_severity(static_cast<v1::Diagnostic::Severity>(9));
  EXPECT_EQ(FromProto(proto).severity, config::Diagnostic::Severity::kError);
}

TEST(ChangeOnTheWire, KeepsEveryField) {
  for (const auto kind : {config::Change::Kind::kAdd, config::Change::Kind::kChange, config::Change::Kind::kRemove}) {
    const config::Change change{kind, "models.m", "summary", {{"f", "1", "2"}, {"g", "", "3"}}};
    const config::Change back = FromProto(ToProto(change));
    EXPECT_EQ(back.kind, change.kind);
    EXPECT_EQ(back.path, change.path);
    EXPECT_EQ(back.summary, change.summary);
    ASSERT_EQ(back.fields.size(), 2U);
    EXPECT_EQ(back.fields[0].field, "f");
    EXPECT_EQ(back.fields[0].before, "1");
    EXPECT_EQ(back.fields[0].after, "2");
    EXPECT_EQ(back.fields[1].after, "3");
  }
}

TEST(CalibrationsOnTheWire, KeepWhatCanBeOne) {
  const tokens::Calibrations calibrations{{"p/a", {1.25, 7}}, {"p/b", {0.5, 1}}};
  CalibrationList list = ToProto(calibrations);
  list.Add()->set_model("p/c");
  v1::TokenCalibration& odd = *list.Add();
  odd.set_model("p/d");
  odd.set_factor(-1);
  EXPECT_EQ(FromProto(list), calibrations);
}

}  // namespace
}  // namespace ccp::wire
