#include "edge/translate/object_scanner.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ccp::translate {
namespace {

struct Row {
  std::string name;
  std::string text;
  std::string taken;          // As much of it as can begin an object.
  std::string cancellation;   // "" if the object is whole.
};

class ObjectScannerTest : public ::testing::TestWithParam<Row> {};

TEST_P(ObjectScannerTest, TakesWhatCanBeginAnObjectAndKnowsHowToEndIt) {
  const Row& row = GetParam();
  ObjectScanner whole;
  EXPECT_EQ(row.text.substr(0, whole.Push(row.text)), row.taken);
  EXPECT_EQ(whole.Cancellation(), row.cancellation);
  ObjectScanner bytewise;
  std::size_t taken = 0;
  while (taken < row.text.size() && bytewise.Push(row.text.substr(taken, 1)) == 1) ++taken;
  EXPECT_EQ(row.text.substr(0, taken), row.taken);
  EXPECT_EQ(bytewise.Cancellation(), row.cancellation);
  EXPECT_TRUE(nlohmann::json::parse(row.taken + row.cancellation, nullptr, false).is_object()) << row.taken + row.cancellation;
}

INSTANTIATE_TEST_SUITE_P(Texts, ObjectScannerTest, ::testing::ValuesIn(std::vector<Row>{
    {"Nothing", "", "", "{}"},
    {"Space", " \n", " \n", "{}"},
    {"NoObject", "[1]", "", "{}"},
    {"Whole", R"({"a":[1,-2.5e+3,true,false,null,{"b":"c\"\\\u00e9"}]})", R"({"a":[1,-2.5e+3,true,false,null,{"b":"c\"\\\u00e9"}]})", ""},
    {"SpaceBehind", "{} \n", "{} \n", ""},
    {"GarbageBehind", "{}x", "{}", ""},
    {"Opened", "{", "{", "}"},
    {"CutInFirstKey", R"({"co)", R"({"co)", R"(":null})"},
    {"CutInLaterKey", R"({"a":1,"co)", R"({"a":1,"co)", R"(":null,"a":null})"},
    {"CutAfterKey", R"({"a")", R"({"a")", ":null}"},
    {"CutAfterColon", R"({"a":)", R"({"a":)", "null}"},
    {"CutInString", R"({"a":"b)", R"({"a":"b)", R"(","a":null})"},
    {"CutInEscape", R"({"a":"b\)", R"({"a":"b\)", R"(\","a":null})"},
    {"CutInHex", R"({"a":"\u00)", R"({"a":"\u00)", R"(00","a":null})"},
    {"CutInNumber", R"({"a":12)", R"({"a":12)", R"(,"a":null})"},
    {"CutInFraction", R"({"a":1.)", R"({"a":1.)", R"(0,"a":null})"},
    {"CutInLiteral", R"({"a":tr)", R"({"a":tr)", R"(ue,"a":null})"},
    {"CutAfterComma", R"({"a":1,)", R"({"a":1,)", R"("a":null})"},
    {"CutInArray", R"({"a":[1,)", R"({"a":[1,)", R"(null],"a":null})"},
    {"CutInInnerObject", R"({"a":{"b":1,)", R"({"a":{"b":1,)", R"("":null},"a":null})"},
    {"CutInInnerKey", R"({"a":{"b)", R"({"a":{"b)", R"(":null},"a":null})"},
    {"TrailingComma", R"({"a":1,})", R"({"a":1,)", R"("a":null})"},
    {"NumberWithLeadingZero", R"({"a":01})", R"({"a":0)", R"(,"a":null})"},
    {"SingleQuotes", R"({'a':1})", "{", "}"},
    {"ControlCharacter", "{\"a\":\"x\ny\"}", "{\"a\":\"x", R"(","a":null})"},
    {"BadEscape", R"({"a":"\d"})", R"({"a":"\)", R"(\","a":null})"},
    {"WrongBracket", R"({"a":[1}})", R"({"a":[1)", R"(],"a":null})"},
}), [](const auto& row) { return row.param.name; });

TEST(ObjectScanner, ClosersEndWhatLacksOnlyBrackets) {
  ObjectScanner scanner;
  scanner.Push(R"({"a":[{"b":"c"})");
  EXPECT_TRUE(scanner.between_values());
  EXPECT_EQ(scanner.Closers(), "]}");
}

TEST(ObjectScanner, RefusesBottomlessNesting) {
  ObjectScanner scanner;
  const std::string text = R"({"a":)" + std::string(100'000, '[');
  EXPECT_LT(scanner.Push(text), 1000u);
  EXPECT_TRUE(nlohmann::json::accept(text.substr(0, 516) + scanner.Cancellation()));
}

}  // namespace
}  // namespace ccp::translate
