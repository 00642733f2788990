// Pieces and counts against the reference tokenizer (o200k_cases.inc).
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "common/tokens/count.h"
#include "common/tokens/pieces.h"
#include "common/tokens/vocabulary_file.h"

namespace ccp::tokens {
namespace {

struct Case {
  std::string text;
  std::vector<std::string> pieces;
  std::int64_t tokens;
};
void PrintTo(const Case& row, std::ostream* out) { *out << testing::PrintToString(row.text); }

const std::vector<Case>& Cases() {
  static const auto* cases = new std::vector<Case>{
#include "tests/unit/common/tokens/o200k_cases.inc"
  };
  return *cases;
}

std::vector<std::string> PiecesOf(std::string_view text) {
  static const auto* classes = new CharacterClasses();
  std::vector<std::string> pieces;
  PieceReader reader(text, *classes);
  for (std::string_view piece = reader.Next(); !piece.empty(); piece = reader.Next()) pieces.emplace_back(piece);
  return pieces;
}

class O200k : public testing::TestWithParam<Case> {};

TEST_P(O200k, CutsAsTheReferenceDoes) { EXPECT_EQ(PiecesOf(GetParam().text), GetParam().pieces); }

INSTANTIATE_TEST_SUITE_P(Table, O200k, testing::ValuesIn(Cases()));

TEST(Pieces, OfIllFormedUtf8AreStillTheWholeText) {
  for (const std::string text : {"a\xFFz", "\x80\x80", "x\xE2\x82", "\xF0\x9F\x98", "\xC0\xAF ok", "\xED\xA0\x80"}) {
    std::string joined;
    for (const std::string& piece : PiecesOf(text)) joined += piece;
    EXPECT_EQ(joined, text);
  }
}

TEST(ExactCount, EqualsTheReference) {
  const std::string file = FindVocabularyFile();
  if (file.empty()) GTEST_SKIP() << "no vocabulary; install it with deploy/install-tokenizer.sh";
  const auto vocabulary = LoadVocabulary(file);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  for (const Case& row : Cases()) EXPECT_EQ((*vocabulary)->Count(row.text), row.tokens) << testing::PrintToString(row.text);
}

TEST(Estimate, OfTheCasesTogetherIsNear) {
  std::int64_t exact = 0;
  std::int64_t estimated = 0;
  for (const Case& row : Cases()) {
    exact += row.tokens;
    estimated += Estimate(row.text);
  }
  EXPECT_NEAR(static_cast<double>(estimated), static_cast<double>(exact), 0.35 * static_cast<double>(exact));
}

}  // namespace
}  // namespace ccp::tokens
