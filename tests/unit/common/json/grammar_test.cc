// What is JSON and what is not: RFC 8259, one row a case.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "common/base/text.h"
#include "common/json/document.h"

namespace ccp::json {
namespace {

using namespace std::string_literals;

struct Row {
  const char* name;
  std::string text;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
std::string NameOf(const testing::TestParamInfo<Row>& row) { return row.param.name; }

class Accepts : public testing::TestWithParam<Row> {};
TEST_P(Accepts, AndKeepsTheWholeText) {
  Document document;
  const absl::Status status = document.Parse(GetParam().text);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(document.root().raw(), Trim(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Accepts,
    testing::Values(
        // Structure.
        Row{"empty_object", "{}"}, Row{"empty_array", "[]"}, Row{"space_in_empty_array", "[ ]"},
        Row{"newlines_in_empty_object", "{\n\r\t }"}, Row{"array_of_arrays", "[[],[[]],[]]"},
        Row{"nested_objects", R"({"a":{"b":{"c":{}}}})"}, Row{"mixed", R"([{"a":[1,{"b":null}]},true])"},
        Row{"space_everywhere", " { \"a\" : [ 1 , 2 ] , \"b\" : { } } "}, Row{"leading_newline", "\n[]"},
        Row{"trailing_newline", "[]\n"}, Row{"duplicate_keys", R"({"a":1,"a":2})"}, Row{"empty_key", R"({"":0})"},
        Row{"key_of_escapes", R"({"\u0061\n":0})"}, Row{"structure_inside_string", R"(["{[,:]}"])"},
        Row{"long_array", "[" + [] { std::string s; for (int i = 0; i < 1000; ++i) s += "1,"; return s; }() + "1]"},
        // Scalars at the top.
        Row{"top_string", R"("a")"}, Row{"top_number", "42"}, Row{"top_negative", "-0.1"}, Row{"top_true", "true"},
        Row{"top_false", "false"}, Row{"top_null", "null"}, Row{"top_number_with_space", " 1 "},
        // Numbers.
        Row{"zero", "[0]"}, Row{"minus_zero", "[-0]"}, Row{"fraction", "[0.5]"}, Row{"exponent", "[1e3]"},
        Row{"capital_exponent", "[1E3]"}, Row{"exponent_plus", "[1e+3]"}, Row{"exponent_minus", "[1e-3]"},
        Row{"fraction_and_exponent", "[-12.34e-56]"}, Row{"exponent_with_leading_zero", "[1e001]"},
        Row{"zero_exponent", "[0e0]"}, Row{"int64_max", "[9223372036854775807]"},
        Row{"more_than_64_bits", "[123456789012345678901234567890]"},
        Row{"very_long_fraction", "[0." + std::string(400, '3') + "]"}, Row{"huge_exponent", "[1e999]"},
        Row{"number_before_space", "[1 ,2]"}, Row{"space_before_number", "[ 1]"},
        // Strings.
        Row{"empty_string", R"([""])"}, Row{"all_short_escapes", R"(["\"\\\/\b\f\n\r\t"])"},
        Row{"unicode_escape", R"(["\u0041\u00e9\uABCD\uabcd"])"}, Row{"escaped_nul", R"(["\u0000"])"},
        Row{"surrogate_pair", R"(["\ud83d\ude00"])"}, Row{"lone_high_surrogate", R"(["\ud83d"])"},
        Row{"lone_low_surrogate", R"(["\ude00"])"}, Row{"swapped_surrogates", R"(["\ude00\ud83d"])"},
        Row{"escaped_backslash_at_end", R"(["\\"])"}, Row{"escaped_quote_at_end", R"(["\""])"},
        Row{"backslashes_then_quote", R"(["\\\\\""])"}, Row{"escaped_u_is_no_escape", R"(["\\u12"])"},
        Row{"utf8_of_2_3_4_bytes", "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]"},
        Row{"noncharacter", "[\"\xEF\xBF\xBF\"]"}, Row{"delete_character", "[\"\x7F\"]"},
        Row{"slash_unescaped", R"(["a/b"])"}, Row{"line_separators", "[\"\xE2\x80\xA8\xE2\x80\xA9\"]"},
        Row{"string_of_70_bytes", "[\"" + std::string(70, 'a') + "\"]"},
        Row{"escape_across_64_bytes", "[\"" + std::string(61, 'a') + R"(\n"])"},
        Row{"run_of_64_backslashes", "\"" + std::string(64, '\\') + "\""},
        Row{"unicode_escape_across_64_bytes", "\"" + std::string(62, 'a') + R"(\u00e9")"}),
    NameOf);

class Rejects : public testing::TestWithParam<Row> {};
TEST_P(Rejects, AndIsEmptyAfterwards) {
  Document document;
  ASSERT_TRUE(document.Parse("[1,2,3]").ok());
  const absl::Status status = document.Parse(GetParam().text);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_FALSE(Message(status).empty());
  EXPECT_FALSE(document.root().exists());
}

INSTANTIATE_TEST_SUITE_P(
    Table, Rejects,
    testing::Values(
        Row{"nothing", ""}, Row{"only_space", " \n\t"}, Row{"byte_order_mark", "\xEF\xBB\xBF[]"},
        // Structure.
        Row{"unclosed_array", "["}, Row{"unclosed_object", "{"}, Row{"unclosed_after_value", "[1"},
        Row{"unclosed_inner", "[[]"}, Row{"closed_twice", "[]]"}, Row{"only_close", "]"}, Row{"wrong_close", "[1}"},
        Row{"wrong_close_of_object", R"({"a":1])"}, Row{"trailing_comma", "[1,]"}, Row{"leading_comma", "[,1]"},
        Row{"double_comma", "[1,,2]"}, Row{"only_comma", "[,]"}, Row{"comma_at_top", ","},
        Row{"missing_comma", "[1 2]"}, Row{"missing_comma_of_strings", R"(["a" "b"])"},
        Row{"missing_comma_of_arrays", "[[][]]"}, Row{"colon_in_array", R"(["a":1])"},
        Row{"two_values", "1 2"}, Row{"two_objects", "{}{}"}, Row{"garbage_after", "[]x"},
        Row{"string_after", R"({}"x")"}, Row{"comma_after", "[],"},
        Row{"object_trailing_comma", R"({"a":1,})"}, Row{"object_without_colon", R"({"a" 1})"},
        Row{"object_double_colon", R"({"a"::1})"}, Row{"object_without_value", R"({"a":})"},
        Row{"object_key_only", R"({"a"})"}, Row{"object_unquoted_key", "{a:1}"}, Row{"object_number_key", "{1:1}"},
        Row{"object_null_key", "{null:1}"}, Row{"object_comma_for_colon", R"({"a",1})"},
        Row{"object_two_commas", R"({"a":1,,"b":2})"}, Row{"object_single_quotes", "{'a':1}"},
        Row{"object_key_twice", R"({"a" "b":1})"}, Row{"comment", "[1/*x*/]"}, Row{"line_comment", "[1]//x"},
        Row{"form_feed_as_space", "[\f]"}, Row{"vertical_tab_as_space", "[\v1]"}, Row{"nul_as_space", "[\0]"s},
        Row{"no_break_space", "[\xC2\xA0]"}, Row{"nul_after", "[]\0"s},
        // Literals.
        Row{"capital_true", "[True]"}, Row{"short_true", "[tru]"}, Row{"long_true", "[truee]"},
        Row{"nul_literal", "[nul]"}, Row{"nan", "[NaN]"}, Row{"infinity", "[Infinity]"}, Row{"undefined", "[undefined]"},
        Row{"literal_glued_to_number", "[true1]"}, Row{"literal_glued_to_string", R"([true"a"])"},
        // Numbers.
        Row{"leading_zero", "[01]"}, Row{"leading_zeros", "[-00]"}, Row{"plus", "[+1]"}, Row{"only_minus", "[-]"},
        Row{"minus_space", "[- 1]"}, Row{"double_minus", "[--1]"}, Row{"no_digit_before_point", "[.5]"},
        Row{"no_digit_after_point", "[1.]"}, Row{"point_exponent", "[1.e3]"}, Row{"only_exponent", "[e3]"},
        Row{"no_exponent_digit", "[1e]"}, Row{"no_exponent_digit_after_sign", "[1e+]"}, Row{"two_points", "[1.2.3]"},
        Row{"two_exponents", "[1e2e3]"}, Row{"hex", "[0x1F]"}, Row{"minus_literal", "[-true]"},
        Row{"letter_after_number", "[1a]"}, Row{"number_glued_to_string", R"([1"a"])"}, Row{"underscore", "[1_000]"},
        Row{"full_width_digit", "[\xEF\xBC\x91]"}, Row{"minus_infinity", "[-Infinity]"},
        // Strings.
        Row{"unclosed_string", R"(["a)"}, Row{"unclosed_by_escape", R"(["a\"])"}, Row{"lone_quote", "\""},
        Row{"single_quotes", "['a']"}, Row{"glued_strings", R"(["a""b"])"}, Row{"letter_after_string", R"(["a"b])"},
        Row{"newline_in_string", "[\"a\nb\"]"}, Row{"tab_in_string", "[\"a\tb\"]"}, Row{"nul_in_string", "[\"a\0b\"]"s},
        Row{"control_character", "[\"\x1F\"]"}, Row{"escape_x", R"(["\x41"])"}, Row{"escape_a", R"(["\a"])"},
        Row{"escape_zero", R"(["\0"])"}, Row{"escape_single_quote", R"(["\'"])"}, Row{"escape_capital_u", R"(["\U0041"])"},
        Row{"escape_newline", "[\"\\\n\"]"}, Row{"escape_of_utf8", "[\"\\\xC3\xA9\"]"},
        Row{"escape_nul_byte", "[\"\\\0\"]"s},
        Row{"unicode_without_digits", R"(["\u"])"}, Row{"unicode_3_digits", R"(["\u004"])"},
        Row{"unicode_letter_g", R"(["\u00g0"])"}, Row{"unicode_minus", R"(["\u-001"])"},
        Row{"unicode_plus", R"(["\u+001"])"}, Row{"unicode_space", R"(["\u 041"])"},
        Row{"unicode_then_escape", R"(["\u00\n1"])"}, Row{"unicode_braces", R"(["\u{41}"])"},
        Row{"surrogate_then_bad_escape", R"(["\ud83d\u12"])"}, Row{"escape_outside_string", R"([\n])"},
        Row{"escape_before_string", R"([\"a"])"},
        Row{"bad_escape_at_byte_63", "[\"" + std::string(62, 'a') + R"(\x"])"},
        Row{"bad_escape_at_byte_64", "[\"" + std::string(63, 'a') + R"(\x"])"},
        Row{"bad_escape_after_escaped_backslashes", "[\"" + std::string(64, '\\') + R"(\x"])"},
        Row{"bad_escape_after_100_good", "[\"" + [] { std::string s; for (int i = 0; i < 100; ++i) s += "\\n"; return s; }() + R"(\q"])"},
        Row{"bad_escape_in_second_string", R"(["\n","\q"])"},
        // UTF-8.
        Row{"lone_continuation", "[\"\x80\"]"}, Row{"cut_sequence", "[\"\xE2\x82\"]"},
        Row{"overlong_slash", "[\"\xC0\xAF\"]"}, Row{"overlong_3", "[\"\xE0\x80\xAF\"]"},
        Row{"overlong_4", "[\"\xF0\x80\x80\xAF\"]"}, Row{"encoded_surrogate", "[\"\xED\xA0\x80\"]"},
        Row{"over_unicode", "[\"\xF4\x90\x80\x80\"]"}, Row{"five_byte_form", "[\"\xF8\x88\x80\x80\x80\"]"},
        Row{"byte_fe", "[\"\xFE\"]"}, Row{"invalid_outside_string", "[\xFF]"}, Row{"utf16", "[\0\"\0a\0\"\0]\0"s}),
    NameOf);

