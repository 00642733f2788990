#include "edge/usage/frame.h"

#include "edge/usage/crc32c.h"

namespace ccp::edge {
namespace {

constexpr std::string_view kMagic = "CCPJ";
constexpr std::string_view kTailMagic = "CCPT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHandleBytes = 8;

template <typename Integer>
void WriteLittleEndian(char* to, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) to[i] = static_cast<char>((value >> (8 * i)) & 0xFF);
}

template <typename Integer>
void AppendLittleEndian(std::string& out, Integer value) {
  char bytes[sizeof(Integer)];
  WriteLittleEndian(bytes, value);
  out.append(bytes, sizeof(Integer));
}

template <typename Integer>
Integer ReadLittleEndian(std::string_view bytes) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value |= static_cast<Integer>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

// The checksum covers type, number and payload; a wrong length fails it too, since it then covers other bytes.
std::uint32_t FrameChecksum(std::string_view type_and_number, std::string_view payload) {
  return Crc32c(payload, Crc32c(type_and_number));
}

bool IsFrameType(char byte) { return byte >= 1 && byte <= 3; }

struct Located {
  Frame frame;
  std::size_t end = 0;
};

std::optional<Located> FrameAt(std::string_view segment, std::size_t offset) {
  if (offset + kFrameHeaderBytes > segment.size()) return std::nullopt;
  const std::string_view head = segment.substr(offset, kFrameHeaderBytes);
  const auto length = ReadLittleEndian<std::uint32_t>(head);
  if (length > kMaxPayloadBytes || !IsFrameType(head[4])) return std::nullopt;
  if (segment.size() - offset - kFrameHeaderBytes < length) return std::nullopt;
  const std::string_view payload = segment.substr(offset + kFrameHeaderBytes, length);
  if (FrameChecksum(head.substr(4, 9), payload) != ReadLittleEndian<std::uint32_t>(head.substr(13)))
    return std::nullopt;
  return Located{{static_cast<FrameType>(head[4]), ReadLittleEndian<std::uint64_t>(head.substr(5)), payload},
                 offset + kFrameHeaderBytes + length};
}

}  // namespace

std::string EncodeHeader(const SegmentHeader& header) {
  std::string out(kMagic);
  AppendLittleEndian(out, kVersion);
  out += header.run_id;
  AppendLittleEndian(out, header.first_seq);
  AppendLittleEndian(out, static_cast<std::uint64_t>(header.created_us));
  AppendLittleEndian(out, Crc32c(out));
  return out;
}

std::optional<SegmentHeader> DecodeHeader(std::string_view segment) {
  if (segment.size() < kSegmentHeaderBytes) return std::nullopt;
  const std::string_view head = segment.substr(0, kSegmentHeaderBytes);
  if (head.substr(0, 4) != kMagic || ReadLittleEndian<std::uint32_t>(head.substr(4)) != kVersion) return std::nullopt;
  if (Crc32c(head.substr(0, 40)) != ReadLittleEndian<std::uint32_t>(head.substr(40))) return std::nullopt;
  return SegmentHeader{std::string(head.substr(8, kRunIdBytes)), ReadLittleEndian<std::uint64_t>(head.substr(24)),
                       static_cast<std::int64_t>(ReadLittleEndian<std::uint64_t>(head.substr(32)))};
}

std::string EncodeTailHeader(const TailHeader& header) {
  std::string out(kTailMagic);
  AppendLittleEndian(out, kVersion);
  AppendLittleEndian(out, header.segment);
  AppendLittleEndian(out, header.offset);
  AppendLittleEndian(out, Crc32c(out));
  return out;
}

std::optional<TailHeader> DecodeTailHeader(std::string_view tail) {
  if (tail.size() < kTailHeaderBytes) return std::nullopt;
  const std::string_view head = tail.substr(0, kTailHeaderBytes);
  if (head.substr(0, 4) != kTailMagic) return std::nullopt;
  if (ReadLittleEndian<std::uint32_t>(head.substr(4)) != kVersion) return std::nullopt;
  const auto checksum = ReadLittleEndian<std::uint32_t>(head.substr(24));
  if (Crc32c(head.substr(0, 24)) != checksum) return std::nullopt;
  return TailHeader{ReadLittleEndian<std::uint64_t>(head.substr(8)), ReadLittleEndian<std::uint64_t>(head.substr(16)),
                    checksum};
}

// A frame's header has its number and its payload's checksum.
std::uint32_t NextSeal(std::uint32_t seal, std::string_view frame) {
  return Crc32c(frame.substr(0, kFrameHeaderBytes), seal);
}

void WriteSeal(char* to, std::uint32_t seal) { WriteLittleEndian(to, seal); }

std::string_view SealedFrames(std::string_view tail) {
  const std::optional<TailHeader> header = DecodeTailHeader(tail);
  if (!header) return {};
  std::size_t end = kTailHeaderBytes;
  std::uint32_t seal = header->seal;
  for (std::size_t seals = tail.size() - kSealBytes; seals > end; seals -= kSealBytes) {
    const std::optional<Located> found = FrameAt(tail.substr(0, seals), end);
    if (!found) break;
    seal = NextSeal(seal, tail.substr(end));
    if (seal != ReadLittleEndian<std::uint32_t>(tail.substr(seals))) break;
    end = found->end;
  }
  return tail.substr(kTailHeaderBytes, end - kTailHeaderBytes);
}

void FinishFrame(std::string& frame, FrameType type, std::uint64_t number) {
  const std::string_view payload = std::string_view(frame).substr(kFrameHeaderBytes);
  WriteLittleEndian(&frame[0], static_cast<std::uint32_t>(payload.size()));
  frame[4] = static_cast<char>(type);
  WriteLittleEndian(&frame[5], number);
  WriteLittleEndian(&frame[13], FrameChecksum(std::string_view(frame).substr(4, 9), payload));
}

void AppendHandle(std::string& payload, std::uint64_t handle) { AppendLittleEndian(payload, handle); }

std::optional<Ending> DecodeEnding(const Frame& frame) {
  if (frame.type == FrameType::kOpen) return std::nullopt;
  const std::size_t run_bytes = frame.type == FrameType::kOrphan ? kRunIdBytes : 0;
  if (frame.payload.size() < run_bytes + kHandleBytes) return std::nullopt;
  return Ending{frame.payload.substr(0, run_bytes), ReadLittleEndian<std::uint64_t>(frame.payload.substr(run_bytes)),
                frame.payload.substr(run_bytes + kHandleBytes)};
}

std::optional<Frame> FrameScanner::Next() {
  for (std::size_t at = offset_; at < segment_.size(); ++at) {
    const std::optional<Located> found = FrameAt(segment_, at);
    if (!found) continue;
    damaged_bytes_ += at - offset_;
    offset_ = found->end;
    return found->frame;
  }
  return std::nullopt;
}

}  // namespace ccp::edge
