#include "edge/translate/assistant_turn.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/content_parts.h"
#include "edge/translate/reasoning_state.h"

namespace ccp::translate {
namespace {

using json::Value;
using messages::Block;
using messages::BlockType;
using History = Dialect::History;

// Mistral's ids have exactly nine letters or digits; the hash of any other id stands in for it, in call and result
// alike.
constexpr std::size_t kMistralIdLength = 9;

// Gemini 3 refuses calls without a thought signature, except with this documented word in its place.
constexpr std::string_view kGeminiSkipSignature = "skip_thought_signature_validator";

bool IsMistralId(std::string_view id) {
  return id.size() == kMistralIdLength && std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

std::string UpstreamToolId(std::string id, const Dialect& dialect) {
  if (dialect.tool_id == Dialect::ToolId::kMistral9 && !IsMistralId(id)) {
    return DerivedId("", id).substr(0, kMistralIdLength);
  }
  if (dialect.max_tool_id != 0 && id.size() > dialect.max_tool_id) return DerivedId("call_", id);
  return id;
}

std::string Numbered(const std::string& id, int number) { return number == 1 ? id : Concat(id, "_", number); }

// The elements of a JSON array's text; "" if it is none.
std::string_view ArrayElements(std::string_view json) {
  json = Trim(json);
  if (json.size() < 2 || json.front() != '[' || json.back() != ']') return {};
  return Trim(json.substr(1, json.size() - 2));
}

std::string_view ReasoningField(History history) {
  return history == History::kReasoningContent ? "reasoning_content" : "reasoning";
}

}  // namespace

int OpenCalls::LastNumber(const std::string& client_id) const {
  const auto entry = by_id_.find(client_id);
  return entry == by_id_.end() ? 0 : entry->second.last_number;
}

void OpenCalls::Add(const std::string& client_id, int number, std::string upstream_id) {
  const std::size_t index = calls_.size();
  const auto [entry, is_first] = by_id_.try_emplace(client_id, SameId{index, index, number});
  if (!is_first) {
    SameId& same = entry->second;
    same.last_number = number;
    calls_[same.last].next = index;
    same.last = index;
  }
  upstream_ids_.insert(upstream_id);
  calls_.push_back({std::move(upstream_id)});
}

const std::string* OpenCalls::Answer(const std::string& client_id) {
  const auto entry = by_id_.find(client_id);
  if (entry == by_id_.end() || entry->second.first_open == kNone) return nullptr;
  Call& call = calls_[entry->second.first_open];
  entry->second.first_open = call.next;
  call.answered = true;
  return &call.upstream_id;
}

std::vector<std::string_view> OpenCalls::Unanswered() const {
  std::vector<std::string_view> ids;
  for (const Call& call : calls_) {
    if (!call.answered) ids.push_back(call.upstream_id);
  }
  return ids;
}

void OpenCalls::Clear() {
  calls_.clear();
  by_id_.clear();
  upstream_ids_.clear();
}

bool AssistantTurn::IsSilent(Value content) {
  if (!content.escaped().empty()) return false;
  for (const Value element : content.elements()) {
    const Block block(element);
    if (block.type() == BlockType::kToolUse) return false;
    if (block.type() == BlockType::kText && !block.text().escaped().empty()) return false;
  }
  return true;
}

void AssistantTurn::Add(Value content) {
  if (content.is_string()) AddText(content);
  for (const Value block : content.elements()) AddBlock(block);
}

void AssistantTurn::AddBlock(Value value) {
  const Block block(value);
  NoteCacheControl(block.cache_control(), context_);
  switch (block.type()) {
    case BlockType::kText:
      if (!block.citations().empty()) context_.losses.Add("citations_dropped");
      return AddText(block.text());
    case BlockType::kToolUse:
      return AddCall(block);
    case BlockType::kThinking:
    case BlockType::kRedactedThinking:
      return AddThinking(block);
    default:
      return NoteDropped(block);
  }
}

void AssistantTurn::NoteDropped(const Block& block) {
  const std::string_view name = block.type_name().escaped();
  const bool is_server_tool =
      block.type() == BlockType::kServerToolUse || name.ends_with("_tool_result") || name == "mcp_tool_use";
  context_.losses.Add(is_server_tool ? "server_tool_history_dropped" : "unknown_block_dropped");
}

void AssistantTurn::AddText(Value text) {
  if (!text.escaped().empty()) texts_.push_back(text.escaped());
}

void AssistantTurn::AddThinking(const Block& block) {
  if (context_.dialect.history == History::kThinkingBlocks) return AddThinkingBlock(block);
  if (block.type() == BlockType::kRedactedThinking) return context_.losses.Add("thinking_history_dropped");
  const std::string_view signature = block.signature().escaped();
  const auto state = signature.empty() ? std::nullopt : DecodeState(signature, context_.options.fleet_secret);
  TakeState(state.value_or(ReasoningState{}), block.thinking().escaped());
}

// A Claude takes back what a Claude signed, as it was; any other block would be an error.
void AssistantTurn::AddThinkingBlock(const Block& block) {
  const bool is_redacted = block.type() == BlockType::kRedactedThinking;
  const std::string signature = (is_redacted ? block.data() : block.signature()).str();
  if (!LooksLikeAnthropics(signature)) return context_.losses.Add("thinking_history_dropped");
  if (!thinking_blocks_.empty()) thinking_blocks_ += ',';
  if (!is_redacted) {
    thinking_blocks_ += R"({"type":"thinking","thinking":")";
    context_.copier.Append(thinking_blocks_, block.thinking().escaped());
    thinking_blocks_ += R"(","signature":")";
  } else {
    thinking_blocks_ += R"({"type":"redacted_thinking","data":")";
  }
  thinking_blocks_ += signature;
  thinking_blocks_ += "\"}";
}

