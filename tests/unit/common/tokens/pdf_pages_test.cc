#include "common/tokens/pdf_pages.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace ccp::tokens {
namespace {

std::string Deflated(const std::string& text) {
  std::string out(compressBound(text.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size());
  return out.substr(0, size);
}

std::string ObjectStream(const std::string& objects) {
  return "5 0 obj\n<</Type/ObjStm/N 2/First 9/Filter/FlateDecode>>stream\r\n" + Deflated(objects) + "\nendstream\nendobj\n";
}

const std::string kHead = "%PDF-1.7\n%\xE2\xE3\n";
const std::string kTree = "2 0 obj <</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>> endobj\n";
const std::string kPage = "3 0 obj <</Type /Page /Parent 2 0 R>> endobj\n";

struct Case {
  std::string name;
  std::string bytes;
  std::optional<std::int64_t> pages;
};

class PdfPagesTest : public testing::TestWithParam<Case> {};
TEST_P(PdfPagesTest, AreCounted) { EXPECT_EQ(CountPdfPages(GetParam().bytes), GetParam().pages); }

INSTANTIATE_TEST_SUITE_P(Files, PdfPagesTest, testing::ValuesIn(std::vector<Case>{
    {"Empty", "", std::nullopt},
    {"NoPdf", "<html>/Type /Page</html>", std::nullopt},
    {"NothingKnownInIt", kHead + "1 0 obj <<>> endobj", std::nullopt},
    {"TwoPages", kHead + kTree + kPage + kPage, 2},
    {"WithoutSpaces", kHead + "<</Type/Page>><</Type/Pages>><</Type\n/Page/X 1>>", 2},
    {"OtherTypesDoNotCount", kHead + "<</Type /PageLabel>><</Type /Catalog>>" + kPage, 1},
    {"InAnObjectStream", kHead + ObjectStream("3 0 4 20 <</Type/Page>> <</Type/Page/Parent 2 0 R>>"), 2},
    {"InTwoObjectStreams", kHead + ObjectStream("<</Type/Page>>") + ObjectStream("<</Type/Page>>"), 2},
    {"AStreamCountsOnce", kHead + "% /ObjStm and again /ObjStm\n" + ObjectStream("<</Type/Page>>"), 1},
    {"DamagedObjectStream", kHead + "<</Type/ObjStm>>stream\nnot deflated\nendstream", std::nullopt},
    {"CutObjectStream", kHead + "<</Type/ObjStm>>stream", std::nullopt},
    {"Linearized", kHead + "1 0 obj\n<< /Linearized 1 /L 999 /H [ 1 2 ] /O 3 /E 4 /N 12 /T 5 >>\n" + kPage, 12},
    {"LinearizedWithoutACount", kHead + "<< /Linearized 1 /L 999 >>" + kPage, 1},
}), [](const auto& row) { return row.param.name; });

TEST(PdfPages, ABombIsBounded) {
  const std::string bomb = ObjectStream(std::string(64u << 20, ' ') + "/Type/Page");
  EXPECT_EQ(CountPdfPages(kHead + bomb + bomb + kPage), 1);
}

// Looking for the end of each beginning in all that follows would take minutes.
TEST(PdfPages, BeginningsWithoutAnEndAreReadOnce) {
  for (const std::string_view beginning : {"/ObjStm stream ", "/ObjStms"}) {
    std::string file = kHead;
    while (file.size() < 2u << 20) file += beginning;
    EXPECT_EQ(CountPdfPages(file), std::nullopt);
  }
}

}  // namespace
}  // namespace ccp::tokens
