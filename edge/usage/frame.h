// The bytes of the usage journal: segment headers and frames, without files. README.md here documents the format. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccp::edge {

inline constexpr std::size_t kRunIdBytes = 16;
inline constexpr std::size_t kMaxPayloadBytes = 64 * 1024;

struct SegmentHeader {
  std::string run_id;           // kRunIdBytes.
  std::uint64_t first_seq = 0;  // Of the first record in this segment, whether or not there is one yet.
  std::int64_t created_us = 0;
  bool operator==(const SegmentHeader&) const = default;
};

inline constexpr std::size_t kSegmentHeaderBytes = 44;
std::string EncodeHeader(const SegmentHeader& header);
std::optional<SegmentHeader> DecodeHeader(
    std::string_view segment);  // Absent: not a segment, damaged, or a newer version.

enum class FrameType : std::uint8_t {
  kOpen = 1,    // An attempt begins. `number` is its handle.
  kFinal = 2,   // An attempt ended. `number` is the record's seq; the payload names the handle.
  kOrphan = 3,  // Written by recovery for an attempt of an earlier run that never ended.
};

struct Frame {
  FrameType type = FrameType::kOpen;
  std::uint64_t number = 0;
  std::string_view payload;  // Points into the scanned bytes.
};

// A frame is put together in place: first room for its header, then the payload, at last the header.
inline constexpr std::size_t kFrameHeaderBytes = 4 + 1 + 8 + 4;  // len, type, number, crc32c
inline void BeginFrame(std::string& frame) { frame.assign(kFrameHeaderBytes, '\0'); }
void FinishFrame(std::string& frame, FrameType type, std::uint64_t number);

// A tail (tail.h): a header that says where its frames belong, the frames, and from the end on, backwards, a seal for
// each of them. The seals are a chain that begins with the header's checksum: no frame of an earlier filling passes for
// one of this, even where its bytes are whole and some of the pages between are older than others.
struct TailHeader {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint32_t seal = 0;  // The chain's first. Encoding takes no notice of it.
};

inline constexpr std::size_t kTailHeaderBytes = 28;
inline constexpr std::size_t kSealBytes = 4;
std::string EncodeTailHeader(const TailHeader& header);
std::optional<TailHeader> DecodeTailHeader(std::string_view tail);  // Absent: not a tail, damaged, or a newer version.
std::uint32_t NextSeal(std::uint32_t seal, std::string_view frame);
void WriteSeal(char* to, std::uint32_t seal);
std::string_view SealedFrames(std::string_view tail);  // All that are whole and sealed, from the first on. None: "".

// What a kFinal or kOrphan payload holds.
struct Ending {
  std::string_view run_id;   // Of the attempt's OPEN; empty in kFinal: the segment's own run.
  std::uint64_t handle = 0;  // 0: was never opened.
  std::string_view record;   // A serialized ccp.v1.UsageRecord without seq.
};
// What stands in a kFinal payload in front of the record; in a kOrphan payload the run's id stands before it.
void AppendHandle(std::string& payload, std::uint64_t handle);
std::optional<Ending> DecodeEnding(const Frame& frame);  // Absent: not an ending, or too short.

// Walks the frames of a segment and steps over damage: after a bad frame it looks for the next offset where a whole
// frame with a right checksum lies.
class FrameScanner {
 public:
  // `segment` must outlive the scanner and the frames; scanning starts at `offset`.
  explicit FrameScanner(std::string_view segment, std::size_t offset = kSegmentHeaderBytes)
      : segment_(segment), offset_(offset) {}

  std::optional<Frame> Next();
  std::size_t offset() const { return offset_; }                // Behind the last frame returned.
  std::size_t damaged_bytes() const { return damaged_bytes_; }  // Stepped over, with a good frame behind them.

 private:
  std::string_view segment_;
  std::size_t offset_;
  std::size_t damaged_bytes_ = 0;
};

}  // namespace ccp::edge
