#include "edge/translate/chat_messages.h"

#include <algorithm>
#include <vector>

#include "common/base/text.h"
#include "common/json/write.h"
#include "common/messages/block.h"
#include "common/messages/message.h"
#include "edge/translate/assistant_turn.h"
#include "edge/translate/content_parts.h"

namespace ccp::translate {
namespace {

using json::Value;
using messages::Block;
using messages::BlockType;

// Claude Code puts a text with a hash of the request in front of its system prompt. It means nothing to other vendors,
// and it would make every request's prefix unique, so that no prompt cache could ever hit.
constexpr std::string_view kBillingHeader = "x-anthropic-billing-header:";

constexpr std::string_view kNoResult = "[no result: the tool call was not answered]";
// Between tool results and user text, where the upstream wants an answer before the next question.
constexpr std::string_view kResultsRead = "I have read the tool results.";
constexpr std::string_view kImageBelow = "[image attached below]";
constexpr std::string_view kDocumentBelow = "[document attached below]";

enum class Role : std::uint8_t { kUser, kAssistant, kSystem };

struct Message {
  Role role;
  Value content;
  std::size_t index;  // In the request, for errors.
};

Role RoleOf(Value role) {
  if (role.is("assistant")) return Role::kAssistant;
  return role.is("system") ? Role::kSystem : Role::kUser;
}

class MessagesWriter {
 public:
  MessagesWriter(std::string& out, ChatContext& context) : out_(out), context_(context), parts_(context) {}

  MaybeError Write() {
    out_ += '[';
    WriteSystemPrompt();
    const std::vector<Message> messages = List();
    for (std::size_t begin = 0; begin < messages.size();) {
      const std::size_t end = EndOfRun(messages, begin);
      if (auto error = WriteRun(messages, begin, end)) return error;
      begin = end;
    }
    if (turns_written_ == 0) return InvalidRequest("messages: at least one message with content is required");
    out_ += ']';
    return {};
  }

 private:
  static bool IsAssistant(const Message& message) { return message.role == Role::kAssistant; }

  static std::size_t EndOfRun(const std::vector<Message>& messages, std::size_t begin) {
    std::size_t end = begin + 1;
    while (end < messages.size() && IsAssistant(messages[end]) == IsAssistant(messages[begin])) ++end;
    return end;
  }

  // All messages but the assistant turns of which nothing would be left: what stands around such a turn is one turn.
  std::vector<Message> List() {
    std::vector<Message> all;
    for (const Value value : context_.request.messages().elements()) {
      const messages::Message message = messages::ReadMessage(value);
      all.push_back({RoleOf(message.role), message.content, all.size()});
    }
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = EndOfRun(all, begin);
      if (!IsAssistant(all[begin]) || !IsSilent(all, begin, end)) {
        std::copy(all.begin() + begin, all.begin() + end, all.begin() + kept);
        kept += end - begin;
      }
      begin = end;
    }
    all.erase(all.begin() + kept, all.end());
    return all;
  }

  bool IsSilent(const std::vector<Message>& messages, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (!AssistantTurn::IsSilent(messages[i].content)) return false;
    }
    OpenCalls no_calls;
    AssistantTurn turn(context_, no_calls);
    for (std::size_t i = begin; i < end; ++i) turn.Add(messages[i].content);  // Notes what is lost.
    return true;
  }

  void Separate() {
    if (out_.back() != '[') out_ += ',';
  }

  // Either an assistant turn, or everything between two of them.
  MaybeError WriteRun(const std::vector<Message>& messages, std::size_t begin, std::size_t end) {
    if (!IsAssistant(messages[begin])) return WriteUserSide(messages, begin, end);
    const bool is_last = end == messages.size();
    WriteAssistant(messages, begin, end, is_last ? AssistantTurn::Place::kLast : AssistantTurn::Place::kInside);
    if (is_last) WriteMissingResults();
    return {};
  }

  void WriteAssistant(const std::vector<Message>& messages, std::size_t begin, std::size_t end,
                      AssistantTurn::Place place) {
    open_calls_.Clear();
    AssistantTurn turn(context_, open_calls_);
    for (std::size_t i = begin; i < end; ++i) turn.Add(messages[i].content);
    Separate();
    turn.AppendTo(out_, place);
    last_is_tool_ = false;
    ++turns_written_;
  }

  MaybeError WriteUserSide(const std::vector<Message>& messages, std::size_t begin, std::size_t end) {
    orphans_.clear();
    next_orphan_ = 0;
    result_media_.clear();
    unwritten_ = false;
    for (std::size_t i = begin; i < end; ++i) WriteResults(messages[i]);
    WriteMissingResults();
    for (const Value media : result_media_) parts_.AddMedia(media);
    for (std::size_t i = begin; i < end && unwritten_; ++i) {
      if (auto error = WriteTurnContent(messages[i])) return error;
    }
    FlushUser();
    return {};
  }