TEST(Grammar, EveryCutOfAValidTextIsRejected) {
  const std::string text = R"({"a":[1.5e-3,"x\u00e9\\",{"b":null,"c":[true,false,{}]}],"d":"\ud83d\ude00"})";
  Document document;
  ASSERT_TRUE(document.Parse(text).ok());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(document.Parse(text.substr(0, size)).ok()) << size;
  }
}

// An escape is judged alike wherever it stands against the blocks of 16 and 64 bytes that are looked at together.
TEST(Grammar, EscapesAreJudgedAlikeAtEveryOffset) {
  Document document;
  for (std::size_t before = 0; before < 200; ++before) {
    const std::string filler(before, 'a');
    for (const char* good : {R"(\n)", R"(\\)", R"(\\\")", R"(\u0041)", R"(\\\\\\\u00e9)"}) {
      EXPECT_TRUE(document.Parse("[\"" + filler + good + "\"]").ok()) << before << good;
      EXPECT_TRUE(document.Parse("[\"" + filler + good + "tail\"]").ok()) << before << good;
    }
    for (const char* bad : {R"(\x)", R"(\\\x)", R"(\u004)", R"(\u00g1)", R"(\ u0041)", R"(\\\\\\\q)"}) {
      EXPECT_FALSE(document.Parse("[\"" + filler + bad + "\"]").ok()) << before << bad;
      EXPECT_FALSE(document.Parse("[\"" + filler + bad + "tail\"]").ok()) << before << bad;
    }
  }
}

