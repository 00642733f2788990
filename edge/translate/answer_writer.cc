#include "edge/translate/answer_writer.h"

#include "common/json/write.h"

namespace ccp::translate {

void AppendHead(std::string& out, const MessageHead& head) {
  out += R"("id":)";
  json::AppendString(out, head.id);
  out += R"(,"type":"message","role":"assistant","model":)";
  json::AppendString(out, head.model);
}

void AppendStopReason(std::string& out, const MessageEnd& end) {
  out += R"("stop_reason":)";
  json::AppendString(out, end.stop_reason);
  out += R"(,"stop_sequence":)";
  if (end.stop_sequence.empty()) {
    out += "null";
  } else {
    json::AppendString(out, end.stop_sequence);
  }
  if (end.stop_reason == "refusal") {
    out += R"(,"stop_details":{"type":"refusal","category":null,"explanation":null})";
  }
}

void AppendUsage(std::string& out, const usage::Tokens& tokens) {
  out += R"({"input_tokens":)";
  json::AppendNumber(out, tokens.input);
  out += R"(,"cache_creation_input_tokens":)";
  json::AppendNumber(out, tokens.cache_write);
  out += R"(,"cache_read_input_tokens":)";
  json::AppendNumber(out, tokens.cache_read);
  out += R"(,"output_tokens":)";
  json::AppendNumber(out, tokens.output);
  if (tokens.reasoning > 0) {
    out += R"(,"output_tokens_details":{"thinking_tokens":)";
    json::AppendNumber(out, tokens.reasoning);
    out += '}';
  }
  out += '}';
}

}  // namespace ccp::translate
