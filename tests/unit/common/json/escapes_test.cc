#include "common/json/escapes.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace ccp::json {
namespace {

constexpr Kernel kKernels[] = {Kernel::kBest, Kernel::kAnywhere};

struct Row {
  std::string name;
  std::string contents;
  Escapes want;
};

class EscapesTest : public ::testing::TestWithParam<Row> {};

TEST_P(EscapesTest, AreTheSameWhereverTheyStand) {
  for (const Kernel kernel : kKernels) {
    for (std::size_t before = 0; before <= 130; ++before) {
      const std::string contents = std::string(before, 'u') + GetParam().contents;
      ASSERT_EQ(CheckEscapes(contents, kernel), GetParam().want) << before;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, EscapesTest, ::testing::ValuesIn(std::vector<Row>{
    {"None", "", Escapes::kValid},
    {"AllShortOnes", R"(\"\\\/\b\f\n\r\t)", Escapes::kValid},
    {"Unicode", R"(\u00e9)", Escapes::kValid},
    {"HighestBelowSurrogates", R"(\uD7FF)", Escapes::kValid},
    {"LowestAboveSurrogates", R"(\ue000)", Escapes::kValid},
    {"Pair", R"(\ud83d\ude00)", Escapes::kWithSurrogates},
    {"LoneLow", R"(\uDFFFx)", Escapes::kWithSurrogates},
    {"BackslashThenLetters", R"(\\ud800)", Escapes::kValid},
    {"SurrogateThenInvalid", R"(\ud800\x)", Escapes::kInvalid},
    {"CutUnicode", R"(\u00e)", Escapes::kInvalid},
    {"NoHex", R"(\u00eg)", Escapes::kInvalid},
    {"BackslashAtTheEnd", "\\", Escapes::kInvalid},
    {"ThreeAtTheEnd", "\\\\\\", Escapes::kInvalid},
    {"BeforeUtf8", "\\\xC3\xA9", Escapes::kInvalid},
    {"BeforeAByteLikeAQuote", "\\\xA2", Escapes::kInvalid},
}), [](const auto& row) { return row.param.name; });

TEST(Escapes, OfEachByteAreThoseOfTheStandard) {
  const std::string_view known = "\"\\/bfnrt";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string contents{'\\', static_cast<char>(byte)};
    const bool valid = known.find(static_cast<char>(byte)) != std::string_view::npos;
    for (const Kernel kernel : kKernels) {
      EXPECT_EQ(CheckEscapes(contents, kernel), valid ? Escapes::kValid : Escapes::kInvalid) << byte;
    }
  }
}

// One byte after another, as the grammar is written.
Escapes ByTheBook(std::string_view contents) {
  Escapes escapes = Escapes::kValid;
  for (std::size_t at = 0; at < contents.size(); ++at) {
    if (contents[at] != '\\') continue;
    if (++at == contents.size()) return Escapes::kInvalid;
    if (contents[at] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(contents[at]) == std::string_view::npos) return Escapes::kInvalid;
      continue;
    }
    const int unit = HexCodeUnit(contents.substr(at + 1));
    if (unit < 0) return Escapes::kInvalid;
    if (unit >= 0xD800 && unit <= 0xDFFF) escapes = Escapes::kWithSurrogates;
  }
  return escapes;
}

TEST(Escapes, OfRandomTextsAreThoseOfTheBook) {
  std::mt19937 random(301);
  const std::vector<std::string> pieces{"\\\\", "\\\"", "\\n", "\\/", "u", "n", "\\u00e9", "\\ud83d", " ", "word", "\xC3\xA9"};
  for (int round = 0; round < 20'000; ++round) {
    std::string contents;
    for (std::size_t size = random() % 60; size > 0; --size) contents += pieces[random() % pieces.size()];
    if (random() % 4 == 0 && !contents.empty()) contents.erase(random() % contents.size(), 1);  // Often not valid any more.
    for (const Kernel kernel : kKernels) ASSERT_EQ(CheckEscapes(contents, kernel), ByTheBook(contents)) << contents;
  }
}

}  // namespace
}  // namespace ccp::json
