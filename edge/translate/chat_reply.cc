// Chat Completions -> Anthropic: one path for all four pairs of forms. An upstream's stream is a row of deltas, its JSON
// answer is one delta that holds everything; both go through ToolCalls (order) and BlockWriter (grammar) to either writer.
// Texts stay as they stand in the upstream's JSON, still escaped, from there to the client.
#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/utf8.h"
#include "common/json/write.h"
#include "edge/translate/block_writer.h"
#include "edge/translate/chat_chunk.h"
#include "edge/translate/repeated_chunk.h"
#include "edge/translate/reply.h"
#include "edge/translate/reply_error.h"
#include "edge/translate/search_results.h"
#include "edge/translate/search_round.h"
#include "edge/translate/sse_reader.h"
#include "edge/translate/stop_reason.h"
#include "edge/translate/stop_scanner.h"
#include "edge/translate/surrogate_joiner.h"
#include "edge/translate/text_splitter.h"
#include "edge/translate/thinking_state.h"
#include "edge/translate/tool_calls.h"
#include "edge/translate/usage_reader.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kMaxBodyBytes = 64u << 20;   // Of a JSON answer, and of what of a stream does not go out at once.
constexpr std::size_t kMaxKeptBytes = 8u << 20;    // Of a text that the next round repeats: more than any model reads.
constexpr std::size_t kBytesPerToken = 4;          // For estimates where the upstream reports nothing.
constexpr std::int64_t kLegacyFunctionCall = -1;   // Index of function_call among tool_calls.

// The form a body really has. Servers label streams as JSON and the other way round.
Form FormByFirstByte(char first, Form declared) {
  if (first == '{' || first == '[') return Form::kJson;
  constexpr std::string_view kFieldInitials = "deir:";  // data, event, id, retry, comment
  return kFieldInitials.find(first) != std::string_view::npos ? Form::kEvents : declared;
}

RequestError TooManyCalls() { return BadReply("its tool calls are larger than 32 MiB"); }

