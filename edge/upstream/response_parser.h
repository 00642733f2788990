// An HTTP/1.1 response from bytes: head, then body freed of its framing. Pure: bytes in, bytes out, however they are cut.
//
// Beast's parser reads heads, and what that one lets pass is refused: folded header lines, Transfer-Encoding other than
// exactly "chunked", a repeated Content-Length. Interim answers (1xx) are skipped. Chunked bodies are read by ChunkDecoder:
// an event of a stream is a chunk, and Beast takes ten times as long over it as over the copying of its bytes.
// Errors: kInvalidArgument that says which rule was broken. After an error, and after bytes behind the end of the message,
//   the connection must not be used again: where the next message begins is in doubt.
// Threading: thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "edge/http/chunk_decoder.h"

namespace ccp::edge {

class ResponseParser {
 public:
  static constexpr std::size_t kHeadLimitBytes = 64 * 1024;
  static constexpr std::size_t kHeadFieldLimit = 200;

  // What the request was, as far as it decides about the answer's body.
  enum class Expect : std::uint8_t { kBody, kNoBody };  // kNoBody: the answer to HEAD, or to CONNECT.

  explicit ResponseParser(Expect expect);
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  // Takes all of `bytes`; what of them is body is appended to `body`.
  absl::Status Feed(std::string_view bytes, std::string& body);
  // The peer sent its last byte. OK if that ends the message, be it here or before.
  absl::Status FeedEof();

  bool started() const;    // At least one byte was seen, be it of an interim answer or of none at all.
  bool head_done() const;
  bool done() const;
  bool reusable() const;   // Done, cleanly, and the peer lets the connection stand.

  // Valid when head_done().
  int status() const;
  const std::vector<std::pair<std::string, std::string>>& headers() const;  // Names in lower case.
  std::string_view header(std::string_view lower_case_name) const;          // First of that name, or "".
  void ForgetHeaders();    // Then there are none, nor the memory for a chunked answer's head.

 private:
  class Sax;
  bool in_chunks() const;       // The head is done, and the body is chunked.
  absl::Status FeedBuffered(std::string_view bytes, std::string& body);
  absl::Status CheckHead(std::string_view bytes) const;
  absl::Status SkipInterimAnswer();

  std::unique_ptr<Sax> sax_;    // Null once the headers of a chunked answer are forgotten.
  ChunkDecoder chunks_;
  Expect expect_;
  bool surplus_ = false;        // Bytes came behind the end of the message.
  bool failed_ = false;
  bool interim_seen_ = false;
  bool keep_alive_ = false;     // These two: of a forgotten head.
  int status_ = 0;
  int interim_answers_ = 0;
};

}  // namespace ccp::edge
