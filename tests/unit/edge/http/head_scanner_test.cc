#include "edge/http/head_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccp::edge {
namespace {

using Verdict = HeadScanner::Verdict;

struct Case {
  const char* name;
  std::string head;
  Verdict verdict;
};

class HeadScannerTest : public testing::TestWithParam<Case> {};

TEST_P(HeadScannerTest, JudgesTheWholeHead) { EXPECT_EQ(HeadScanner().Scan(GetParam().head), GetParam().verdict); }

TEST_P(HeadScannerTest, JudgesAloneByteByByte) {
  HeadScanner scanner;
  Verdict verdict = Verdict::kMore;
  for (std::size_t size = 1; size <= GetParam().head.size() && verdict == Verdict::kMore; ++size) {
    verdict = scanner.Scan(std::string_view(GetParam().head).substr(0, size));
  }
  EXPECT_EQ(verdict, GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(Heads, HeadScannerTest, testing::ValuesIn(std::vector<Case>{
    {"Whole", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", Verdict::kComplete},
    {"Cut", "GET / HTTP/1.1\r\nhost: a\r\n", Verdict::kMore},
    {"TabInAValue", "GET / HTTP/1.1\r\nx: a\tb\r\n\r\n", Verdict::kComplete},
    {"Latin1InAValue", "GET / HTTP/1.1\r\nx: \xe9\r\n\r\n", Verdict::kComplete},
    {"BareLineFeed", "GET / HTTP/1.1\nhost: a\r\n\r\n", Verdict::kBareLineFeed},
    {"BareLineFeedAtTheEnd", "GET / HTTP/1.1\r\nhost: a\r\n\n", Verdict::kBareLineFeed},
    {"BareCarriageReturn", "GET / HTTP/1.1\r\nx: a\rb\r\n\r\n", Verdict::kBareCarriageReturn},
    {"DoubleCarriageReturn", "GET / HTTP/1.1\r\r\n\r\n", Verdict::kBareCarriageReturn},
    {"Nul", std::string("GET / HTTP/1.1\r\nx: a\0b\r\n\r\n", 27), Verdict::kControlCharacter},
    {"Escape", "GET /\x1b HTTP/1.1\r\n\r\n", Verdict::kControlCharacter},
    {"FoldedWithASpace", "GET / HTTP/1.1\r\nx: a\r\n b\r\n\r\n", Verdict::kFoldedLine},
    {"FoldedWithATab", "GET / HTTP/1.1\r\nx: a\r\n\tb\r\n\r\n", Verdict::kFoldedLine},
}), [](const auto& row) { return std::string(row.param.name); });

TEST(HeadScanner, SaysWhereTheHeadEnds) {
  HeadScanner scanner;
  ASSERT_EQ(scanner.Scan("GET / HTTP/1.1\r\n\r\nbody"), Verdict::kComplete);
  EXPECT_EQ(scanner.head_size(), 18u);
}

}  // namespace
}  // namespace ccp::edge