// A number, or a number as text.
std::optional<std::int64_t> IndexOf(json::Value index) {
  if (!index.is_string()) return index.integer();
  const std::string_view text = index.escaped();
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What of a stream's beginning says nothing about its form.
bool IsPreamble(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || static_cast<unsigned char>(c) >= 0x80; }

class ChatReply : public Reply {
 public:
  explicit ChatReply(ReplyContext context)
      : context_(std::move(static_cast<ReplySettings&>(context))),
        thinking_(context_.dialect->history,
                  context_.omit_thinking_text ? ThinkingState::Text::kOmitted : ThinkingState::Text::kShown,
                  context_.fleet_secret),
        writer_(context_, thinking_),
        tools_(writer_, losses_, context_) {
    if (!context_.dialect->think_tag.empty() || context_.dialect->text_tool_calls) MakeSplitter(std::move(context.callable));
    if (!context.stops_here.empty()) filter().stops = std::make_unique<StopScanner>(std::move(context.stops_here));
    if (context_.echoes_search) rounds_ = std::make_unique<Rounds>();
  }
  ChatReply(const ChatReply&) = delete;
  ChatReply& operator=(const ChatReply&) = delete;

  void Feed(std::string_view bytes, std::string& out) override;
  void Finish(End end, std::string& out) override;
  void Start(std::string& out) override {
    if (!settled() && context_.client == Form::kEvents) writer_.Start(out);
  }
  void Fail(const RequestError& error, std::string& out) override;

  Phase phase() const override;
  std::string NextRound() override { return MessagesOf(rounds_->current, *context_.dialect); }
  void Resume(Form upstream) override;
  bool lingers() const override { return !settled() && finish_ != FinishReason::kUnsaid; }
  const RequestError& error() const override { return *error_; }
  usage::Tokens tokens() const override;
  usage::Quality quality() const override;
  const Losses& losses() const override { return losses_; }

 private:
  enum class Shape : std::uint8_t { kDelta, kMessage };
  enum class Outcome : std::uint8_t { kOpen, kPaused, kComplete, kFailed };

  // What looks into the text, which it wants plain.
  struct TextFilter {
    std::vector<std::string> callable;
    std::unique_ptr<TextSplitter> splitter;
    std::unique_ptr<StopScanner> stops;
    SurrogateJoiner joiner;
    std::string* out = nullptr;              // Set while the splitter works.
    std::size_t calls = 0;                   // Function calls that were written as text.
    std::string unescaped;
    std::string passed;                      // What `stops` let pass.
    std::string escaped;
  };
  // Of an answer that takes several.
  struct Rounds {
    SearchRound current;
    int ended = 0;                           // With a search.
    usage::Tokens earlier_tokens;            // Of the rounds before this.
    bool earlier_reported = true;
    std::size_t earlier_bytes = 0;           // Of content.
  };

  TextFilter& filter();
  void MakeSplitter(std::vector<std::string> callable);
  void ExpectThought();
  bool settled() const { return outcome_ != Outcome::kOpen; }
  // A stop sequence that the upstream does not know came in the text.
  bool stopped() const { return filter_ != nullptr && filter_->stops && !filter_->stops->found().empty(); }

  std::string_view LearnForm(std::string_view bytes);
  void DrainEvents(std::string& out);
  std::size_t held_bytes() const;
  void OnEvent(const SseReader::Event& event, std::string& out);
  void OnDone(std::string& out);
  void OnUnreadable(const SseReader::Event& event, std::string& out);
  bool Parse(std::string_view text);
  bool RepeatsItself(std::string_view chunk, std::string& out);
  void Remember(const ChunkMembers& chunk);
  void OnChunk(const ChunkMembers& chunk, std::string& out);
  void OnWholeAnswer(std::string& out);
  void OnChoice(json::Value choice, const ChoiceMembers& members, Shape shape, std::string& out);
  void OnFinish(json::Value choice, FinishReason finish, std::string& out);
  void OnContent(json::Value content, Shape shape, std::string& out);

  void Reasoning(const ContentMembers& content, std::string& out);
  bool Think(json::Value text, std::string& out);            // Whether it said anything; so do the next three.
  bool Think(std::string_view escaped, std::string& out);
  bool ThinkBlocks(json::Value blocks, std::string& out);
  void ThinkBlock(json::Value block, std::string& out);
  void Redacted(json::Value data, std::string& out);
  bool ThinkDetails(json::Value details, std::string& out);
  void Content(json::Value content, std::string& out);
  void Part(json::Value part, std::string& out);
  void Text(std::string_view escaped, std::string& out);
  void PlainText(std::string_view text, std::string& out);
  std::string_view Escaped(std::string_view text);
  void Refusal(json::Value refusal, std::string& out);
  void Tools(json::Value calls, Shape shape, std::string& out);
  void Tool(json::Value call, std::int64_t place, Shape shape, std::string& out);
  void MoreArguments(std::string_view arguments, std::string& out);
  void LegacyCall(json::Value function_call, std::string& out);
  void Function(json::Value function, ToolCallDelta& delta, std::string& out);  // Completes `delta`.
  void FlushText(std::string& out);
  void Citations(json::Value annotations);

  void Usage(json::Value usage);
  void Complete(std::string& out);
  bool PauseForSearch(ToolCalls::Ending ending, std::string& out);  // Whether it did, or failed.
  void KeepForRound(std::string SearchRound::*part, std::string_view escaped);
  usage::Tokens TokensOfRound() const;
  void EndAtStop(std::string& out);
  void FailHere(RequestError error, std::string& out);

  // A stream may be silent for an hour: what most streams never need is made when it is needed.
  ReplySettings context_;
  Losses losses_;
  ThinkingState thinking_;
  BlockWriter writer_;
  ToolCalls tools_;
  SearchResults search_;
  SseReader reader_;
  RepeatedChunk repeated_;                 // The last chunk, if it said nothing but a text.
  std::unique_ptr<std::string> body_;      // Of a JSON answer.
  std::unique_ptr<std::string> repaired_;  // A chunk that was not valid UTF-8. The scratch document refers to it.
  std::unique_ptr<TextFilter> filter_;
  std::unique_ptr<Rounds> rounds_;         // With echoes_search only.
  std::unique_ptr<RequestError> error_;
  std::string_view stop_sequence_;         // That ended the text; of the context or the filter.
  std::unique_ptr<usage::Tokens> reported_;  // Of this round; nearly all answers have but one.
  LoneText::Kind repeated_kind_ = LoneText::Kind::kNone;
  std::uint8_t repeated_call_ = 0;         // Whose arguments that text is.
  std::optional<Form> form_;               // As the first byte told.
  Outcome outcome_ = Outcome::kOpen;
  FinishReason finish_ = FinishReason::kUnsaid;
  bool refused_ = false;
  bool answered_ = false;                  // A choice was seen.
};

ChatReply::TextFilter& ChatReply::filter() {
  if (filter_ == nullptr) filter_ = std::make_unique<TextFilter>();
  return *filter_;
}

void ChatReply::MakeSplitter(std::vector<std::string> callable) {
  filter().callable = std::move(callable);
  TextSplitter::Sink sink;
  sink.text = [this](std::string_view text) { PlainText(text, *filter_->out); };
  sink.thinking = [this](std::string_view text) {
    const std::string_view escaped = Escaped(text);
    thinking_.AddText(escaped);
    tools_.Thinking(escaped, *filter_->out);
  };
  sink.offers = [this](std::string_view name) {
    return std::find(filter_->callable.begin(), filter_->callable.end(), name) != filter_->callable.end();
  };
  sink.call = [this](std::string_view name, std::string_view arguments) {
    losses_.Add("tool_call_from_text");
    ToolCallDelta delta;
    delta.id = DerivedId("toolu_", Concat(context_.message_id, ":text:", ++filter_->calls));
    delta.name = name;
    delta.arguments = Escaped(arguments);
    tools_.Call(delta, *filter_->out);
  };
  filter().splitter = std::make_unique<TextSplitter>(
      TextSplitter::Options{context_.dialect->think_tag, context_.dialect->text_tool_calls}, std::move(sink));
}

// Gemini marks the chunks that hold its thoughts, behind text as well. Only there a tag may begin another one: in a
// chunk without the mark, and behind the first thought of an answer that is not streamed, it is the model's own text.
void ChatReply::ExpectThought() {
  if (context_.dialect->think_tag.empty()) return;
  if (filter().splitter == nullptr) MakeSplitter(std::move(filter_->callable));
  filter_->splitter->ThoughtMayBegin();
}

// ---- From bytes to chunks

void ChatReply::Feed(std::string_view bytes, std::string& out) {
  if (settled()) return;
  if (!form_) bytes = LearnForm(bytes);
  if (bytes.empty()) return;
  if (form_ == Form::kJson) {
    if (body_ == nullptr) body_ = std::make_unique<std::string>();
    *body_ += bytes;
    if (body_->size() > kMaxBodyBytes) FailHere(BadReply("it is larger than 64 MiB"), out);
    return;
  }
  reader_.Add(bytes);
  DrainEvents(out);
}

// What of `bytes` comes behind white space and a byte order mark, and with it the form.
std::string_view ChatReply::LearnForm(std::string_view bytes) {
  const auto first = std::find_if_not(bytes.begin(), bytes.end(), IsPreamble);
  bytes.remove_prefix(static_cast<std::size_t>(first - bytes.begin()));
  if (!bytes.empty()) form_ = FormByFirstByte(bytes.front(), context_.upstream);
  return bytes;
}

void ChatReply::DrainEvents(std::string& out) {
  while (!settled()) {
    const std::optional<SseReader::Event> event = reader_.Next();
    if (!event) break;
    OnEvent(*event, out);
  }
  if (settled()) return;
  if (reader_.overflowed()) return FailHere(BadReply("one event is larger than 32 MiB"), out);
  if (held_bytes() > kMaxBodyBytes) FailHere(BadReply("more than 64 MiB of it would have to be held back"), out);
}

// Of what came and did not go out; the reader and the tool calls bound what they hold. Once a read is enough.
std::size_t ChatReply::held_bytes() const {
  const bool splits = filter_ != nullptr && filter_->splitter != nullptr;
  return writer_.held_bytes() + thinking_.held_bytes() + search_.held_bytes() +
         (splits ? filter_->splitter->held_bytes() : 0);
}

void ChatReply::OnEvent(const SseReader::Event& event, std::string& out) {
  if (event.name != "error" && RepeatsItself(event.data, out)) return;
  if (!event.data.starts_with('{') && Trim(event.data) == "[DONE]") return OnDone(out);
  if (!Parse(event.data)) return OnUnreadable(event, out);
  const json::Value root = context_.scratch->root();
  const ChunkMembers chunk = ReadChunk(root);
  if (chunk.may_be_error) {
    if (auto error = ReadReplyError(root, context_.estimated_input_tokens)) return FailHere(*std::move(error), out);
  }
  if (event.name == "error") return OnUnreadable(event, out);
  if (!root.is_object()) return;
  Remember(chunk);
  OnChunk(chunk, out);
}

// A chunk like the last one but for its text goes the short way through OnChunk(), OnChoice() and OnContent().
bool ChatReply::RepeatsItself(std::string_view chunk, std::string& out) {
  const std::optional<std::string_view> text = repeated_.Match(chunk);
  if (!text) return false;
  Start(out);
  switch (repeated_kind_) {
    case LoneText::Kind::kNone: break;
    case LoneText::Kind::kThought:
      if (!text->empty()) ExpectThought();
      [[fallthrough]];
    case LoneText::Kind::kContent: Text(*text, out); break;
    case LoneText::Kind::kReasoning: Think(*text, out); break;
    case LoneText::Kind::kArguments: MoreArguments(*text, out); break;
  }
  if (stopped()) {
    EndAtStop(out);
    return true;
  }
  if (tools_.overflowed()) FailHere(TooManyCalls(), out);
  return true;
}

void ChatReply::Remember(const ChunkMembers& chunk) {
  repeated_.Forget();
  const LoneText lone = ReadLoneText(chunk);
  repeated_kind_ = lone.kind;
  repeated_call_ = lone.call;
  // The first chunk often says who speaks and no more, and then stands alone in that.
  if (lone.kind == LoneText::Kind::kNone || lone.text.escaped().empty()) return;
  repeated_.Learn(*context_.scratch, lone.text);
}

void ChatReply::OnDone(std::string& out) {
  if (!answered_) return FailHere(BadReply("it holds no choices"), out);
  Complete(out);
}

void ChatReply::OnUnreadable(const SseReader::Event& event, std::string& out) {
  // A server that leaves out the blank lines between its events: they came as one of several lines.
  if (event.data.find('\n') != std::string_view::npos && event.name != "error") {
    std::string_view rest = event.data;
    while (!settled() && !rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (end > 0) OnEvent({event.name, rest.substr(0, end)}, out);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return;
  }
  if (event.name == "error") return FailHere(UnreadableError(event.data, context_.estimated_input_tokens), out);
  if (!Trim(event.data).empty()) losses_.Add("reply_bytes_skipped");
}

// Reads JSON into the scratch document. Ill-formed UTF-8 is replaced: the text around it is worth having.
bool ChatReply::Parse(std::string_view text) {
  if (context_.scratch->Parse(text).ok()) return true;
  if (json::IsValidUtf8(text)) return false;
  auto repaired = std::make_unique<std::string>();
  json::AppendValidUtf8(*repaired, text);
  repaired_ = std::move(repaired);
  return context_.scratch->Parse(*repaired_).ok();
}

void ChatReply::OnChunk(const ChunkMembers& chunk, std::string& out) {
  Start(out);
  Usage(chunk.usage);
  Citations(chunk.web_search);
  bool has_choice = false;
  for (const json::Value choice : chunk.choices.elements()) {
    has_choice = true;
    const ChoiceMembers members = ReadChoice(choice);
    if (members.index.integer().value_or(0) != 0) continue;
    Usage(members.usage);
    OnChoice(choice, members, Shape::kDelta, out);
    if (settled()) return;
  }
  if (!has_choice && chunk.usage.is_object() && finish_ != FinishReason::kUnsaid) Complete(out);
}

void ChatReply::OnWholeAnswer(std::string& out) {
  const std::unique_ptr<std::string> body = std::move(body_);
  if (!Parse(*body)) return FailHere(BadReply("it is not JSON"), out);
  const json::Value root = context_.scratch->root();
  if (auto error = ReadReplyError(root, context_.estimated_input_tokens)) return FailHere(*std::move(error), out);
  const ChunkMembers answer = ReadChunk(root);
  Usage(answer.usage);
  Citations(answer.web_search);
  for (const json::Value choice : answer.choices.elements()) {
    const ChoiceMembers members = ReadChoice(choice);
    if (members.index.integer().value_or(0) != 0) continue;
    OnChoice(choice, members, Shape::kMessage, out);
    break;
  }
  if (settled()) return;
  if (!answered_) return FailHere(BadReply("it holds no choices"), out);
  Complete(out);
}

void ChatReply::Finish(End end, std::string& out) {
  if (settled()) return;
  if (form_ == Form::kJson) {
    // A body that broke off is not JSON; one that is whole is good although the connection broke after it.
    if (end == End::kCut && !context_.scratch->Parse(*body_).ok()) return FailHere(EndedEarly(), out);
    return OnWholeAnswer(out);
  }
  reader_.End();
  DrainEvents(out);
  if (settled()) return;
  if (finish_ == FinishReason::kUnsaid) return FailHere(EndedEarly(), out);
  Complete(out);
}

// ---- From chunks to content

void ChatReply::OnChoice(json::Value choice, const ChoiceMembers& members, Shape shape, std::string& out) {
  answered_ = true;
  if (!members.error.absent_or_null()) {
    if (auto error = ReadReplyError(choice, context_.estimated_input_tokens)) return FailHere(*std::move(error), out);
  }
  json::Value content = shape == Shape::kMessage ? members.message : members.delta;
  // Some servers repeat the whole answer as `message` in the last chunk; it counts only if there was nothing before.
  if (content.absent_or_null() && !writer_.has_content()) content = members.message;
  OnContent(content, shape, out);
  if (settled()) return;
  const FinishReason finish = ReadFinishReason(members.finish_reason.escaped());
  if (finish == FinishReason::kUnsaid || finish_ != FinishReason::kUnsaid) return;
  OnFinish(choice, finish, out);
  if (settled() || shape == Shape::kMessage) return;
  FlushText(out);
  tools_.CloseWhole(out);
}

void ChatReply::OnFinish(json::Value choice, FinishReason finish, std::string& out) {
  if (finish == FinishReason::kError) {
    return FailHere(GaveUp(choice["finish_reason"].str()), out);
  }
  finish_ = finish;
  for (const std::string_view key : {"stop_reason", "matched_stop"}) {  // vLLM, SGLang
    const auto& asked = context_.stop_sequences;
    const auto found = std::find(asked.begin(), asked.end(), choice[key].str());
    if (found != asked.end()) stop_sequence_ = *found;
  }
}

void ChatReply::OnContent(json::Value content, Shape shape, std::string& out) {
  const ContentMembers members = ReadContent(content);
  Reasoning(members, out);
  if (!members.text.escaped().empty() && MarksThought(members.extra_content)) ExpectThought();
  Content(members.text, out);
  if (stopped()) return EndAtStop(out);
  Refusal(members.refusal, out);
  if (members.audio.is_object()) Text(members.audio["transcript"].escaped(), out);
  Tools(members.tool_calls, shape, out);
  // Some servers say a call in the old way as well.
  if (members.function_call.is_object() && members.tool_calls.empty()) LegacyCall(members.function_call, out);
  Citations(members.annotations);
  if (tools_.overflowed()) FailHere(TooManyCalls(), out);
}

// Vendors send the same reasoning under several names; the first that says something counts.
void ChatReply::Reasoning(const ContentMembers& content, std::string& out) {
  const json::Value details = content.reasoning_details;
  if (details) thinking_.AddDetails(details);
  if (ThinkBlocks(content.thinking_blocks, out) || ThinkDetails(details, out) || Think(content.reasoning_content, out) ||
      Think(content.reasoning, out)) {
    return;
  }
  if (!details.empty() && thinking_.needs_block()) tools_.Thinking({}, out);
}

bool ChatReply::Think(json::Value text, std::string& out) {
  return text.is_string() && Think(text.escaped(), out);
}

bool ChatReply::Think(std::string_view escaped, std::string& out) {
  if (escaped.empty()) return false;
  KeepForRound(&SearchRound::reasoning, escaped);
  thinking_.AddText(escaped);
  tools_.Thinking(escaped, out);
  return true;
}

// Anthropic's own blocks, as LiteLLM passes them on: whole in an answer, in fragments in a stream.
bool ChatReply::ThinkBlocks(json::Value blocks, std::string& out) {
  bool said = false;
  for (const json::Value block : blocks.elements()) {
    if (block["type"].is("redacted_thinking")) {
      Redacted(block["data"], out);
    } else {
      ThinkBlock(block, out);
      said |= !block["thinking"].escaped().empty();
    }
  }
  return said;
}

// A signature ends its block: what is thought behind it belongs to the next.
void ChatReply::ThinkBlock(json::Value block, std::string& out) {
  const json::Value text = block["thinking"];
  if (thinking_.is_signed() && !text.escaped().empty()) tools_.CloseWhole(out);
  thinking_.SetUpstreamSignature(block["signature"].escaped());
  if (!Think(text, out) && thinking_.is_signed()) tools_.Thinking({}, out);
}

// Only the Claude behind the gateway can read it. The client keeps it as it is, in Anthropic's own form.
void ChatReply::Redacted(json::Value data, std::string& out) {
  if (!IsPlainAscii(data.escaped())) return losses_.Add("reply_bytes_skipped");
  tools_.WholeBlock(Concat(R"({"type":"redacted_thinking","data":")", data.escaped(), "\"}"), out);
}

bool ChatReply::ThinkDetails(json::Value details, std::string& out) {
  bool said = false;
  for (const json::Value detail : details.elements()) {
    said |= Think(detail["text"], out) || Think(detail["summary"], out);
  }
  return said;
}

void ChatReply::Content(json::Value content, std::string& out) {
  if (content.is_string()) return Text(content.escaped(), out);
  if (content.is_object()) return Part(content, out);
  for (const json::Value part : content.elements()) Part(part, out);
}

// An element of an array content. Mistral's thinking part holds a string or parts of its own.
void ChatReply::Part(json::Value part, std::string& out) {
  if (part.is_string()) return Text(part.escaped(), out);
  Text(part["text"].escaped(), out);
  Refusal(part["refusal"], out);
  const json::Value thinking = part["thinking"];
  Think(thinking, out);
  for (const json::Value inner : thinking.elements()) Think(inner.is_string() ? inner : inner["text"], out);
}

void ChatReply::Text(std::string_view escaped, std::string& out) {
  KeepForRound(&SearchRound::text, escaped);
  if (filter_ == nullptr) return tools_.Text(escaped, out);
  TextFilter& filter = *filter_;
  filter.unescaped.clear();
  json::AppendUnescaped(filter.unescaped, filter.joiner.Push(escaped));
  if (filter.splitter == nullptr) return PlainText(filter.unescaped, out);
  filter.out = &out;
  filter.splitter->Push(filter.unescaped);
  if (!filter.splitter->through() || !filter.joiner.empty()) return;
  filter.splitter.reset();
  if (!filter.stops) filter_.reset();
}

void ChatReply::PlainText(std::string_view text, std::string& out) {
  if (!filter_->stops) return tools_.Text(Escaped(text), out);
  filter_->passed.clear();
  filter_->stops->Push(text, filter_->passed);
  tools_.Text(Escaped(filter_->passed), out);
}

std::string_view ChatReply::Escaped(std::string_view text) {
  filter_->escaped.clear();
  json::AppendEscaped(filter_->escaped, text);
  return filter_->escaped;
}

void ChatReply::FlushText(std::string& out) {
  if (filter_ == nullptr) return;
  const std::string_view rest = filter_->joiner.Flush();
  if (filter_->splitter != nullptr) {
    filter_->out = &out;
    filter_->splitter->Push(rest);
    filter_->splitter->Flush();
  } else {
    PlainText(rest, out);
  }
  if (!filter_->stops) return;
  filter_->passed.clear();
  filter_->stops->Flush(filter_->passed);
  tools_.Text(Escaped(filter_->passed), out);
}

void ChatReply::Refusal(json::Value refusal, std::string& out) {
  if (!refusal.is_string() || refusal.escaped().empty()) return;
  refused_ = true;
  Text(refusal.escaped(), out);
}

void ChatReply::Tools(json::Value calls, Shape shape, std::string& out) {
  if (calls.empty()) return;
  FlushText(out);
  if (calls.is_object()) return Tool(calls, /*place=*/0, shape, out);
  std::int64_t place = 0;
  for (const json::Value call : calls.elements()) Tool(call, place++, shape, out);
}

void ChatReply::Tool(json::Value call, std::int64_t place, Shape shape, std::string& out) {
  const CallMembers members = ReadCall(call);
  ToolCallDelta delta;
  // A whole answer lists its calls one by one; only fragments need an index to find their call.
  delta.index = shape == Shape::kMessage ? place : IndexOf(members.index);
  delta.id = members.id.str();
  if (members.extra_content) delta.thought_signature = members.extra_content["google"]["thought_signature"].str();
  Function(members.function, delta, out);
}

void ChatReply::MoreArguments(std::string_view arguments, std::string& out) {
  ToolCallDelta delta;
  delta.index = repeated_call_;
  delta.arguments = arguments;
  FlushText(out);
  tools_.Call(delta, out);
}

void ChatReply::LegacyCall(json::Value function_call, std::string& out) {
  ToolCallDelta delta;
  delta.index = kLegacyFunctionCall;
  FlushText(out);
  Function(function_call, delta, out);
}

void ChatReply::Function(json::Value function, ToolCallDelta& delta, std::string& out) {
  const FunctionMembers members = ReadFunction(function);
  delta.name = members.name.str();
  std::string object;  // Some servers send the object itself instead of its text.
  if (members.arguments.is_object()) json::AppendEscaped(object, members.arguments.raw());
  delta.arguments = members.arguments.is_object() ? std::string_view(object) : members.arguments.escaped();
  tools_.Call(delta, out);
}

// Without a search that was asked for, a client would not know what to make of the blocks of one.
void ChatReply::Citations(json::Value annotations) {
  if (annotations.empty()) return;
  if (context_.web_search) return search_.Add(annotations);
  losses_.Add("citations_dropped");
}

// ---- The end

void ChatReply::Usage(json::Value usage) {
  const Thoughts thoughts = context_.dialect->thoughts_in_total ? Thoughts::kInTotalOnly : Thoughts::kCounted;
  const auto tokens = ReadChatUsage(usage, thoughts);
  if (tokens) reported_ = std::make_unique<usage::Tokens>(*tokens);  // The last one counts; they are running totals.
}

void ChatReply::Complete(std::string& out) {
  const bool cut = finish_ == FinishReason::kLength || finish_ == FinishReason::kContextFull ||
                   finish_ == FinishReason::kFilter;
  FlushText(out);
  if (stopped()) stop_sequence_ = filter_->stops->found();  // What the splitter held back completed it.
  const ToolCalls::Ending ending = cut ? ToolCalls::Ending::kCut : ToolCalls::Ending::kFinished;
  tools_.Finish(ending, out);
  if (context_.echoes_search && PauseForSearch(ending, out)) return;
  for (const std::string& block : search_.Blocks(context_.message_id)) writer_.WholeBlock(block, out);
  if (!reported_) losses_.Add("usage_estimated");
  MessageEnd end;
  end.tokens = tokens();
  end.stop_reason = StopReason(refused_ ? FinishReason::kFilter : finish_,
                               writer_.has_tool() ? Called::kTool : Called::kNothing);
  if (end.stop_reason == "end_turn" && !stop_sequence_.empty()) {
    end.stop_reason = "stop_sequence";
    end.stop_sequence = stop_sequence_;
  }
  writer_.End(end, out);
  outcome_ = Outcome::kComplete;
}

// A search is done by asking again. Beside calls of the client's own tools it cannot be: their results are not here, and
// the upstream wants all results at once. The client runs its tools, and the model may search in the next turn.
bool ChatReply::PauseForSearch(ToolCalls::Ending ending, std::string& out) {
  SearchRound& round = rounds_->current;
  round.calls = tools_.TakeEchoed();
  if (round.calls.empty()) return false;
  if (ending == ToolCalls::Ending::kCut || refused_ || writer_.has_tool() || !stop_sequence_.empty()) {
    losses_.Add("web_search_not_done");
    return false;
  }
  if (++rounds_->ended > kMaxSearchRounds) {
    FailHere(BadReply("it searches the web again and again, and does not answer"), out);
    return true;
  }
  const std::string seed = Concat(context_.message_id, ":", rounds_->ended);
  for (const std::string& block : BlocksOf(round, seed)) writer_.WholeBlock(block, out);
  outcome_ = Outcome::kPaused;
  return true;
}

void ChatReply::Resume(Form upstream) {
  if (outcome_ != Outcome::kPaused) return;
  if (!reported_) losses_.Add("usage_estimated");
  rounds_->earlier_tokens = tokens();
  rounds_->earlier_reported = rounds_->earlier_reported && reported_ != nullptr;
  rounds_->earlier_bytes = writer_.content_bytes();
  rounds_->current = {};
  reported_.reset();
  context_.upstream = upstream;
  form_.reset();
  body_.reset();
  reader_ = SseReader();
  repeated_.Forget();
  finish_ = FinishReason::kUnsaid;
  answered_ = false;
  outcome_ = Outcome::kOpen;
}

void ChatReply::KeepForRound(std::string SearchRound::*part, std::string_view escaped) {
  if (rounds_ == nullptr) return;
  std::string& kept = rounds_->current.*part;
  if (kept.size() < kMaxKeptBytes) kept += escaped;
}

// The upstream would go on; what it cost so far is an estimate.
void ChatReply::EndAtStop(std::string& out) {
  finish_ = FinishReason::kStop;
  stop_sequence_ = filter_->stops->found();
  Complete(out);
}

// The upstream is at fault. A client that saw content is told at once; otherwise the caller may still try elsewhere.
void ChatReply::FailHere(RequestError error, std::string& out) {
  if (phase() == Phase::kContent) writer_.Fail(error, out);
  error_ = std::make_unique<RequestError>(std::move(error));
  outcome_ = Outcome::kFailed;
}

void ChatReply::Fail(const RequestError& error, std::string& out) {
  if (outcome_ == Outcome::kComplete) return;
  if (writer_.started() && context_.client == Form::kEvents) writer_.Fail(error, out);
  error_ = std::make_unique<RequestError>(error);
  outcome_ = Outcome::kFailed;
}

Reply::Phase ChatReply::phase() const {
  if (outcome_ == Outcome::kFailed) return Phase::kFailed;
  if (outcome_ == Outcome::kComplete) return Phase::kComplete;
  if (outcome_ == Outcome::kPaused) return Phase::kPaused;
  if (context_.client == Form::kJson) return Phase::kNothing;
  if (writer_.has_content()) return Phase::kContent;
  return writer_.started() ? Phase::kStarted : Phase::kNothing;
}

// Each round is paid for.
usage::Tokens ChatReply::tokens() const {
  usage::Tokens sum = TokensOfRound();
  if (rounds_ == nullptr) return sum;
  const usage::Tokens& earlier = rounds_->earlier_tokens;
  sum.input += earlier.input;
  sum.cache_read += earlier.cache_read;
  sum.cache_write += earlier.cache_write;
  sum.output += earlier.output;
  sum.reasoning += earlier.reasoning;
  return sum;
}

usage::Tokens ChatReply::TokensOfRound() const {
  if (reported_) return *reported_;
  if (!answered_) return {};
  const std::size_t earlier = rounds_ != nullptr ? rounds_->earlier_bytes : 0;
  const auto bytes = static_cast<std::int64_t>(writer_.content_bytes() - earlier);
  const auto per_token = static_cast<std::int64_t>(kBytesPerToken);
  return {.input = context_.estimated_input_tokens, .output = (bytes + per_token - 1) / per_token};
}

usage::Quality ChatReply::quality() const {
  const bool earlier_reported = rounds_ == nullptr || rounds_->earlier_reported;
  const bool resumed = rounds_ != nullptr && rounds_->ended > 0;
  if (reported_ && earlier_reported) {
    return outcome_ == Outcome::kComplete ? usage::Quality::kReported : usage::Quality::kPartial;
  }
  if (resumed && !answered_ && earlier_reported) return usage::Quality::kPartial;
  return answered_ || resumed ? usage::Quality::kEstimated : usage::Quality::kUnknown;
}

}  // namespace

std::unique_ptr<Reply> MakeChatReply(ReplyContext context) { return std::make_unique<ChatReply>(std::move(context)); }

}  // namespace ccp::translate
