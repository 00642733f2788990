#include "common/json/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace ccp::json {
namespace {

using testing::ElementsAre;

// Parses, or fails the test. The text must outlive the values.
class Parsed {
 public:
  explicit Parsed(std::string text) : text_(std::move(text)) {
    const absl::Status status = document_.Parse(text_);
    EXPECT_TRUE(status.ok()) << status;
  }
  Value root() const { return document_.root(); }
  Value operator[](std::string_view key) const { return document_.root()[key]; }

 private:
  std::string text_;
  Document document_;
};

// ---- Lookup ---------------------------------------------------------------------------------------------------------

TEST(Value, ChainsThroughWhatIsNotThere) {
  const Parsed json(R"({"a":{"b":5},"s":"x","n":null})");
  EXPECT_EQ(json["a"]["b"].integer(), 5);
  EXPECT_FALSE(json["a"]["c"]["d"].exists());
  EXPECT_FALSE(json["s"]["d"].exists());
  EXPECT_EQ(json["a"]["c"].integer(), std::nullopt);
  EXPECT_EQ(json["missing"].raw(), "");
  EXPECT_EQ(json["missing"].type(), Type::kAbsent);
  EXPECT_TRUE(json["missing"].absent_or_null());
  EXPECT_TRUE(json["n"].absent_or_null());
  EXPECT_TRUE(json["n"].exists());
}

TEST(Value, FindsTheFirstOfEqualKeysAndEscapedOnes) {
  const Parsed json(R"({"m\u006fdel":"first","model":"second","a\"b":1,"\u00e9":2,"":3})");
  EXPECT_EQ(json["model"].str(), "first");
  EXPECT_EQ(json["a\"b"].integer(), 1);
  EXPECT_EQ(json["\xC3\xA9"].integer(), 2);
  EXPECT_EQ(json[""].integer(), 3);
  EXPECT_FALSE(json["m\\u006fdel"].exists());
  EXPECT_FALSE(json["mode"].exists());
  EXPECT_FALSE(json["models"].exists());
}

TEST(Value, WalksElementsAndMembersInOrder) {
  const Parsed json(R"({"list":[1,[2,3],{"x":4},"five"],"z":{"b":1,"a":{"deep":[1,2]},"c":3}})");
  std::vector<std::string> elements;
  for (const Value element : json["list"].elements()) elements.emplace_back(element.raw());
  EXPECT_THAT(elements, ElementsAre("1", "[2,3]", R"({"x":4})", R"("five")"));
  std::vector<std::string> members;
  for (const auto& [key, value] : json["z"].members()) members.push_back(key.str() + "=" + std::string(value.raw()));
  EXPECT_THAT(members, ElementsAre("b=1", R"(a={"deep":[1,2]})", "c=3"));
  EXPECT_EQ(json["list"].size(), 4U);
  EXPECT_EQ(json["z"].size(), 3U);
}

TEST(Value, HasNoElementsOrMembersOfAnotherType) {
  const Parsed json(R"({"s":"abc","n":1,"a":[1,2],"o":{"k":1}})");
  for (const char* key : {"s", "n", "o", "missing"}) {
    for ([[maybe_unused]] const Value element : json[key].elements()) ADD_FAILURE() << key;
  }
  for (const char* key : {"s", "n", "a", "missing"}) {
    for ([[maybe_unused]] const Member member : json[key].members()) ADD_FAILURE() << key;
  }
  EXPECT_EQ(json["s"].size(), 0U);
}

TEST(Value, KnowsWhatIsEmpty) {
  const Parsed json(R"({"a":[],"o":{},"full":[[]],"s":"x","space":[ ]})");
  EXPECT_TRUE(json["a"].empty());
  EXPECT_TRUE(json["o"].empty());
  EXPECT_TRUE(json["space"].empty());
  EXPECT_TRUE(json["s"].empty());
  EXPECT_TRUE(json["missing"].empty());
  EXPECT_FALSE(json["full"].empty());
}

TEST(Value, GivesItsTextAndPlace) {
  const Parsed json(" {\"a\" : [ 1 , \"x\\n\" ] , \"b\":-1.50E+3 }\n");
  EXPECT_EQ(json["a"].raw(), "[ 1 , \"x\\n\" ]");
  EXPECT_EQ(json["a"].offset(), 8U);
  EXPECT_EQ(json["b"].raw(), "-1.50E+3");
  EXPECT_EQ(json.root().offset(), 1U);
  EXPECT_EQ((*json["a"].elements().begin()).raw(), "1");
}

