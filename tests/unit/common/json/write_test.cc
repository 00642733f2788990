#include "common/json/write.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "common/json/document.h"
#include "common/json/utf8.h"

namespace ccp::json {
namespace {

using namespace std::string_literals;

std::string Escaped(std::string_view text) {
  std::string out;
  AppendEscaped(out, text);
  return out;
}

std::string Unescaped(std::string_view escaped) {
  std::string out;
  AppendUnescaped(out, escaped);
  return out;
}

struct Row {
  const char* name;
  std::string text;
  std::string escaped;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Escape : public testing::TestWithParam<Row> {};
TEST_P(Escape, WritesAStringThatReadsBack) { EXPECT_EQ(Escaped(GetParam().text), GetParam().escaped); }

INSTANTIATE_TEST_SUITE_P(
    Table, Escape,
    testing::Values(Row{"empty", "", ""}, Row{"plain", "plain / text", "plain / text"},
                    Row{"quote_and_backslash", "a\"b\\c", R"(a\"b\\c)"},
                    Row{"short_escapes", "\b\f\n\r\t", R"(\b\f\n\r\t)"},
                    Row{"control", "\x01\x1F"s + '\0', R"(\u0001\u001f\u0000)"}, Row{"delete_is_plain", "\x7F", "\x7F"},
                    Row{"utf8_is_plain", "\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80", "\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80"},
                    Row{"ill_formed_byte", "a\xFFz", "a\xEF\xBF\xBDz"},
                    Row{"cut_sequence", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
                    Row{"ill_formed_between_escapes", "\n\x80\"", "\\n\xEF\xBF\xBD\\\""},
                    Row{"encoded_surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Escape, FindsWhatNeedsItAtEveryOffset) {
  for (std::size_t before = 0; before < 70; ++before) {
    const std::string filler(before, 'x');
    EXPECT_EQ(Escaped(filler + "\"" + filler), filler + "\\\"" + filler);
    EXPECT_EQ(Escaped(filler + "\x1F"), filler + "\\u001f");
    EXPECT_EQ(Escaped(filler + "\xFF\n" + filler), filler + "\xEF\xBF\xBD\\n" + filler);
  }
}

// Any valid UTF-8 comes back as it was, and what is written is a JSON string.
TEST(Escape, RoundTripsRandomText) {
  std::mt19937 random(301);
  std::uniform_int_distribution<int> kind(0, 5);
  std::uniform_int_distribution<std::uint32_t> ascii(0, 0x7F);
  std::uniform_int_distribution<std::uint32_t> any(0, 0xD7FF);
  std::uniform_int_distribution<std::uint32_t> high(0x10000, 0x10FFFF);
  Document document;
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (int i = 0; i < round % 150; ++i) {
      const int which = kind(random);
      AppendUtf8(text, which == 0 ? any(random) : which == 1 ? high(random) : ascii(random));
    }
    const std::string quoted = Quoted(text);
    ASSERT_TRUE(document.Parse(quoted).ok()) << quoted;
    EXPECT_EQ(document.root().str(), text);
    EXPECT_EQ(Unescaped(Escaped(text)), text);
  }
}

TEST(Escape, WritesJsonOfRandomBytes) {
  std::mt19937 random(302);
  std::uniform_int_distribution<int> byte(0, 255);
  Document document;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    for (int i = 0; i < round % 150; ++i) bytes += static_cast<char>(byte(random));
    const std::string quoted = Quoted(bytes);
    ASSERT_TRUE(document.Parse(quoted).ok());
    std::string valid;
    AppendValidUtf8(valid, bytes);
    EXPECT_EQ(document.root().str(), valid);
  }
}

TEST(Write, AppendsAfterWhatIsThere) {
  std::string out = "x";
  AppendString(out, "a\nb");
  AppendNumber(out, std::int64_t{-7});
  AppendBool(out, true);
  AppendBool(out, false);
  EXPECT_EQ(out, "x\"a\\nb\"-7truefalse");
}

std::string Number(auto number) {
  std::string out;
  AppendNumber(out, number);
  return out;
}

TEST(Write, WritesIntegersInFull) {
  EXPECT_EQ(Number(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(Number(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Number(std::int64_t{0}), "0");
}

TEST(Write, WritesTheShortestDoubleThatReadsBack) {
  EXPECT_EQ(Number(0.1), "0.1");
  EXPECT_EQ(Number(0.7), "0.7");
  EXPECT_EQ(Number(1e300), "1e+300");
  EXPECT_EQ(Number(-2.5), "-2.5");
}

TEST(Write, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(Number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Number(std::numeric_limits<double>::quiet_NaN()), "null");
}

// ---- UTF-8 ----------------------------------------------------------------------------------------------------------

TEST(Utf8, EveryCodePointReadsBack) {
  for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(text, code_point);
    ASSERT_EQ(Utf8SequenceLength(text), text.size()) << code_point;
  }
}

TEST(Utf8, SurrogatesAndMoreThanUnicodeAreReplaced) {
  for (const std::uint32_t code_point : {0xD800U, 0xDFFFU, 0x110000U, 0xFFFFFFFFU}) {
    std::string text;
    AppendUtf8(text, code_point);
    EXPECT_EQ(text, kReplacementCharacter) << code_point;
  }
}

// The two validators must agree on every sequence of two bytes and on the borders of longer ones.
TEST(Utf8, SequenceLengthAgreesWithTheValidator) {
  const auto agree = [](const std::string& text) {
    const std::size_t length = Utf8SequenceLength(text);
    const bool whole = length == text.size();
    if (whole) {
      EXPECT_TRUE(IsValidUtf8(text)) << testing::PrintToString(text);
    }
    if (length == 0) {
      EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(text);
    }
  };
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string two = {static_cast<char>(first), static_cast<char>(second)};
      agree(two);
      agree(two + "\x80");
      agree(two + "\xBF\xBF");
      agree(two + "\x80" + "A");
    }
  }
  EXPECT_EQ(Utf8SequenceLength(""), 0U);
}

}  // namespace
}  // namespace ccp::json
