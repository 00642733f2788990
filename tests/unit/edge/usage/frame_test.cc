#include "edge/usage/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/usage/crc32c.h"

namespace ccp::edge {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32c, MatchesPublishedVectors) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(static_cast<char>(i));
    falling.push_back(static_cast<char>(31 - i));
  }
  const struct {
    std::string bytes;
    std::uint32_t want;
  } kCases[] = {
      {"", 0},
      {"123456789", 0xE3069283},
      {std::string(32, '\0'), 0x8A9136AA},
      {std::string(32, '\xFF'), 0x62A8AB43},
      {rising, 0x46DD794E},
      {falling, 0x113FDB5C},
  };
  for (const auto& row : kCases) {
    EXPECT_EQ(Crc32c(row.bytes), row.want) << row.bytes.size();
    EXPECT_EQ(Crc32cByTables(row.bytes), row.want) << row.bytes.size();
  }
}

TEST(Crc32c, ContinuesAtEveryCut) {
  const std::string text = "the quick brown fox jumps over";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text)) << cut;
    EXPECT_EQ(Crc32cByTables(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text)) << cut;
  }
}

const SegmentHeader kHeader{"0123456789abcdef", 42, 1'700'000'000'000'000};

TEST(SegmentHeader, SurvivesTheRoundTrip) {
  const std::string bytes = EncodeHeader(kHeader);
  ASSERT_EQ(bytes.size(), kSegmentHeaderBytes);
  EXPECT_EQ(DecodeHeader(bytes + "frames"), kHeader);
}

TEST(SegmentHeader, IsRefusedWithAnyByteWrongOrMissing) {
  const std::string good = EncodeHeader(kHeader);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    EXPECT_FALSE(DecodeHeader(bad)) << "byte " << i;
    EXPECT_FALSE(DecodeHeader(good.substr(0, i))) << "cut at " << i;
  }
}

struct Seen {
  FrameType type;
  std::uint64_t number;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Scan(FrameScanner& scanner) {
  std::vector<Seen> seen;
  while (const std::optional<Frame> frame = scanner.Next()) {
    seen.push_back({frame->type, frame->number, std::string(frame->payload)});
  }
  return seen;
}

std::string MakeFrame(FrameType type, std::uint64_t number, std::string_view payload) {
  std::string frame;
  BeginFrame(frame);
  frame += payload;
  FinishFrame(frame, type, number);
  return frame;
}

std::string WithHandle(std::string before, std::uint64_t handle, std::string_view record) {
  AppendHandle(before, handle);
  before += record;
  return before;
}

class Frames : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t i = 0; i < 4; ++i) {
      const std::string payload(5 + 3 * i, static_cast<char>('a' + i));
      all_.push_back({i % 2 == 0 ? FrameType::kOpen : FrameType::kFinal, i, payload});
      bytes_ += MakeFrame(all_.back().type, i, payload);
      ends_.push_back(bytes_.size());
    }
  }
  // Index of the frame that holds byte `at`.
  std::size_t FrameOf(std::size_t at) const {
    std::size_t frame = 0;
    while (at >= ends_[frame]) ++frame;
    return frame;
  }
  std::vector<Seen> all_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

TEST_F(Frames, ComeBackAsWritten) {
  FrameScanner scanner(bytes_, 0);
  EXPECT_EQ(Scan(scanner), all_);
  EXPECT_EQ(scanner.damaged_bytes(), 0u);
  EXPECT_EQ(scanner.offset(), bytes_.size());
}

TEST_F(Frames, CutAnywhereGiveAllWholeOnes) {
  for (std::size_t cut = 0; cut < bytes_.size(); ++cut) {
    const std::string torn = bytes_.substr(0, cut);
    FrameScanner scanner(torn, 0);
    const std::size_t whole = FrameOf(cut);
    EXPECT_EQ(Scan(scanner), std::vector<Seen>(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(whole))) << cut;
    EXPECT_EQ(scanner.damaged_bytes(), 0u) << "a torn tail is no damage; cut at " << cut;
  }
}

TEST_F(Frames, WithAnyByteFlippedLoseThatFrameOnly) {
  for (std::size_t at = 0; at < bytes_.size(); ++at) {
    std::string bad = bytes_;
    bad[at] = static_cast<char>(bad[at] ^ 0x5A);
    FrameScanner scanner(bad, 0);
    std::vector<Seen> want = all_;
    want.erase(want.begin() + static_cast<std::ptrdiff_t>(FrameOf(at)));
    EXPECT_EQ(Scan(scanner), want) << "byte " << at;
  }
}

TEST(Ending, NamesAttemptAndRecord) {
  const Frame final_frame{FrameType::kFinal, 9, {}};
  Frame frame = final_frame;
  const std::string plain = WithHandle("", 7, "record");
  frame.payload = plain;
  EXPECT_EQ(DecodeEnding(frame)->handle, 7u);
  EXPECT_EQ(DecodeEnding(frame)->record, "record");
  EXPECT_EQ(DecodeEnding(frame)->run_id, "");

  const std::string orphan = WithHandle("0123456789abcdef", 8, "rest");
  frame = {FrameType::kOrphan, 9, orphan};
  EXPECT_EQ(DecodeEnding(frame)->run_id, "0123456789abcdef");
  EXPECT_EQ(DecodeEnding(frame)->handle, 8u);
  EXPECT_EQ(DecodeEnding(frame)->record, "rest");

  EXPECT_FALSE(DecodeEnding({FrameType::kFinal, 9, "short"}));
  EXPECT_FALSE(DecodeEnding({FrameType::kOpen, 9, plain}));
}

}  // namespace
}  // namespace ccp::edge
