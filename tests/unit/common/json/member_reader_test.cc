#include "common/json/member_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace ccp::json {
namespace {

enum : std::size_t { kType, kText, kContent, kContext, kEmpty, kLong };
// "content" and "context" are equally long, and the same at both ends.
constexpr MemberReader<6> kReader({"type", "text", "content", "context", "", "a_name_longer_than_sixteen"});

struct Case {
  const char* json;
  const char* expected;  // What is found, in the reader's order.
};

class MemberReaderTest : public testing::TestWithParam<Case> {};

TEST_P(MemberReaderTest, FindsWhatLookupsByNameFind) {
  Document document;
  ASSERT_TRUE(document.Parse(GetParam().json).ok());
  const Value root = document.root();
  const auto found = kReader.Read(root);
  std::string all;
  const auto add = [&all](const char* label, Value value) {
    if (value.exists()) all += std::string(label) + "=" + std::string(value.raw()) + " ";
  };
  add("type", found[kType]);
  add("text", found[kText]);
  add("content", found[kContent]);
  add("context", found[kContext]);
  add("empty", found[kEmpty]);
  add("long", found[kLong]);
  EXPECT_EQ(all, GetParam().expected);
  EXPECT_EQ(found[kType].raw(), root["type"].raw());
  EXPECT_EQ(found[kContent].raw(), root["content"].raw());
  EXPECT_EQ(found[kContext].raw(), root["context"].raw());
}

INSTANTIATE_TEST_SUITE_P(
    All, MemberReaderTest,
    testing::Values(Case{R"({"type":1,"text":2,"content":3,"context":4,"":5,"a_name_longer_than_sixteen":6})",
                         "type=1 text=2 content=3 context=4 empty=5 long=6 "},
                    Case{R"({"context":4,"content":3})", "content=3 context=4 "},
                    Case{R"({"contest":4,"contexture":3,"texts":1,"t":2,"typf":3})", ""},
                    Case{R"({"type":1,"type":2})", "type=1 "},  // The first of a name.
                    Case{R"({"type":null,"type":2})", "type=null "},
                    Case{R"({"a":{"type":1},"b":[{"text":2}],"text":3})", "text=3 "},  // Only the object's own.
                    Case{R"({"t\u0079pe":1,"c\u006fntext":[2]})", "type=1 context=[2] "},
                    Case{R"({"a_name_longer_than_sixteeN":6})", ""}, Case{"{}", ""}, Case{R"([{"type":1}])", ""},
                    Case{R"("type")", ""}));

TEST(MemberReader, FindsNothingInWhatIsAbsent) { EXPECT_FALSE(kReader.Read(Value())[kType].exists()); }

}  // namespace
}  // namespace ccp::json
