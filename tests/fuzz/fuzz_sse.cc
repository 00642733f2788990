// Any bytes in any cuts as server-sent events, by themselves and as the body of an upstream's answer on the real connection,
// in each framing and compressed, against a reader that sees all of them at once and takes its time.
#include <zlib.h>

#include <array>
#include <charconv>
#include <optional>

#include "common/base/text.h"
#include "edge/translate/sse_reader.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/upstream_conversation.h"

namespace {

using ccp::fuzz::Require;
using ccp::fuzz::UpstreamConversation;
using ccp::translate::SseReader;

struct Event {
  std::string name;
  std::string data;
  bool operator==(const Event&) const = default;
};

// \r\n, \n and \r end a line. What stands behind the last end is a line as well.
std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      lines.back() += text[i];
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines.emplace_back();
  }
  return lines;
}

std::vector<Event> ReadSlowly(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  std::vector<std::string> lines = Lines(text);
  lines.emplace_back();  // The end of the stream ends an event.
  std::vector<Event> events;
  std::string name;
  std::optional<std::string> data;
  for (const std::string& line : lines) {
    if (line.empty()) {
      if (data) events.push_back({name, *data});
      name.clear();
      data.reset();
      continue;
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string field = line.substr(0, colon);
    std::string value = colon < line.size() ? line.substr(colon + 1) : "";
    if (value.starts_with(' ')) value.erase(0, 1);
    if (field == "event") name = value;
    if (field == "data") data = data ? *data + "\n" + value : value;
  }
  return events;
}

void TakeEvents(SseReader& reader, std::vector<Event>& events) {
  while (const auto event = reader.Next()) events.push_back({std::string(event->name), std::string(event->data)});
}

std::vector<Event> Read(SseReader& reader, const std::vector<std::string>& pieces) {
  std::vector<Event> events;
  for (const std::string& piece : pieces) {
    reader.Add(piece);
    TakeEvents(reader, events);
  }
  reader.End();
  TakeEvents(reader, events);
  return events;
}

std::string Compressed(std::string_view text) {
  z_stream z{};
  constexpr int kGzip = 16;
  constexpr int kWindow = 9;  // The smallest ones: what is tested is reading.
  constexpr int kMemory = 1;
  Require(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, kGzip + kWindow, kMemory, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  Require(deflate(&z, Z_FINISH) == Z_STREAM_END, "deflate wants more room than it said");
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string InChunks(std::string_view body, std::uint8_t seed) {
  std::string out;
  for (const std::string& piece : ccp::fuzz::Cut(body, seed)) {
    std::array<char, 16> size{};
    const char* end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    out += ccp::Concat(std::string_view(size.data(), static_cast<std::size_t>(end - size.data())), "\r\n", piece, "\r\n");
  }
  return out + "0\r\n\r\n";
}

// The answer of an upstream that streams `text`: two bits of the seed say how.
std::string AnswerWith(std::string_view text, std::uint8_t seed) {
  std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
  std::string body(text);
  if ((seed & 0x10) != 0) {
    head += "content-encoding: gzip\r\n";
    body = Compressed(text);
  }
  if ((seed & 0x20) != 0) return head + "transfer-encoding: chunked\r\n\r\n" + InChunks(body, seed);
  return head + "\r\n" + body;  // Ended by the connection's end.
}

// As the pump reads it, which looks at each piece while it has it.
std::vector<Event> ReadThroughConnection(std::string_view text, std::uint8_t seed) {
  static UpstreamConversation& conversation = *new UpstreamConversation;
  SseReader reader;
  std::vector<Event> events;
  const auto take = [&](std::string_view piece) {
    reader.Add(piece);
    TakeEvents(reader, events);
  };
  const auto pieces = ccp::fuzz::Cut(AnswerWith(text, seed), seed, ccp::fuzz::kMostPieces);
  const auto fetched = conversation.Fetch("POST", pieces, UpstreamConversation::End::kClose, take);
  Require(!fetched.error && fetched.body == text, "another text than was sent", fetched.body);
  reader.End();
  TakeEvents(reader, events);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ccp::fuzz::Input input(data, size);
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  const std::vector<Event> expected = ReadSlowly(text);
  SseReader reader;
  Require(Read(reader, ccp::fuzz::Cut(text, seed)) == expected, "other events than expected", text);
  Require(!reader.overflowed(), "overflowed far below the limit", text);
  Require(ReadThroughConnection(text, seed) == expected, "other events through a connection", text);

  constexpr std::size_t kLimit = 16;
  SseReader limited(kLimit);
  for (const Event& event : Read(limited, ccp::fuzz::Cut(text, seed))) {
    Require(event.data.size() <= kLimit, "an event over the limit", event.data);
  }
  return 0;
}