// Each byte of 0..255 after a backslash.
TEST(Grammar, EightLettersMayFollowABackslashAndUWithDigits) {
  Document document;
  const std::string_view allowed = "\"\\/bfnrt";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string text = "[\"\\"s + c + "0041\"]";
    const bool good = allowed.find(c) != std::string_view::npos || c == 'u';
    // \" closes nothing, so 0041" closes the string and the text is good as well.
    EXPECT_EQ(document.Parse(text).ok(), good) << byte;
  }
}

struct ErrorRow {
  const char* name;
  const char* text;
  const char* message;
};
void PrintTo(const ErrorRow& row, std::ostream* out) { *out << row.name; }

class Errors : public testing::TestWithParam<ErrorRow> {};
TEST_P(Errors, SayWhereAndWhat) {
  EXPECT_EQ(Message(Document().Parse(GetParam().text)), GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Errors,
    testing::Values(
        ErrorRow{"empty", "", "not valid JSON: it is empty"},
        ErrorRow{"cut", R"({"a":)", "not valid JSON at byte 5: a value is missing"},
        ErrorRow{"comma", "[1 2]", "not valid JSON at byte 3: want , or ] here"},
        ErrorRow{"object_comma", R"({"a":1 "b":2})", "not valid JSON at byte 7: want , or } here"},
        ErrorRow{"key", "{1:2}", "not valid JSON at byte 1: want a member name here"},
        ErrorRow{"colon", R"({"a" 1})", "not valid JSON at byte 5: want : here"},
        ErrorRow{"word", "[yes]", "not valid JSON at byte 1: want a value here"},
        ErrorRow{"rest", "{} {}", "not valid JSON at byte 3: something follows the value"},
        ErrorRow{"escape", R"(["ok","\q"])", "not valid JSON at byte 6: a string holds an invalid escape"},
        ErrorRow{"unclosed", R"(["a)", "not valid JSON: a string is not closed"},
        ErrorRow{"control", "[\"\n\"]", "not valid JSON: a string holds an unescaped control character"},
        ErrorRow{"utf8", "[\"\xFF\"]", "not valid JSON: it is not valid UTF-8"}),
    [](const auto& row) { return std::string(row.param.name); });

// ---- Limits ---------------------------------------------------------------------------------------------------------

std::string Nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Limits, DepthOf128IsTheDeepest) {
  Document document;
  EXPECT_TRUE(document.Parse(Nested(128)).ok());
  EXPECT_EQ(Message(document.Parse(Nested(129))), "JSON nested deeper than 128");
}

TEST(Limits, DepthIsCountedOnTheWayAndNotInTotal) {
  std::string wide = "[";
  for (int i = 0; i < 1000; ++i) wide += "[[]],";
  EXPECT_TRUE(Document().Parse(wide + "1]", {.depth = 3}).ok());
}

TEST(Limits, DepthMixesObjectsAndArrays) {
  EXPECT_TRUE(Document().Parse(R"([{"a":[{}]}])", {.depth = 4}).ok());
  EXPECT_FALSE(Document().Parse(R"([{"a":[{}]}])", {.depth = 3}).ok());
}

TEST(Limits, AMillionOpenBracketsAreAnErrorAndNoCrash) {
  Document document;
  EXPECT_FALSE(document.Parse(std::string(1'000'000, '[')).ok());
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += R"({"a":)";
  EXPECT_FALSE(document.Parse(objects).ok());
}

TEST(Limits, ValuesAreCountedWithKeysAndContainers) {
  EXPECT_TRUE(Document().Parse(R"({"a":[1]})", {.values = 4}).ok());
  EXPECT_EQ(Message(Document().Parse(R"({"a":[1]})", {.values = 3})), "JSON with more than 3 values");
}

}  // namespace
}  // namespace ccp::json