TEST(Value, TellsTypesAndBooleans) {
  const Parsed json(R"([null,true,false,1,"true",[],{}])");
  std::vector<Type> types;
  std::vector<std::optional<bool>> booleans;
  for (const Value value : json.root().elements()) {
    types.push_back(value.type());
    booleans.push_back(value.boolean());
  }
  EXPECT_THAT(types, ElementsAre(Type::kNull, Type::kBool, Type::kBool, Type::kNumber, Type::kString, Type::kArray,
                                 Type::kObject));
  EXPECT_THAT(booleans, ElementsAre(std::nullopt, true, false, std::nullopt, std::nullopt, std::nullopt, std::nullopt));
}

// ---- Numbers --------------------------------------------------------------------------------------------------------

struct NumberRow {
  const char* text;
  std::optional<std::int64_t> integer;
  std::optional<double> number;
};
void PrintTo(const NumberRow& row, std::ostream* out) { *out << row.text; }

class Numbers : public testing::TestWithParam<NumberRow> {};

TEST_P(Numbers, ReadAs) {
  const Parsed json(GetParam().text);
  EXPECT_EQ(json.root().integer(), GetParam().integer);
  EXPECT_EQ(json.root().number(), GetParam().number);
  EXPECT_EQ(json.root().raw(), GetParam().text);  // Digit for digit, whatever its size.
}

constexpr auto kNone = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Table, Numbers,
    testing::Values(NumberRow{"0", 0, 0.0}, NumberRow{"-0", 0, -0.0}, NumberRow{"42", 42, 42.0},
                    NumberRow{"9223372036854775807", std::numeric_limits<std::int64_t>::max(), 9223372036854775807.0},
                    NumberRow{"-9223372036854775808", std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0},
                    NumberRow{"9223372036854775808", kNone, 9223372036854775808.0},
                    NumberRow{"-9223372036854775809", kNone, -9223372036854775808.0},
                    NumberRow{"18446744073709551616", kNone, 18446744073709551616.0},
                    NumberRow{"9007199254740993", 9007199254740993, 9007199254740992.0},
                    NumberRow{"5.0", 5, 5.0}, NumberRow{"-5.00", -5, -5.0}, NumberRow{"5e0", 5, 5.0},
                    NumberRow{"1e3", 1000, 1000.0}, NumberRow{"1.5e1", 15, 15.0}, NumberRow{"1500e-2", 15, 15.0},
                    NumberRow{"8.192E3", 8192, 8192.0}, NumberRow{"0.5", kNone, 0.5}, NumberRow{"5e-1", kNone, 0.5},
                    NumberRow{"1e15", 1'000'000'000'000'000, 1e15}, NumberRow{"1e19", kNone, 1e19},
                    NumberRow{"1e308", kNone, 1e308}, NumberRow{"1e309", kNone, kNone},
                    NumberRow{"0.1000000000000000055511151231257827", kNone, 0.1}));

TEST(Numbers, OtherTypesAreNone) {
  const Parsed json(R"(["5",true,null,[5],{"a":5}])");
  for (const Value value : json.root().elements()) {
    EXPECT_EQ(value.integer(), std::nullopt) << value.raw();
    EXPECT_EQ(value.number(), std::nullopt) << value.raw();
  }
}

// ---- Strings --------------------------------------------------------------------------------------------------------

struct StringRow {
  const char* escaped;
  std::string text;
};
void PrintTo(const StringRow& row, std::ostream* out) { *out << row.escaped; }

class Strings : public testing::TestWithParam<StringRow> {};

TEST_P(Strings, Unescape) {
  const Parsed json("\"" + std::string(GetParam().escaped) + "\"");
  EXPECT_EQ(json.root().escaped(), GetParam().escaped);
  EXPECT_EQ(json.root().str(), GetParam().text);
  EXPECT_TRUE(json.root().is(GetParam().text));
  EXPECT_FALSE(json.root().is(GetParam().text + "x"));
  std::string out = "before ";
  json.root().AppendStr(out);
  EXPECT_EQ(out, "before " + GetParam().text);
}

