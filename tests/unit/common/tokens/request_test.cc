#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/tokens/count.h"
#include "common/tokens/image_size.h"

namespace ccp::tokens {
namespace {

using namespace std::string_literals;

std::int64_t Count(const std::string& request) {
  json::Document document;
  const absl::Status status = document.Parse(request);
  EXPECT_TRUE(status.ok()) << status;
  return CountRequest(document.root(), nullptr);
}

std::string WithContent(std::string_view content) {
  return Concat(R"({"messages":[{"role":"user","content":)", content, "}]}");
}

// What a block adds to a request whose only message is empty.
std::int64_t Added(std::string_view block) { return Count(WithContent(Concat("[", block, "]"))) - Count(WithContent("[]")); }

std::string Base64(const std::string& bytes) {
  std::string text;
  absl::Base64Escape(bytes, &text);
  return text;
}

std::string Image(const std::string& bytes) {
  return Concat(R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")", Base64(bytes), R"("}})");
}

std::string Png(std::uint32_t width, std::uint32_t height) {
  const auto big_endian = [](std::uint32_t n) {
    return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  };
  return "\x89PNG\r\n\x1A\n"s + "\0\0\0\x0DIHDR"s + big_endian(width) + big_endian(height) + "\x08\x06\0\0\0"s;
}

constexpr const char* kSentence = R"("The quick brown fox jumps over the lazy dog near the river bank.")";

TEST(CountRequest, CountsEveryPlaceWhereTextStands) {
  const std::int64_t sentence = Added(Concat(R"({"type":"text","text":)", kSentence, "}"));
  EXPECT_NEAR(static_cast<double>(sentence), 14, 3);
  EXPECT_EQ(Count(WithContent(kSentence)) - Count(WithContent(R"("")")), sentence);
  EXPECT_EQ(Count(Concat(R"({"system":)", kSentence, "}")) - Count("{}"), sentence);
  EXPECT_EQ(Count(Concat(R"({"system":[{"type":"text","text":)", kSentence, "}]}")) - Count("{}"), sentence);
  EXPECT_EQ(Added(Concat(R"({"type":"thinking","thinking":)", kSentence, R"(,"signature":"abcdefgh"})")), sentence);
  const std::int64_t empty_result = Added(R"({"type":"tool_result","tool_use_id":"t","content":""})");
  EXPECT_EQ(Added(Concat(R"({"type":"tool_result","tool_use_id":"t","content":)", kSentence, "}")) - empty_result, sentence);
  EXPECT_EQ(Added(Concat(R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":)", kSentence, "}]}")) -
                empty_result,
            sentence);
  EXPECT_EQ(Added(Concat(R"({"type":"document","source":{"type":"text","data":)", kSentence, "}}")), sentence);
}

TEST(CountRequest, CountsToolsAndTheirUse) {
  const std::string tool = Concat(R"({"tools":[{"name":"Read","description":)", kSentence,
                                  R"(,"input_schema":{"type":"object","properties":{"path":{"type":"string"}}}}]})");
  EXPECT_GT(Count(tool), Count(R"({"tools":[{"name":"Read","input_schema":{}}]})") + 20);
  EXPECT_GT(Added(R"({"type":"tool_use","id":"t","name":"Read","input":{"path":"/src/main.cc"}})"), 12);
  EXPECT_GT(Count(R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})"), Count("{}"));
}

TEST(CountRequest, GrowsWithEachMessage) {
  EXPECT_GT(Count(R"({"messages":[{"content":""},{"content":""}]})"), Count(R"({"messages":[{"content":""}]})"));
}

TEST(CountRequest, LivesWithWhatIsNoRequest) {
  for (const char* odd : {"null", "[]", "5", R"("x")", R"({"messages":5,"tools":"x","system":[1,null]})",
                          R"({"messages":[null,{"content":[{"type":5},7,"text",null]}]})"}) {
    EXPECT_GE(Count(odd), 0) << odd;
  }
}