// What of `state` this upstream understands; a state of another vendor's kind leaves the text that the block shows.
void AssistantTurn::TakeState(const ReasoningState& state, std::string_view shown_text) {
  const History history = context_.dialect.history;
  if (history == History::kThinkingBlocks) return;
  if (state.kind == StateKind::kThoughtSignature && context_.dialect.thinking == Dialect::Thinking::kGemini) {
    thought_signature_ = state.payload;
  }
  if (history == History::kDrop) {
    if (!shown_text.empty()) context_.losses.Add("thinking_history_dropped");
    return;
  }
  if (state.kind == StateKind::kReasoningDetails && history == History::kReasoningDetails) {
    const std::string_view elements = ArrayElements(state.payload);
    if (!reasoning_details_.empty() && !elements.empty()) reasoning_details_ += ',';
    reasoning_details_ += elements;
    return;
  }
  if (state.kind == StateKind::kReasoningContent) {
    json::AppendEscaped(reasoning_, state.payload);
    return;
  }
  context_.copier.Append(reasoning_, shown_text);
}

void AssistantTurn::AddCall(const Block& block) {
  const std::string client_id = block.id().str();
  ToolIdParts parts = SplitToolId(client_id, context_.options.fleet_secret);
  int number = open_calls_.LastNumber(client_id) + 1;
  Call call;
  call.id = UpstreamToolId(Numbered(parts.id, number), context_.dialect);
  // Another id may stand for the same at this upstream, or have such a number of its own.
  while (open_calls_.Knows(call.id)) call.id = UpstreamToolId(Numbered(parts.id, ++number), context_.dialect);
  if (number > 1) context_.losses.Add("tool_call_renumbered");
  open_calls_.Add(client_id, number, call.id);
  call.name = context_.tool_names.For(block.name().str());
  call.input = block.input();
  if (parts.state && parts.state->kind == StateKind::kThoughtSignature) {
    call.thought_signature = std::move(parts.state->payload);
  } else if (parts.state) {
    TakeState(*parts.state, {});
  }
  calls_.push_back(std::move(call));
}

void AssistantTurn::AppendTo(std::string& out, Place place) {
  if (!calls_.empty() && calls_.front().thought_signature.empty()) {
    calls_.front().thought_signature = std::move(thought_signature_);
  }
  out += R"({"role":"assistant","content":)";
  AppendContent(out);
  AppendReasoning(out);
  AppendCalls(out);
  if (place == Place::kLast && calls_.empty()) AppendPrefillMark(out);
  out += '}';
}

// Blocks of one turn are one stream of text: nothing goes between them.
void AssistantTurn::AppendContent(std::string& out) const {
  if (texts_.empty()) {
    out += context_.dialect.null_content ? "null" : "\"\"";
    return;
  }
  out += '"';
  for (const std::string_view text : texts_) context_.copier.Append(out, text);
  out += '"';
}

// Vendors that demand reasoning back demand it beside calls, and want none on turns without.
void AssistantTurn::AppendReasoning(std::string& out) const {
  const Dialect& dialect = context_.dialect;
  if (dialect.history == History::kDrop) return;
  if (!thinking_blocks_.empty()) {
    out += R"(,"thinking_blocks":[)";
    out += thinking_blocks_;
    out += ']';
    return;
  }
  if (!reasoning_details_.empty()) {
    out += R"(,"reasoning_details":[)";
    out += reasoning_details_;
    out += ']';
    return;
  }
  if (dialect.echo_required ? calls_.empty() : reasoning_.empty()) return;
  out += ",\"";
  out += ReasoningField(dialect.history);
  out += "\":\"";
  out += reasoning_.empty() ? dialect.unknown_reasoning : std::string_view(reasoning_);
  out += '"';
}

void AssistantTurn::AppendCalls(std::string& out) const {
  if (calls_.empty()) return;
  const bool is_gemini3 = context_.dialect.thinking == Dialect::Thinking::kGemini &&
                          context_.model.upstream_name.find("gemini-3") != std::string::npos;
  out += R"(,"tool_calls":[)";
  for (const Call& call : calls_) {
    if (&call != &calls_.front()) out += ',';
    out += R"({"id":)";
    json::AppendString(out, call.id);
    out += R"(,"type":"function","function":{"name":)";
    json::AppendString(out, call.name);
    out += R"(,"arguments":")";
    context_.copier.AppendEncoded(out, call.input.is_object() ? call.input.raw() : "{}");
    out += "\"}";
    std::string_view signature = call.thought_signature;
    if (signature.empty() && is_gemini3 && &call == &calls_.front()) signature = kGeminiSkipSignature;
    if (!signature.empty() && context_.dialect.thinking == Dialect::Thinking::kGemini) {
      out += R"(,"extra_content":{"google":{"thought_signature":)";
      json::AppendString(out, signature);
      out += "}}";
    }
    out += '}';
  }
  out += ']';
}

void AssistantTurn::AppendPrefillMark(std::string& out) {
  switch (context_.dialect.prefill) {
    case Dialect::Prefill::kPlain:
      return;
    case Dialect::Prefill::kPrefix:
      out += R"(,"prefix":true)";
      return;
    case Dialect::Prefill::kPartial:
      out += R"(,"partial":true)";
      return;
    case Dialect::Prefill::kContinueFinalMessage:
    case Dialect::Prefill::kWithoutThinking:
      context_.ends_with_prefill = true;
      return;
  }
}

}  // namespace ccp::translate
