// Cuts one HTTP/1.1 response out of the bytes of a connection and hands its body on. Pure.
//
// Meant for servers under test: it insists on a known length or chunks, so that an answer cut short is seen as such.
// Threading: thread-compatible; one connection, one reader, reused from response to response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ccp::bench {

class ResponseReader {
 public:
  enum class State : std::uint8_t { kHead, kBody, kComplete, kMalformed };

  // Takes what belongs to this response; bytes behind it make it malformed, because nothing was asked for yet. `body`
  // is called with each piece of the decoded body.
  State Feed(std::string_view bytes, const std::function<void(std::string_view)>& body);

  State state() const { return state_; }
  int http_status() const { return http_status_; }  // 0 before the head is whole.
  bool keep_alive() const { return keep_alive_; }
  bool begun() const { return state_ != State::kHead || http_status_ != 0 || !line_.empty(); }

  void Reset() { *this = ResponseReader(); }

 private:
  enum class Framing : std::uint8_t { kNone, kLength, kChunked };
  enum class ChunkPart : std::uint8_t { kSize, kContent, kContentEnd, kTrailer };
  bool TakeLine(std::string_view& bytes);  // True when line_ is a whole line, without its CRLF.
  void HeadLine();
  void EndHead();
  void ChunkLine();
  void TakeContent(std::string_view& bytes, const std::function<void(std::string_view)>& body);

  State state_ = State::kHead;
  Framing framing_ = Framing::kNone;
  ChunkPart chunk_part_ = ChunkPart::kSize;
  int http_status_ = 0;
  bool keep_alive_ = true;
  std::uint64_t due_ = 0;  // Bytes still missing of the body or of the chunk.
  std::string line_;
};

}  // namespace ccp::bench