TEST(CountRequest, CountsImagesBySizeAndUnknownOnesAtTheirMost) {
  EXPECT_EQ(Added(Image(Png(750, 100))), 100);
  EXPECT_EQ(Added(Image(Png(8000, 8000))), kMostImageTokens);
  EXPECT_EQ(Added(Image("no image at all")), kMostImageTokens);
  EXPECT_EQ(Added(R"({"type":"image","source":{"type":"url","url":"https://example.com/a.png"}})"), kMostImageTokens);
}

TEST(CountRequest, CountsPdfsByPage) {
  const auto pdf = [](const std::string& bytes) {
    return Added(Concat(R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")",
                        Base64(bytes), R"("}})"));
  };
  EXPECT_EQ(pdf("%PDF-1.4 <</Type /Page>> <</Type /Page>> <</Type /Page>>"), 6'000);
  EXPECT_EQ(pdf(std::string(100, 'x')), 2'000) << "by size";
  EXPECT_EQ(pdf(std::string(600'000, 'x')), 20'000) << "by size";
}

// ---- Images ---------------------------------------------------------------------------------------------------------

struct ImageRow {
  const char* name;
  std::string bytes;
  std::optional<ImageSize> size;
};
void PrintTo(const ImageRow& row, std::ostream* out) { *out << row.name; }

class ReadsImageSize : public testing::TestWithParam<ImageRow> {};
TEST_P(ReadsImageSize, FromTheHeader) { EXPECT_EQ(ReadImageSize(GetParam().bytes), GetParam().size); }

const std::string kJpegFrame = "\xFF\xC0\0\x11\x08\x01\x02\x03\x04\x03"s;  // 0x0102 high, 0x0304 wide.
const std::string kJpegExif = "\xFF\xE1\0\x06"s + "Exif" + "\xFF\xC4\0\x04\0\0"s;

INSTANTIATE_TEST_SUITE_P(
    Table, ReadsImageSize,
    testing::Values(ImageRow{"png", Png(640, 480), ImageSize{640, 480}}, ImageRow{"png_cut", Png(640, 480).substr(0, 20), {}},
                    ImageRow{"png_of_width_0", Png(0, 480), {}},
                    ImageRow{"gif", "GIF89a\x40\x01\xF0\0\0\0\0"s, ImageSize{320, 240}}, ImageRow{"gif_cut", "GIF89a\x40", {}},
                    ImageRow{"jpeg", "\xFF\xD8"s + kJpegFrame, ImageSize{0x304, 0x102}},
                    ImageRow{"jpeg_with_exif_and_tables", "\xFF\xD8"s + kJpegExif + kJpegFrame, ImageSize{0x304, 0x102}},
                    ImageRow{"jpeg_with_fill_bytes", "\xFF\xD8\xFF\xFF"s + kJpegFrame, ImageSize{0x304, 0x102}},
                    ImageRow{"jpeg_without_frame", "\xFF\xD8"s + kJpegExif, {}},
                    ImageRow{"jpeg_damaged", "\xFF\xD8\xFF\xE1\0\x04xx"s + "garbage that is no marker", {}},
                    ImageRow{"webp_lossy", "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9D\x01\x2A\x80\x02\xE0\x01"s, ImageSize{640, 480}},
                    ImageRow{"webp_extended", "RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x7F\x02\0\xDF\x01\0"s, ImageSize{640, 480}},
                    ImageRow{"webp_lossless", "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2F\x7F\xC2\x77\0\0\0\0\0\0"s, ImageSize{640, 480}},
                    ImageRow{"webp_cut", "RIFF\0\0\0\0WEBP"s, {}}, ImageRow{"empty", "", {}}, ImageRow{"text", "hello world", {}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(DecodeBase64Prefix, DecodesUpToTheLimit) {
  EXPECT_EQ(DecodeBase64Prefix("aGVsbG8gd29ybGQ=", 100), "hello world");
  EXPECT_EQ(DecodeBase64Prefix("aGVsbG8gd29ybGQ=", 5), "hello");
  EXPECT_EQ(DecodeBase64Prefix("", 5), "");
  EXPECT_EQ(DecodeBase64Prefix("aGVs\\nbG8=", 100), "hello");
  EXPECT_EQ(DecodeBase64Prefix("\\/\\/8=", 100), "\xFF\xFF");
  EXPECT_EQ(DecodeBase64Prefix("\\u002B\\u002b8=", 100), "\xFB\xEF");
  EXPECT_EQ(DecodeBase64Prefix("aGVs\\u00", 100), "hel");
  EXPECT_EQ(DecodeBase64Prefix("aGVs!bG8=", 100), "hel");
}

TEST(ImageTokens, AreWidthTimesHeightBy750) {
  EXPECT_EQ(ImageTokens({1, 1}), 1);
  EXPECT_EQ(ImageTokens({750, 1}), 1);
  EXPECT_EQ(ImageTokens({751, 1}), 2);
  EXPECT_EQ(ImageTokens({1092, 1092}), 1590);
  EXPECT_EQ(ImageTokens({0xFFFFFFFF, 0xFFFFFFFF}), 1600);
}

}  // namespace
}  // namespace ccp::tokens