  // Tool messages for the results that answer an open call; the others are kept in mind as orphans.
  void WriteResults(const Message& message) {
    if (message.role == Role::kSystem || message.content.is_string()) {
      unwritten_ = true;
      return;
    }
    for (const Value value : message.content.elements()) {
      const Block block(value);
      if (block.type() != BlockType::kToolResult) {
        unwritten_ = true;
        continue;
      }
      const std::string* id = open_calls_.Answer(block.tool_use_id().str());
      if (id == nullptr) {
        orphans_.push_back(value.offset());
        unwritten_ = true;
      } else {
        WriteToolMessage(*id, block);
      }
    }
  }

  void WriteToolMessage(std::string_view id, const Block& block) {
    NoteCacheControl(block.cache_control(), context_);
    BeginToolMessage(id);
    const Value mark = block.cache_control();
    const bool marked = context_.dialect.cache_control && mark.is_object();
    out_ += marked ? R"([{"type":"text","text":")" : "\"";
    AppendResultText(out_, block);
    out_ += '"';
    if (marked) {
      out_ += R"(,"cache_control":)";
      context_.copier.Append(out_, mark.raw());
      out_ += "}]";
    }
    out_ += '}';
  }

  void BeginToolMessage(std::string_view id) {
    Separate();
    out_ += R"({"role":"tool","tool_call_id":)";
    json::AppendString(out_, id);
    out_ += R"(,"content":)";
    last_is_tool_ = true;
    ++turns_written_;
  }

  void WriteMissingResults() {
    for (const std::string_view id : open_calls_.Unanswered()) {
      context_.losses.Add("tool_result_invented");
      BeginToolMessage(id);
      json::AppendString(out_, kNoResult);
      out_ += '}';
    }
    open_calls_.Clear();
  }

  // Texts of a result, one under the other; media go to result_media_, to be shown behind all tool messages.
  void AppendResultText(std::string& out, const Block& block) {
    if (block.is_error().boolean().value_or(false)) out += "Error: ";
    const Value content = block.content();
    if (content.is_string()) return context_.copier.Append(out, content.escaped());
    const std::size_t begin = out.size();
    std::string_view media_note;
    for (const Value part : content.elements()) {
      const std::size_t before = out.size();
      if (before != begin) out += "\\n";
      const std::size_t separated = out.size();
      const std::string_view note = AppendResultPart(out, part);
      if (!note.empty()) media_note = note;
      if (out.size() == separated) out.resize(before);
    }
    if (out.size() == begin) out += media_note;
  }

  // Returns what to say in place of a medium that follows later; "" if there is none.
  std::string_view AppendResultPart(std::string& out, Value value) {
    const Block part(value);
    NoteCacheControl(part.cache_control(), context_);
    if (part.type() == BlockType::kText) {
      context_.copier.Append(out, part.text().escaped());
      return {};
    }
    if (AppendBlockAsText(out, part, context_)) {
      for (const Value inner : ContentOfDocument(part).elements()) {
        const Block block(inner);
        if (block.type() == BlockType::kImage) TakeImage(out, block);
      }
      return {};
    }
    if (part.type() == BlockType::kImage) return TakeImage(out, part);
    if (IsPdf(part)) return TakePdf(out, part);
    context_.losses.Add("unknown_block_dropped");
    return {};
  }

  // What cannot be shown becomes a note and no error: the client could not take its result back, and every later turn
  // of the conversation would fail on it.
  std::string_view TakeImage(std::string& out, const Block& image) {
    const Value source = image.source()["type"];
    if (context_.dialect.images && (source.is("base64") || source.is("url"))) {
      result_media_.push_back(image.value());
      return kImageBelow;
    }
    context_.losses.Add("images_dropped");
    out += kImageNote;
    return {};
  }

  std::string_view TakePdf(std::string& out, const Block& document) {
    if (context_.dialect.pdf && document.source()["type"].is("base64")) {
      result_media_.push_back(document.value());
      return kDocumentBelow;
    }
    context_.losses.Add("documents_dropped");
    out += kDocumentNote;
    return {};
  }

  // Everything but the results that were written already. A system message ends the user message before it.
  MaybeError WriteTurnContent(const Message& message) {
    const Value content = message.content;
    if (message.role == Role::kSystem) {
      WriteSystemInside(content);
      return {};
    }
    if (content.is_string()) parts_.AddText(content.escaped(), {});
    std::size_t index = 0;
    for (const Value value : content.elements()) {
      const std::size_t own = index++;
      const Block block(value);
      if (block.type() == BlockType::kToolResult) {
        if (IsOrphan(value)) AddOrphan(block);
      } else if (auto error = parts_.AddBlock(block, Concat("messages.", message.index, ".content.", own))) {
        return error;
      }
    }
    return {};
  }

  // Orphans come in the order of the text, and are asked for in the same order.
  bool IsOrphan(Value block) {
    if (next_orphan_ >= orphans_.size() || orphans_[next_orphan_] != block.offset()) return false;
    ++next_orphan_;
    return true;
  }

  void AddOrphan(const Block& block) {
    context_.losses.Add("tool_result_orphaned");
    std::string text = "[tool result ";
    context_.copier.Append(text, block.tool_use_id().escaped());
    text += "] ";
    const std::size_t media_before = result_media_.size();
    AppendResultText(text, block);
    parts_.AddOwnText(std::move(text));
    for (std::size_t i = media_before; i < result_media_.size(); ++i) parts_.AddMedia(result_media_[i]);
  }

  void FlushUser() {
    if (parts_.empty()) return;
    if (last_is_tool_ && !context_.dialect.user_after_tool) WriteBridge();
    WriteMessage("user", context_.dialect.text_parts ? ContentParts::Array::kAllowed : ContentParts::Array::kMediaOnly);
  }

  void WriteBridge() {
    context_.losses.Add("assistant_turn_invented");
    Separate();
    out_ += R"({"role":"assistant","content":)";
    json::AppendString(out_, kResultsRead);
    out_ += '}';
  }

  void WriteMessage(std::string_view role, ContentParts::Array array) {
    Separate();
    out_ += R"({"role":")";
    out_ += role;
    out_ += R"(","content":)";
    parts_.AppendTo(out_, array);
    out_ += '}';
    parts_.Clear();
    last_is_tool_ = false;
    ++turns_written_;
  }

  std::string_view SystemRole() const {
    return context_.dialect.system_role == Dialect::SystemRole::kDeveloper ? "developer" : "system";
  }

  ContentParts::Array SystemArray() const {
    return context_.dialect.system_parts ? ContentParts::Array::kAllowed : ContentParts::Array::kMediaOnly;
  }

  void AddSystemTexts(Value content) {
    if (content.is_string()) {
      if (!content.blank()) parts_.AddText(content.escaped(), {});
      return;
    }
    for (const Value value : content.elements()) {
      const Block block(value);
      if (block.text().blank() || block.text().escaped().starts_with(kBillingHeader)) continue;
      parts_.AddText(block.text().escaped(), block.cache_control());
    }
  }

  void WriteSystemPrompt() {
    AddSystemTexts(context_.request.system());
    if (!context_.schema_instruction.empty()) parts_.AddText(context_.schema_instruction, {});
    if (parts_.empty()) return;
    WriteMessage(SystemRole(), SystemArray());
    turns_written_ = 0;  // A system prompt alone is no conversation.
  }

  void WriteSystemInside(Value content) {
    if (!context_.dialect.system_anywhere) return AddSystemAsUserText(content);
    FlushUser();
    AddSystemTexts(content);
    if (!parts_.empty()) WriteMessage(SystemRole(), SystemArray());
  }

  void AddSystemAsUserText(Value content) {
    std::string text;
    const auto add = [&](Value escaped) {
      if (escaped.blank() || escaped.escaped().empty()) return;
      if (!text.empty()) text += kEscapedBlankLine;
      context_.copier.Append(text, escaped.escaped());
    };
    if (content.is_string()) add(content);
    for (const Value block : content.elements()) add(block["text"]);
    if (text.empty()) return;
    context_.losses.Add("system_in_user_turn");
    parts_.AddOwnText(Concat("<system-reminder>\\n", text, "\\n</system-reminder>"));
  }

  std::string& out_;
  ChatContext& context_;
  ContentParts parts_;  // Of the message that is being put together.
  OpenCalls open_calls_;
  std::vector<std::size_t> orphans_;  // Where in the body the results of this run stand that answer no call.
  std::size_t next_orphan_ = 0;
  bool unwritten_ = false;  // Something of this run is none of the results that were written.
  std::vector<Value> result_media_;
  bool last_is_tool_ = false;  // The message written last is a tool message.
  std::size_t turns_written_ = 0;
};

}  // namespace

MaybeError AppendMessages(std::string& out, ChatContext& context) { return MessagesWriter(out, context).Write(); }

}  // namespace ccp::translate
