#include "edge/translate/tool_calls.h"

#include <algorithm>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/document.h"
#include "common/json/write.h"
#include "edge/translate/search_round.h"

namespace ccp::translate {
namespace {

constexpr std::string_view kRepaired = "tool_arguments_repaired";
constexpr std::string_view kDropped = "tool_call_dropped";

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string_view WithoutLeadingSpace(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

bool Fits(ObjectScanner scanner, std::string_view text) { return scanner.Push(text) == text.size(); }

// What some gateways begin with, to send the real arguments behind it.
bool IsPlaceholder(std::string_view text) { return Trim(text) == "{}" || Trim(text) == "null"; }

// Arguments that are a JSON string with an object inside: encoded once too often.
std::optional<std::string> ObjectInString(std::string_view text) {
  json::Document outer;
  if (!outer.Parse(text).ok() || !outer.root().is_string()) return std::nullopt;
  std::string inner = outer.root().str();
  json::Document document;
  if (!document.Parse(inner).ok() || !document.root().is_object()) return std::nullopt;
  return inner;
}

}  // namespace

void ToolCalls::Call(const ToolCallDelta& delta, std::string& out) {
  if (held_ == nullptr) held_ = std::make_unique<Held>();
  ToolCall* call = Find(delta);
  if (call == nullptr) {
    if (delta.id.empty() && delta.name.empty() && delta.arguments.empty()) return;
    call = &Add(delta);
  }
  TakeNames(*call, delta);
  Arguments(*call, delta.arguments, out);
  Advance(out);
}

// The call that the fragment belongs to; nullptr if it begins another.
ToolCalls::ToolCall* ToolCalls::Find(const ToolCallDelta& delta) {
  const auto last_where = [this](auto matches) {
    const auto found = std::find_if(held_->calls.rbegin(), held_->calls.rend(), matches);
    return found != held_->calls.rend() ? &*found : nullptr;
  };
  ToolCall* call = nullptr;
  if (delta.index) {
    call = last_where([&](const auto& c) { return c.index == delta.index; });
  } else if (!delta.id.empty()) {
    return last_where([&](const auto& c) { return c.id == delta.id; });
  } else if (!held_->calls.empty()) {
    call = &held_->calls.back();
  }
  if (call == nullptr || BeginsAnother(*call, delta)) return nullptr;
  return call;
}

// Whether a fragment that says it belongs to `call`, or does not say, begins another call nevertheless.
bool ToolCalls::BeginsAnother(const ToolCall& call, const ToolCallDelta& delta) {
  if (delta.name.empty()) return false;
  if (!delta.id.empty()) return !call.id.empty() && call.id != delta.id;
  if (!call.scanner.complete()) return false;
  std::string& arguments = held_->unescaped;
  arguments.clear();
  json::AppendUnescaped(arguments, delta.arguments);
  if (arguments.empty()) return !call.name.empty() && delta.name != call.name;
  const bool placeholder = !call.emitted && IsPlaceholder(call.arguments);
  return WithoutLeadingSpace(arguments).starts_with('{') && !arguments.starts_with(call.arguments) && !placeholder;
}

ToolCalls::ToolCall& ToolCalls::Add(const ToolCallDelta& delta) {
  ToolCall& call = held_->calls.emplace_back();
  held_->bytes += sizeof(ToolCall);
  call.index = delta.index;
  // Calls that wait stand in the order of their indices.
  auto place = held_->queue.end();
  while (delta.index && place != held_->queue.begin()) {
    const Item& before = *std::prev(place);
    if (before.kind != Kind::kCall || before.call->block != ToolCall::Block::kDue || !before.call->index ||
        *before.call->index < *delta.index) {
      break;
    }
    --place;
  }
  held_->queue.insert(place, Item{Kind::kCall, {}, &call});
  return call;
}

void ToolCalls::TakeNames(ToolCall& call, const ToolCallDelta& delta) {
  const auto take = [this](std::string& field, const std::string& said) {
    if (!field.empty() || said.empty()) return;
    field = said;
    held_->bytes += said.size();
  };
  take(call.id, delta.id);
  take(call.name, delta.name);
  take(call.thought_signature, delta.thought_signature);
}

void ToolCalls::Arguments(ToolCall& call, std::string_view escaped, std::string& out) {
  if (escaped.empty() || call.block == ToolCall::Block::kClosed) return;
  escaped = call.joiner.Push(escaped);
  held_->unescaped.clear();
  json::AppendUnescaped(held_->unescaped, escaped);
  const std::string_view text = held_->unescaped;
  const std::string held = std::move(call.doubtful);
  call.doubtful.clear();
  const bool may_repeat = !call.arguments.empty() && text.starts_with(call.arguments);
  const bool repeats_twice = !held.empty() && text.starts_with(held);
  if (may_repeat && (call.broken || repeats_twice || !Fits(call.scanner, held + held_->unescaped))) {
    return Take(call, text.substr(call.arguments.size()), {}, out);
  }
  if (may_repeat && held.empty()) {  // {"a": and then {"a":1} - said again, or an object in an object? The next one tells.
    call.doubtful = text;
    held_->bytes += text.size();
    return;
  }
  Take(call, held, {}, out);
  Take(call, text, escaped, out);
}

// Takes the next fragment. `escaped` is the same text as it came, if it is at hand.
void ToolCalls::Take(ToolCall& call, std::string_view text, std::string_view escaped, std::string& out) {
  if (text.empty()) return;
  if (!call.emitted && IsPlaceholder(call.arguments) && WithoutLeadingSpace(text).starts_with('{')) {
    call.arguments.clear();
    call.scanner = {};
    call.broken = false;
  }
  call.arguments += text;
  held_->bytes += text.size();
  if (call.broken) return;
  const std::size_t taken = call.scanner.Push(text);
  std::string rewritten;
  if (taken != text.size() || !call.comma.empty() || call.scanner.after_comma()) {
    rewritten = Concat(call.comma, text.substr(0, taken));
    Repair(call, text.substr(taken), rewritten);
    const std::size_t end = call.scanner.after_comma() ? rewritten.rfind(',') : rewritten.size();
    call.comma = rewritten.substr(end);
    rewritten.resize(end);
    text = rewritten;
    escaped = {};
  }
  if (call.scanner.blank() || (!call.emitted && IsPlaceholder(call.arguments))) return;
  if (!escaped.empty()) return Emit(call, escaped, out);
  std::string escaped_again;
  json::AppendEscaped(escaped_again, text);
  Emit(call, escaped_again, out);
}

// At the end: the reading of a doubtful fragment that gives a whole object, else the plain one.
void ToolCalls::SettleDoubt(ToolCall& call, std::string& out) {
  const std::string held = std::move(call.doubtful);
  call.doubtful.clear();
  ObjectScanner as_next = call.scanner;
  as_next.Push(held);
  ObjectScanner as_all;
  as_all.Push(held);
  const bool repeated = !as_next.complete() && as_all.complete();
  Take(call, repeated ? std::string_view(held).substr(call.arguments.size()) : held, {}, out);
}

// `rest` begins with what cannot stand behind `accepted`. Appends what of it continues the object nevertheless, with the
// slips of weak models put right that have one meaning only: a control character inside a string, a backslash before a
// character that needs none, and a comma before a closing bracket.
void ToolCalls::Repair(ToolCall& call, std::string_view rest, std::string& accepted) {
  while (!rest.empty()) {
    std::string repair;
    const bool comma = call.scanner.after_comma() && (rest.front() == '}' || rest.front() == ']');
    if (comma) {
      accepted.resize(accepted.rfind(','));
      call.scanner.TakeBackComma();
    } else if (call.scanner.in_string()) {
      json::AppendEscaped(repair, rest.substr(0, 1));
      rest.remove_prefix(1);
    } else if (call.scanner.in_escape()) {
      repair = "\\";
    }
    if (!comma && (repair.empty() || call.scanner.Push(repair) != repair.size())) {
      call.broken = !call.scanner.complete();
      return;
    }
    losses_.Add(kRepaired);
    const std::size_t taken = call.scanner.Push(rest);
    accepted += repair;
    accepted += rest.substr(0, taken);
    rest.remove_prefix(taken);
  }
}

void ToolCalls::Emit(ToolCall& call, std::string_view escaped, std::string& out) {
  if (escaped.empty() || call.block == ToolCall::Block::kHidden) return;
  call.emitted = true;
  if (call.block == ToolCall::Block::kOpen) {
    writer_.ToolInput(escaped, out);
  } else {
    call.waiting += escaped;
    held_->bytes += escaped.size();
  }
}

void ToolCalls::Text(std::string_view escaped, std::string& out) {
  if (!escaped.empty()) Put(Kind::kText, escaped, out);
}

void ToolCalls::Thinking(std::string_view escaped, std::string& out) { Put(Kind::kThinking, escaped, out); }
void ToolCalls::WholeBlock(std::string_view json, std::string& out) { Put(Kind::kWholeBlock, json, out); }

void ToolCalls::Put(Kind kind, std::string_view content, std::string& out) {
  if (held_ == nullptr || held_->queue.empty()) return Write(kind, content, out);
  held_->queue.push_back({kind, std::string(content), nullptr});
  held_->bytes += sizeof(Item) + content.size();
  Advance(out);
}

void ToolCalls::Write(Kind kind, std::string_view content, std::string& out) {
  switch (kind) {
    case Kind::kText: return writer_.Text(content, out);
    case Kind::kThinking: return writer_.Thinking(content, out);
    case Kind::kWholeBlock: return writer_.WholeBlock(content, out);
    case Kind::kCall: return;
  }
}

// Writes what may go out now. A call that is whole ends as soon as the upstream has moved on.
void ToolCalls::Advance(std::string& out) {
  while (!held_->queue.empty()) {
    Item& front = held_->queue.front();
    if (front.kind == Kind::kCall) {
      ToolCall& call = *front.call;
      Open(call, out);
      if (call.block != ToolCall::Block::kHidden) {
        if (call.block != ToolCall::Block::kOpen || !call.scanner.complete() || held_->queue.size() == 1) return;
        Close(call, Ending::kFinished, out);
      }
    } else {
      Write(front.kind, front.content, out);
    }
    held_->queue.pop_front();
  }
}

void ToolCalls::CloseWhole(std::string& out) {
  if (held_ == nullptr) return writer_.CloseBlock(out);
  Advance(out);
  if (held_->queue.size() == 1 && held_->queue.front().kind == Kind::kCall) {
    ToolCall& call = *held_->queue.front().call;
    if (call.block != ToolCall::Block::kOpen || !call.scanner.complete()) return;
    Close(call, Ending::kFinished, out);
    held_->queue.pop_front();
  }
  if (held_->queue.empty()) writer_.CloseBlock(out);
}

void ToolCalls::Finish(Ending ending, std::string& out) {
  while (held_ != nullptr && !held_->queue.empty()) {
    Item& front = held_->queue.front();
    if (front.kind != Kind::kCall) {
      Write(front.kind, front.content, out);
    } else if (front.call->name.empty()) {
      losses_.Add(kDropped);
    } else {
      Open(*front.call, out);
      if (front.call->block != ToolCall::Block::kHidden) Close(*front.call, ending, out);
    }
    held_->queue.pop_front();
  }
  writer_.CloseBlock(out);
}

std::vector<EchoedCall> ToolCalls::TakeEchoed() {
  std::vector<EchoedCall> echoed;
  if (held_ == nullptr) return echoed;
  for (ToolCall& call : held_->calls) {
    if (call.block != ToolCall::Block::kHidden) continue;
    std::string nothing;
    SettleDoubt(call, nothing);
    echoed.push_back({std::move(call.id), std::move(call.arguments)});
  }
  held_->calls.clear();
  held_->bytes = 0;
  return echoed;
}

void ToolCalls::Open(ToolCall& call, std::string& out) {
  if (call.block != ToolCall::Block::kDue || call.name.empty()) return;
  if (settings_.echoes_search && call.name == kSearchCall) {
    call.block = ToolCall::Block::kHidden;
    return;
  }
  call.block = ToolCall::Block::kOpen;
  writer_.OpenTool(ClientId(call), ClientName(call), out);
  writer_.ToolInput(call.waiting, out);
  call.waiting = {};
}

void ToolCalls::Close(ToolCall& call, Ending ending, std::string& out) {
  SettleDoubt(call, out);
  if (!call.comma.empty()) {  // Something was to follow.
    call.comma.clear();
    call.scanner.TakeBackComma();
    call.broken = true;
  }
  if (const std::string_view rest = call.joiner.Flush(); !rest.empty() && call.scanner.in_string()) {
    call.scanner.Push(rest);
    Emit(call, rest, out);
  }
  std::string escaped;
  json::AppendEscaped(escaped, Completion(call, ending));
  writer_.ToolInput(escaped, out);
  writer_.CloseBlock(out);
  call.block = ToolCall::Block::kClosed;
}

// What is missing for the arguments to be an object.
std::string ToolCalls::Completion(const ToolCall& call, Ending ending) {
  if (!call.emitted) {
    if (const auto object = ObjectInString(call.arguments)) return *object;
    const std::string_view said = Trim(call.arguments);
    if (!said.empty() && said != "null" && said != "{}") losses_.Add(kRepaired);
    return "{}";
  }
  if (call.scanner.complete()) return "";
  losses_.Add(kRepaired);
  const bool only_closers = ending == Ending::kFinished && !call.broken && call.scanner.between_values();
  return only_closers ? call.scanner.Closers() : call.scanner.Cancellation();
}

std::string_view ToolCalls::ClientName(const ToolCall& call) const {
  if (settings_.tool_names == nullptr) return call.name;
  const auto renamed = settings_.tool_names->find(call.name);
  return renamed != settings_.tool_names->end() ? renamed->second : call.name;
}

std::string ToolCalls::ClientId(const ToolCall& call) {
  std::string id = call.id;
  std::replace_if(id.begin(), id.end(), [](char c) { return !IsIdCharacter(c); }, '_');
  for (std::size_t number = 0; id.empty() || !held_->ids.insert(id).second; ++number) {
    id = DerivedId("toolu_", Concat(settings_.message_id, ":", held_->calls.size(), ":", held_->ids.size() + number));
  }
  if (call.thought_signature.empty()) return id;
  return AttachStateToToolId(id, {StateKind::kThoughtSignature, call.thought_signature}, settings_.fleet_secret);
}

}  // namespace ccp::translate
