// Any bytes in any cuts as server-sent events, against a reader that sees all of them at once and takes its time.
#include <optional>

#include "edge/translate/sse_reader.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using ccp::fuzz::Require;
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

std::vector<Event> Read(SseReader& reader, const std::vector<std::string>& pieces) {
  std::vector<Event> events;
  const auto drain = [&] {
    while (const auto event = reader.Next()) events.push_back({std::string(event->name), std::string(event->data)});
  };
  for (const std::string& piece : pieces) {
    reader.Add(piece);
    drain();
  }
  reader.End();
  drain();
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ccp::fuzz::Input input(data, size);
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  SseReader reader;
  Require(Read(reader, ccp::fuzz::Cut(text, seed)) == ReadSlowly(text), "other events than expected", text);
  Require(!reader.overflowed(), "overflowed far below the limit", text);

  constexpr std::size_t kLimit = 16;
  SseReader limited(kLimit);
  for (const Event& event : Read(limited, ccp::fuzz::Cut(text, seed))) {
    Require(event.data.size() <= kLimit, "an event over the limit", event.data);
  }
  return 0;
}
