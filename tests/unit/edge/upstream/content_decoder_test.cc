#include "edge/upstream/content_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace ccp::edge {
namespace {

enum class Form { kGzip, kZlib };

std::string Compressed(std::string_view text, Form form) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, form == Form::kGzip ? 15 + 16 : 15, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::unique_ptr<ContentDecoder> Decoder(std::string_view encoding) {
  auto decoder = ContentDecoder::For(encoding);
  return decoder.ok() ? *std::move(decoder) : nullptr;
}

// Not periodic, so that its compressed form is long enough to cut.
std::string SomeText(std::size_t bytes) {
  std::string text;
  for (std::uint32_t seed = 1; text.size() < bytes; seed = seed * 1'664'525 + 1'013'904'223) text += std::to_string(seed);
  text.resize(bytes);
  return text;
}

TEST(ContentDecoder, DecodesAtEveryCut) {
  const std::string text = SomeText(300);
  const std::string bytes = Compressed(text, Form::kGzip);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto decoder = Decoder("gzip");
    std::string out;
    ASSERT_TRUE(decoder->Feed(std::string_view(bytes).substr(0, cut), out).ok());
    ASSERT_TRUE(decoder->Feed(std::string_view(bytes).substr(cut), out).ok());
    EXPECT_TRUE(decoder->Finish().ok());
    EXPECT_EQ(out, text);
  }
}

TEST(ContentDecoder, DecodesMoreThanItsBuffer) {
  const std::string text = SomeText(1'000'000);
  const auto decoder = Decoder("x-gzip");
  std::string out;
  ASSERT_TRUE(decoder->Feed(Compressed(text, Form::kGzip), out).ok());
  EXPECT_TRUE(out == text);
}

TEST(ContentDecoder, KnowsTheNames) {
  EXPECT_EQ(Decoder(""), nullptr);
  EXPECT_EQ(Decoder("identity"), nullptr);
  EXPECT_NE(Decoder(" GZIP "), nullptr);
  EXPECT_FALSE(ContentDecoder::For("br").ok());
  EXPECT_FALSE(ContentDecoder::For("gzip, gzip").ok());
  std::string out;
  EXPECT_TRUE(Decoder("deflate")->Feed(Compressed("abc", Form::kZlib), out).ok());
  EXPECT_EQ(out, "abc");
}

TEST(ContentDecoder, ReportsACutAndASurplus) {
  const std::string bytes = Compressed("hello", Form::kGzip);
  std::string out;
  const auto cut = Decoder("gzip");
  EXPECT_TRUE(cut->Feed(std::string_view(bytes).substr(0, bytes.size() - 1), out).ok());
  EXPECT_FALSE(cut->Finish().ok());
  EXPECT_FALSE(Decoder("gzip")->Feed(bytes + "x", out).ok());
  EXPECT_FALSE(Decoder("gzip")->Feed("no gzip at all", out).ok());
}

TEST(ContentDecoder, StopsABombEarly) {
  const std::string bomb = Compressed(std::string(60 * 1024 * 1024, '\0'), Form::kGzip);
  std::string out;
  EXPECT_FALSE(Decoder("gzip")->Feed(bomb, out).ok());
  EXPECT_LE(out.size(), (bomb.size() + 1) * ContentDecoder::kMaxRatio + ContentDecoder::kFreeBytes);
}

// Within the ratio, but without an end.
TEST(ContentDecoder, StopsAtItsMostInAll) {
  const std::string part = SomeText(40 * 1024) + std::string(1024 * 1024, 'a');
  std::string text;
  while (text.size() <= ContentDecoder::kMaxBytes) text += part;
  const std::string bytes = Compressed(text, Form::kGzip);
  ASSERT_GT(bytes.size() * ContentDecoder::kMaxRatio, text.size());
  const auto decoder = Decoder("gzip");
  std::string out;
  std::size_t total = 0;
  absl::Status status;
  for (std::size_t at = 0; at < bytes.size() && status.ok(); at += 65536) {
    out.clear();
    status = decoder->Feed(std::string_view(bytes).substr(at, 65536), out);
    total += out.size();
  }
  EXPECT_FALSE(status.ok());
  EXPECT_LE(total, ContentDecoder::kMaxBytes + 16 * 1024);  // The piece in which it noticed.
}

TEST(ContentDecoder, LetsShortTextsShrinkAsTheyLike) {
  std::string out;
  EXPECT_TRUE(Decoder("gzip")->Feed(Compressed(std::string(60 * 1024, 'a'), Form::kGzip), out).ok());
  EXPECT_EQ(out.size(), 60 * 1024u);
}

}  // namespace
}  // namespace ccp::edge