#define REPLACED "\xEF\xBF\xBD"
INSTANTIATE_TEST_SUITE_P(
    Table, Strings,
    testing::Values(StringRow{"", ""}, StringRow{"plain", "plain"}, StringRow{R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
                    StringRow{R"(a\nb)", "a\nb"}, StringRow{R"(\u0041)", "A"}, StringRow{R"(\u0000)", std::string(1, '\0')},
                    StringRow{R"(\u00E9\u00e9)", "\xC3\xA9\xC3\xA9"}, StringRow{R"(\u20ac)", "\xE2\x82\xAC"},
                    StringRow{R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"}, StringRow{R"(\uDBFF\uDFFF)", "\xF4\x8F\xBF\xBF"},
                    StringRow{R"(\ud800\udc00)", "\xF0\x90\x80\x80"},
                    StringRow{R"(\ud83d)", REPLACED}, StringRow{R"(\ude00)", REPLACED}, StringRow{R"(\ud83dx)", REPLACED "x"},
                    StringRow{R"(\ud83d\n)", REPLACED "\n"}, StringRow{R"(\ud83d\u0041)", REPLACED "A"},
                    StringRow{R"(\ude00\ud83d)", REPLACED REPLACED},
                    StringRow{R"(\ud83d\ud83d\ude00)", REPLACED "\xF0\x9F\x98\x80"}, StringRow{R"(\\u0041)", "\\u0041"},
                    StringRow{R"(\\\\n)", "\\\\n"}, StringRow{"\xE6\xBC\xA2", "\xE6\xBC\xA2"}));
#undef REPLACED

TEST(Strings, OfOtherTypesAreEmpty) {
  const Parsed json(R"([1,null,["a"],{"a":"b"}])");
  for (const Value value : json.root().elements()) {
    EXPECT_EQ(value.str(), "");
    EXPECT_EQ(value.escaped(), "");
    EXPECT_FALSE(value.is(""));
    EXPECT_FALSE(value.blank());
  }
}

struct BlankRow {
  const char* escaped;
  bool blank;
};
void PrintTo(const BlankRow& row, std::ostream* out) { *out << row.escaped; }

class Blank : public testing::TestWithParam<BlankRow> {};
TEST_P(Blank, IsNothingButWhiteSpace) {
  EXPECT_EQ(Parsed("\"" + std::string(GetParam().escaped) + "\"").root().blank(), GetParam().blank);
}
INSTANTIATE_TEST_SUITE_P(Table, Blank,
                         testing::Values(BlankRow{"", true}, BlankRow{"  ", true}, BlankRow{R"(\n)", true},
                                         BlankRow{R"( \n\t\r )", true}, BlankRow{"x", false}, BlankRow{" x", false},
                                         BlankRow{R"(\n.)", false}, BlankRow{R"(\\)", false}, BlankRow{R"(\\n)", false},
                                         BlankRow{R"(\")", false}, BlankRow{R"(\u0020)", true},
                                         BlankRow{R"(\u000a\u0009\u000D)", true}, BlankRow{R"(\u0041)", false},
                                         BlankRow{R"(\f\u000c)", true}, BlankRow{R"(\b)", false},
                                         BlankRow{"\xC2\xA0", false}));

TEST(Strings, OfTenMegabytesWithEscapesReadBack) {
  std::string text;
  while (text.size() < 10'000'000) text += "line\n\t\"quoted\" \\ \xE2\x82\xAC and more of it ";
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    if (c == '\n') escaped += "\\n";
    else if (c == '\t') escaped += "\\t";
    else escaped += c;
  }
  const Parsed json("[\"" + escaped + "\"]");
  EXPECT_TRUE((*json.root().elements().begin()).is(text));
}

// ---- One document, many texts ---------------------------------------------------------------------------------------

TEST(Document, IsEmptyBeforeTheFirstText) {
  const Document document;
  EXPECT_FALSE(document.root().exists());
  EXPECT_EQ(document.text(), "");
}

TEST(Document, ForgetsTheTextBefore) {
  Document document;
  const std::string large = R"({"a":)" + std::string(100'000, ' ') + R"(["\n",2,3,4,5]})";
  const std::string small = R"({"b":1})";
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(document.Parse(large).ok());
    EXPECT_EQ(document.root()["a"].size(), 5U);
    ASSERT_TRUE(document.Parse(small).ok());
    EXPECT_FALSE(document.root()["a"].exists());
    EXPECT_EQ(document.root()["b"].integer(), 1);
    EXPECT_FALSE(document.Parse("[1,").ok());
    EXPECT_FALSE(document.root().exists());
  }
}

TEST(Document, ReadsAgainAfterAHugeText) {
  Document document;
  std::string huge = "[";
  while (huge.size() < 4'000'000) huge += "1,";
  huge += "1]";
  ASSERT_TRUE(document.Parse(huge).ok());
  EXPECT_EQ(document.root().size(), (huge.size() - 1) / 2);
  ASSERT_TRUE(document.Parse("[1]").ok());
  EXPECT_EQ(document.root().size(), 1U);
  ASSERT_TRUE(document.Parse(huge).ok());
  EXPECT_EQ(document.root().size(), (huge.size() - 1) / 2);
}

TEST(Document, MovesWithItsNodes) {
  Document first;
  const std::string text = R"([1,2])";
  ASSERT_TRUE(first.Parse(text).ok());
  const Document second = std::move(first);
  EXPECT_EQ(second.root().size(), 2U);
}

TEST(Document, DoesNotReadBehindItsText) {
  const std::string text = R"([1,"a\n",2])";
  const std::string padded = text + R"(\q"]]]})";
  Document document;
  ASSERT_TRUE(document.Parse(std::string_view(padded).substr(0, text.size())).ok());
  EXPECT_EQ(document.root().raw(), text);
}

}  // namespace
}  // namespace ccp::json
