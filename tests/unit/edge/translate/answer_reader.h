// Reads what a reply wrote as a strict client would, written apart from the code under test: a byte-exact reader of
// the event stream, a checker of the event grammar, and the accumulation that the SDKs do.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::translate::testing {

using Json = nlohmann::ordered_json;

struct ReadEvents {
  std::vector<Json> events;
  std::string problem;     // Empty: every byte belongs to a well-formed event.
};

inline ReadEvents ParseEvents(std::string_view stream) {
  ReadEvents read;
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    if (end == std::string_view::npos) return {read.events, "an event without its end"};
    const std::string_view event = stream.substr(0, end);
    stream.remove_prefix(end + 2);
    const std::size_t line_end = event.find('\n');
    if (!event.starts_with("event: ") || line_end == std::string_view::npos) return {read.events, "no event: line"};
    const std::string_view name = event.substr(7, line_end - 7);
    const std::string_view data = event.substr(line_end + 1);
    if (!data.starts_with("data: ") || data.find('\n') != std::string_view::npos) return {read.events, "not one data: line"};
    Json json = Json::parse(data.substr(6), nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) return {read.events, "data is not JSON: " + std::string(data)};
    if (json.value("type", "") != name) return {read.events, "event name and type differ"};
    read.events.push_back(std::move(json));
  }
  return read;
}

// The message as an SDK accumulates it, or why the order of events is illegal. A stream that ends in an error event is
// legal; then `error` is set. One that just stops is not.
struct Accumulated {
  Json message;
  std::string error;
  std::string problem;
};

class Accumulator {
 public:
  static Accumulated Of(std::string_view stream) {
    Accumulator accumulator;
    const ReadEvents read = ParseEvents(stream);
    if (!read.problem.empty()) return {{}, {}, read.problem};
    for (const Json& event : read.events) {
      const std::string problem = accumulator.Take(event);
      if (!problem.empty()) return {accumulator.message_, accumulator.error_, problem + ": " + event.dump()};
    }
    if (!accumulator.ended_) return {accumulator.message_, {}, "the stream just stops"};
    return {accumulator.message_, accumulator.error_, {}};
  }

 private:
  std::string Take(const Json& event) {
    const std::string type = event["type"];
    if (ended_) return "something follows the end";
    if (type == "error") {
      ended_ = true;
      error_ = event["error"]["type"].get<std::string>() + ": " + event["error"]["message"].get<std::string>();
      return "";
    }
    if (type == "ping") return started_ ? "" : "ping before message_start";
    if (type == "message_start") return Start(event);
    if (!started_) return "no message_start";
    if (type == "content_block_start") return StartBlock(event);
    if (type == "content_block_delta") return Delta(event);
    if (type == "content_block_stop") return Stop(event);
    if (type == "message_delta") return MessageDelta(event);
    if (type == "message_stop") {
      ended_ = true;
      return delta_seen_ ? "" : "message_stop without message_delta";
    }
    return "unknown event";
  }

  std::string Start(const Json& event) {
    if (started_) return "message_start twice";
    started_ = true;
    message_ = event["message"];
    return message_["content"].empty() ? "" : "message_start with content";
  }

  std::string StartBlock(const Json& event) {
    if (open_ || delta_seen_) return "block started while another is open, or after message_delta";
    if (event["index"] != message_["content"].size()) return "index not contiguous";
    open_ = true;
    sealed_ = false;
    input_.clear();
    message_["content"].push_back(event["content_block"]);
    return "";
  }

  std::string Delta(const Json& event) {
    if (!open_ || event["index"] != message_["content"].size() - 1) return "delta for a block that is not open";
    if (sealed_) return "delta after the signature";
    Json& block = message_["content"].back();
    const Json& delta = event["delta"];
    const std::string kind = delta["type"];
    const std::string block_type = block["type"];
    if (kind == "text_delta" && block_type == "text") return Append(block["text"], delta["text"]);
    if (kind == "thinking_delta" && block_type == "thinking") return Append(block["thinking"], delta["thinking"]);
    if (kind == "signature_delta" && block_type == "thinking") {
      sealed_ = true;
      block["signature"] = delta["signature"];
      return "";
    }
    if (kind != "input_json_delta" || block_type != "tool_use") return "delta of a wrong kind";
    input_ += delta["partial_json"].get<std::string>();
    return "";
  }

  static std::string Append(Json& text, const Json& more) {
    if (more.get<std::string>().empty()) return "empty delta";
    text = text.get<std::string>() + more.get<std::string>();
    return "";
  }

  std::string Stop(const Json& event) {
    if (!open_ || event["index"] != message_["content"].size() - 1) return "stop of a block that is not open";
    open_ = false;
    Json& block = message_["content"].back();
    if (block["type"] == "thinking" && !sealed_) return "thinking without signature";
    if (block["type"] == "text" && block["text"] == "") return "empty text block";
    if (block["type"] != "tool_use") return "";
    if (block["id"] == "" || block["name"] == "") return "tool without id or name";
    Json input = Json::parse(input_, nullptr, /*allow_exceptions=*/false);
    if (!input.is_object()) return "input is not an object: " + input_;
    block["input"] = std::move(input);
    return "";
  }

  std::string MessageDelta(const Json& event) {
    if (open_ || delta_seen_) return "message_delta with an open block, or twice";
    delta_seen_ = true;
    message_["stop_reason"] = event["delta"]["stop_reason"];
    message_["stop_sequence"] = event["delta"]["stop_sequence"];
    if (event["delta"].contains("stop_details")) {  // In front of the usage, where a whole message has it.
      const Json usage = message_["usage"];
      message_.erase("usage");
      message_["stop_details"] = event["delta"]["stop_details"];
      message_["usage"] = usage;
    }
    message_["usage"].update(event["usage"]);
    return message_["stop_reason"].is_string() ? "" : "no stop_reason";
  }

  Json message_;
  std::string input_;
  std::string error_;
  bool started_ = false;
  bool open_ = false;
  bool sealed_ = false;
  bool delta_seen_ = false;
  bool ended_ = false;
};

// One line for a table row: "thinking:hm | text:Hello | tool:call_1 get_weather {"city":"Paris"} | tool_use".
inline std::string Summary(const Json& message) {
  std::string summary;
  for (const Json& block : message["content"]) {
    const std::string type = block["type"];
    if (type == "text") summary += "text:" + block["text"].get<std::string>();
    else if (type == "thinking") summary += "thinking:" + block["thinking"].get<std::string>();
    else if (type == "tool_use") {
      summary += "tool:" + block["id"].get<std::string>() + " " + block["name"].get<std::string>() + " " + block["input"].dump();
    } else {
      summary += block.dump();
    }
    summary += " | ";
  }
  summary += message["stop_reason"].get<std::string>();
  if (message["stop_sequence"].is_string()) summary += "=" + message["stop_sequence"].get<std::string>();
  return summary;
}

}  // namespace ccp::translate::testing
