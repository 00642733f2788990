#include "tools/ccpctl/listing.h"

#include <gtest/gtest.h>

namespace ccp::ctl {
namespace {

Listing Sample() {
  Listing list{"ccp.things/v1",
               "things",
               {{"NAME", "name"},
                {"COUNT", "count", Column::Align::kRight},
                {"NOTE", "note"},
                {"TAGS", "tags", Column::Align::kLeft, Column::Where::kWideOnly}},
               {},
               {},
               {{"head", Value(std::int64_t{7})}}};
  list.rows.push_back(
      {"a", Cell(Value(std::int64_t{1204551}), "1,204,551"), Value{}, Value(std::vector<std::string>{"x", "y"})});
  list.rows.push_back({"größe", std::int64_t{3}, "says \"hi\", twice", Value(std::vector<std::string>{})});
  return list;
}

struct Case {
  const char* name;
  Format format;
  const char* want;
};

class RenderTest : public testing::TestWithParam<Case> {};
TEST_P(RenderTest, Prints) { EXPECT_EQ(Render(Sample(), GetParam().format), GetParam().want); }

// clang-format off
INSTANTIATE_TEST_SUITE_P(Formats, RenderTest, testing::ValuesIn(std::vector<Case>{
    {"Table", Format::kTable,
     "NAME       COUNT  NOTE\n"
     "a      1,204,551  -\n"
     "größe          3  says \"hi\", twice\n"},
    {"Wide", Format::kWide,
     "NAME       COUNT  NOTE              TAGS\n"
     "a      1,204,551  -                 x y\n"
     "größe          3  says \"hi\", twice  -\n"},
    {"Json", Format::kJson,
     "{\n  \"schema\": \"ccp.things/v1\",\n  \"head\": 7,\n  \"things\": [\n"
     "    {\"name\":\"a\",\"count\":1204551,\"note\":null,\"tags\":[\"x\",\"y\"]},\n"
     "    {\"name\":\"größe\",\"count\":3,\"note\":\"says \\\"hi\\\", twice\",\"tags\":[]}\n  ]\n}\n"},
    {"Yaml", Format::kYaml,
     "schema: \"ccp.things/v1\"\nhead: 7\nthings:\n"
     "  - name: \"a\"\n    count: 1204551\n    note: null\n    tags: [\"x\",\"y\"]\n"
     "  - name: \"größe\"\n    count: 3\n    note: \"says \\\"hi\\\", twice\"\n    tags: []\n"},
    {"Csv", Format::kCsv,
     "name,count,note,tags\r\na,1204551,,x y\r\ngröße,3,\"says \"\"hi\"\", twice\",\r\n"},
    {"Name", Format::kName, "a\ngröße\n"},
}), [](const auto& row) { return std::string(row.param.name); });
// clang-format on

TEST(Render, PutsTheTotalLastInTablesAndApartInJson) {
  Listing list{"ccp.sums/v1", "rows", {{"DAY", "day"}, {"N", "n", Column::Align::kRight}}, {}, {}, {}};
  list.rows.push_back({"mon", std::int64_t{5}});
  list.total = {Cell(Value{}, "TOTAL"), std::int64_t{5}};
  EXPECT_EQ(Render(list, Format::kTable), "DAY    N\nmon    5\nTOTAL  5\n");
  EXPECT_EQ(Render(list, Format::kCsv), "day,n\r\nmon,5\r\n");
  EXPECT_EQ(Render(list, Format::kJson),
            "{\n  \"schema\": \"ccp.sums/v1\",\n  \"total\": {\"day\":null,\"n\":5},\n  \"rows\": [\n"
            "    {\"day\":\"mon\",\"n\":5}\n  ]\n}\n");
}

TEST(Render, LetsNoNameBreakATableOrSteerATerminal) {
  Listing list{"ccp.things/v1", "things", {{"NAME", "name"}, {"NOTE", "note"}}, {}, {}, {}};
  list.rows.push_back({"a\nb\x1b[31m", Cell(Value{}, "\x07x")});
  list.rows.push_back({"\xC2\x9B" "31m\xC2\xA0\x7f", "\t"});  // CSI as one character; a no-break space may stay.
  EXPECT_EQ(Render(list, Format::kTable), "NAME      NOTE\na?b?[31m  ?x\n?31m\xC2\xA0?    ?\n");
  EXPECT_NE(Render(list, Format::kJson).find("\"a\\nb\\u001b[31m\""), std::string::npos);
}

TEST(Render, PrintsAnEmptyListAsValidJson) {
  EXPECT_EQ(Render({"ccp.none/v1", "none", {{"A", "a"}}, {}, {}, {}}, Format::kJson),
            "{\n  \"schema\": \"ccp.none/v1\",\n  \"none\": []\n}\n");
}

TEST(ParseFormat, NamesTheChoices) {
  EXPECT_EQ(*ParseFormat("wide"), Format::kWide);
  EXPECT_NE(ParseFormat("xml").status().message().find("table, wide, json, yaml, csv, name"), absl::string_view::npos);
}

TEST(WithThousands, GroupsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(-1204551), "-1,204,551");
  EXPECT_EQ(WithThousands(-100), "-100");
}

TEST(Age, IsShort) {
  EXPECT_EQ(Age(-3), "0s");
  EXPECT_EQ(Age(119), "119s");
  EXPECT_EQ(Age(120), "2m");
  EXPECT_EQ(Age(7200), "2h");
  EXPECT_EQ(Age(6 * 86400), "6d");
}

TEST(UtcTime, IsRfc3339) {
  EXPECT_EQ(UtcTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcTime(1'795'379'486'123'456), "2026-11-22T20:31:26Z");
}

}  // namespace
}  // namespace ccp::ctl
