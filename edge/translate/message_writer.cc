// One Message object, for clients that asked for no stream.
#include "common/json/document.h"
#include "common/json/write.h"
#include "edge/translate/answer_writer.h"

namespace ccp::translate {
namespace {

class MessageWriter : public AnswerWriter {
 public:
  void StartMessage(const MessageHead& head, std::string&) override { head_ = head; }

  void StartBlock(std::size_t, BlockKind kind, std::string&) override {
    kind_ = kind;
    Separate();
    content_ += kind == BlockKind::kThinking ? R"({"type":"thinking","thinking":")" : R"({"type":"text","text":")";
  }

  void StartTool(std::size_t, std::string_view id, std::string_view name, std::string&) override {
    kind_ = BlockKind::kToolUse;
    Separate();
    content_ += R"({"type":"tool_use","id":)";
    json::AppendString(content_, id);
    content_ += R"(,"name":)";
    json::AppendString(content_, name);
    content_ += R"(,"input":)";
  }

  void Delta(std::string_view escaped, std::string&) override {
    if (kind_ == BlockKind::kToolUse) {
      json::AppendUnescaped(content_, escaped);  // The input stands in the message as it is, not as a string.
    } else {
      content_ += escaped;
    }
  }

  void Signature(std::string_view signature, std::string&) override { signature_ = signature; }

  void StopBlock(std::string&) override {
    switch (kind_) {
      case BlockKind::kText: content_ += "\"}"; return;
      case BlockKind::kToolUse: content_ += '}'; return;
      case BlockKind::kThinking:
        content_ += R"(","signature":")";
        content_ += signature_;
        content_ += "\"}";
        signature_.clear();
    }
  }

  void WholeBlock(std::size_t, std::string_view json, std::string&) override {
    Separate();
    content_ += json;
  }

  void EndMessage(const MessageEnd& end, std::string& out) override {
    out.reserve(out.size() + content_.size() + 512);
    out += '{';
    AppendHead(out, head_);
    out += R"(,"content":[)";
    out += content_;
    out += "],";
    AppendStopReason(out, end);
    out += R"(,"usage":)";
    AppendUsage(out, end.tokens);
    out += '}';
  }

  void Error(const RequestError&, std::string&) override {}  // The client gets it as an HTTP error.

  std::size_t held_bytes() const override { return content_.size(); }

 private:
  void Separate() {
    if (!content_.empty()) content_ += ',';
  }

  MessageHead head_;
  BlockKind kind_ = BlockKind::kText;
  std::string content_;    // The finished blocks and the beginning of the open one.
  std::string signature_;
};

}  // namespace

std::unique_ptr<AnswerWriter> MakeMessageWriter() { return std::make_unique<MessageWriter>(); }

}  // namespace ccp::translate
