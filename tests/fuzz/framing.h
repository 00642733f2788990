// Where an HTTP/1.1 message ends, by the letter of RFC 9112, in a text that is there as a whole. It shares no code with the
// parsers that it checks, and is no stricter than it must be to know the message's end.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccp::fuzz {

// What a message that names neither a length nor an encoding has for a body.
enum class Unframed { kNothing, kAllThatFollows };

struct Message {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> fields;  // Names in lower case, values without the space around them.
  std::string body;                                         // Without its framing.
  std::size_t size = 0;                                     // Of all, framing included.
  bool until_close = false;                                 // Only the connection's end is its end.

  std::size_t Count(std::string_view name) const {
    const auto named = [&](const auto& field) { return field.first == name; };
    return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), named));
  }
  std::string Value(std::string_view name) const {  // The first, or "".
    for (const auto& [field, value] : fields) {
      if (field == name) return value;
    }
    return {};
  }
  std::string Word(std::size_t index) const {  // Of the start line: words are parted by single spaces.
    std::string_view line = start_line;
    for (; index > 0 && !line.empty(); --index) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    return std::string(line.substr(0, line.find(' ')));
  }
};

inline std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

inline std::string WithoutSpace(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string() : std::string(text.substr(begin, end + 1 - begin));
}

// Whether the list of words of all fields of that name holds `word`.
inline bool Lists(const Message& message, std::string_view name, std::string_view word) {
  for (const auto& [field, value] : message.fields) {
    if (field != name) continue;
    std::string_view rest = value;
    while (true) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (Lower(WithoutSpace(rest.substr(0, comma))) == word) return true;
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

// The line in front, which it takes with its end. Absent: it has none.
inline std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

// Removes a chunked body and its trailers. False: it is not whole, or none.
inline bool TakeChunks(std::string_view& text, std::string& body) {
  while (true) {
    const auto line = TakeLine(text);
    if (!line) return false;
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), size, 16);
    if (error != std::errc() || (end != line->data() + line->size() && *end != ';')) return false;
    if (size == 0) break;
    if (size > text.size() || text.substr(size, 2) != "\r\n") return false;
    body += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
  while (true) {
    const auto trailer = TakeLine(text);
    if (!trailer || trailer->empty()) return trailer.has_value();
  }
}

inline bool TakeBody(Message& message, std::string_view& rest, Unframed unframed) {
  if (message.Count("transfer-encoding") > 0) return TakeChunks(rest, message.body);
  std::uint64_t size = 0;
  if (message.Count("content-length") > 0) {
    const std::string length = message.Value("content-length");
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), size);
    if (error != std::errc() || end != length.data() + length.size() || size > rest.size()) return false;
  } else if (unframed == Unframed::kAllThatFollows) {
    message.until_close = true;
    size = rest.size();
  }
  message.body = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

inline std::optional<Message> ReadHead(std::string_view& rest) {
  Message message;
  const auto start_line = TakeLine(rest);
  if (!start_line) return std::nullopt;
  message.start_line = *start_line;
  while (true) {
    const auto line = TakeLine(rest);
    if (!line) return std::nullopt;
    if (line->empty()) return message;
    const std::size_t colon = line->find(':');
    const std::string_view value = colon == std::string_view::npos ? std::string_view() : line->substr(colon + 1);
    message.fields.emplace_back(Lower(std::string(line->substr(0, colon))), WithoutSpace(value));
  }
}

inline std::optional<Message> ReadRequest(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  auto message = ReadHead(rest);
  if (!message || !TakeBody(*message, rest, Unframed::kNothing)) return std::nullopt;
  message->size = text.size() - rest.size();
  return message;
}

enum class AnswerTo { kHead, kOther };

// The next answer, interim ones included.
inline std::optional<Message> ReadAnswer(std::string_view text, AnswerTo request) {
  std::string_view rest = text;
  auto message = ReadHead(rest);
  if (!message) return std::nullopt;
  const std::string status = message->Word(1);
  const bool bodiless = request == AnswerTo::kHead || status.starts_with('1') || status == "204" || status == "304";
  if (!bodiless && !TakeBody(*message, rest, Unframed::kAllThatFollows)) return std::nullopt;
  message->size = text.size() - rest.size();
  return message;
}

}  // namespace ccp::fuzz
