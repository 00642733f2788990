// Anthropic's event stream.
#include "common/json/write.h"
#include "edge/translate/answer_writer.h"

namespace ccp::translate {
namespace {

constexpr std::string_view kEventEnd = "\n\n";

// What a block's deltas are called, and the member that holds their text.
constexpr std::string_view kTextDelta = R"("text_delta","text":")";
constexpr std::string_view kThinkingDelta = R"("thinking_delta","thinking":")";
constexpr std::string_view kInputDelta = R"("input_json_delta","partial_json":")";

class EventWriter : public AnswerWriter {
 public:
  void StartMessage(const MessageHead& head, std::string& out) override {
    out += "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{";
    AppendHead(out, head);
    out += R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)";
    AppendUsage(out, {.input = head.estimated_input_tokens});
    out += "}}";
    out += kEventEnd;
  }

  void StartBlock(std::size_t index, BlockKind kind, std::string& out) override {
    AppendStart(index, out);
    if (kind == BlockKind::kThinking) {
      out += R"({"type":"thinking","thinking":"","signature":""})";
      SetDelta(index, kThinkingDelta);
    } else {
      out += R"({"type":"text","text":""})";
      SetDelta(index, kTextDelta);
    }
    out += '}';
    out += kEventEnd;
  }

  void StartTool(std::size_t index, std::string_view id, std::string_view name, std::string& out) override {
    AppendStart(index, out);
    out += R"({"type":"tool_use","id":)";
    json::AppendString(out, id);
    out += R"(,"name":)";
    json::AppendString(out, name);
    out += R"(,"input":{}}})";
    out += kEventEnd;
    SetDelta(index, kInputDelta);
  }

  void Delta(std::string_view escaped, std::string& out) override {
    AppendDeltaHead(index_, *delta_kind_, out);
    out += escaped;
    out += "\"}}\n\n";
  }

  void Signature(std::string_view signature, std::string& out) override {
    AppendDeltaHead(index_, R"("signature_delta","signature":")", out);
    out += signature;
    out += "\"}}\n\n";
  }

  void StopBlock(std::string& out) override { AppendStop(index_, out); }

  void WholeBlock(std::size_t index, std::string_view json, std::string& out) override {
    AppendStart(index, out);
    out += json;
    out += '}';
    out += kEventEnd;
    AppendStop(index, out);
  }

  void EndMessage(const MessageEnd& end, std::string& out) override {
    out += "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{";
    AppendStopReason(out, end);
    out += R"(},"usage":)";
    AppendUsage(out, end.tokens);
    out += "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  }

  void Error(const RequestError& error, std::string& out) override { out += ErrorEvent(error, /*request_id=*/{}); }

 private:
  static void AppendStart(std::size_t index, std::string& out) {
    out += "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":";
    json::AppendNumber(out, static_cast<std::int64_t>(index));
    out += R"(,"content_block":)";
  }

  static void AppendStop(std::size_t index, std::string& out) {
    out += "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":";
    json::AppendNumber(out, static_cast<std::int64_t>(index));
    out += '}';
    out += kEventEnd;
  }

  static void AppendDeltaHead(std::size_t index, std::string_view kind, std::string& out) {
    out += "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
    json::AppendNumber(out, static_cast<std::int64_t>(index));
    out += R"(,"delta":{"type":)";
    out += kind;
  }

  void SetDelta(std::size_t index, const std::string_view& kind) {
    index_ = index;
    delta_kind_ = &kind;
  }

  std::size_t index_ = 0;                              // Of the open block.
  const std::string_view* delta_kind_ = &kTextDelta;   // Of its deltas.
};

}  // namespace

std::unique_ptr<AnswerWriter> MakeEventWriter() { return std::make_unique<EventWriter>(); }

std::string ErrorEvent(const RequestError& error, std::string_view request_id) {
  std::string out = "event: error\ndata: ";
  out += ErrorBody(error, request_id);
  out += kEventEnd;
  return out;
}

}  // namespace ccp::translate
