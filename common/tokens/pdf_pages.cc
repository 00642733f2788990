#include "common/tokens/pdf_pages.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace ccp::tokens {
namespace {

constexpr std::size_t kLongestHead = 1'024;            // The header may have something in front of it.
constexpr std::size_t kLongestDictionary = 2'048;      // Of an object stream.
constexpr std::size_t kMostInflated = 8u << 20;        // Of all object streams together.
constexpr std::int64_t kMostPages = 100'000;

std::string_view WithoutSpace(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  return text;
}

bool EndsName(std::string_view rest) {
  return rest.empty() || std::isalnum(static_cast<unsigned char>(rest.front())) == 0;
}

// Whether `text`, behind a key, begins with the name `value`.
bool IsName(std::string_view text, std::string_view value) {
  text = WithoutSpace(text);
  return text.starts_with(value) && EndsName(text.substr(value.size()));
}

// "/Type /Page", and not "/Type /Pages".
std::int64_t CountPageObjects(std::string_view text) {
  constexpr std::string_view kType = "/Type";
  std::int64_t pages = 0;
  for (std::size_t at = text.find(kType); at != std::string_view::npos; at = text.find(kType, at + kType.size())) {
    if (IsName(text.substr(at + kType.size()), "/Page")) ++pages;
  }
  return pages;
}

// /Linearized files say it in front: << /Linearized 1 ... /N 12 ... >>
std::optional<std::int64_t> PagesOfLinearized(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLongestHead);
  const std::size_t begin = head.find("/Linearized");
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view dictionary = head.substr(begin, head.find(">>", begin) - begin);
  const std::size_t at = dictionary.find("/N ");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = WithoutSpace(dictionary.substr(at + 3));
  std::int64_t pages = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), pages);
  return pages > 0 && pages <= kMostPages ? std::optional(pages) : std::nullopt;
}

// What can be inflated of `compressed`, at most `limit` bytes.
std::string Inflate(std::string_view compressed, std::size_t limit) {
  std::string out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  char buffer[16'384];
  int status = Z_OK;
  while (status == Z_OK && out.size() < limit) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof(buffer);
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, std::min(sizeof(buffer) - stream.avail_out, limit - out.size()));
  }
  inflateEnd(&stream);
  return out;
}

// Page objects in object streams: << /Type /ObjStm ... /Filter /FlateDecode ... >> stream ... endstream
// No byte is searched twice, whatever the file: a worker waits for it.
std::int64_t CountCompressedPages(std::string_view bytes) {
  constexpr std::string_view kObjectStream = "/ObjStm";
  constexpr std::string_view kStream = "stream";
  std::int64_t pages = 0;
  std::size_t left = kMostInflated;
  std::size_t stream = 0;  // The next one.
  for (std::size_t at = bytes.find(kObjectStream); at != std::string_view::npos && left > 0;
       at = bytes.find(kObjectStream, at)) {
    at += kObjectStream.size();
    if (stream < at) stream = bytes.find(kStream, at);
    if (stream == std::string_view::npos) break;
    if (stream - at > kLongestDictionary) continue;
    std::size_t begin = stream + kStream.size();
    if (bytes.substr(begin).starts_with("\r")) ++begin;
    if (bytes.substr(begin).starts_with("\n")) ++begin;
    at = std::min(bytes.find("endstream", begin), bytes.size());  // No byte belongs to two streams.
    const std::string text = Inflate(bytes.substr(begin, at - begin), left);
    left -= text.size();
    pages += CountPageObjects(text);
  }
  return pages;
}

}  // namespace

std::optional<std::int64_t> CountPdfPages(std::string_view bytes) {
  if (bytes.substr(0, kLongestHead).find("%PDF-") == std::string_view::npos) return std::nullopt;
  if (const auto pages = PagesOfLinearized(bytes)) return pages;
  const std::int64_t pages = CountPageObjects(bytes) + CountCompressedPages(bytes);
  if (pages == 0) return std::nullopt;
  return std::min(pages, kMostPages);
}

}  // namespace ccp::tokens
