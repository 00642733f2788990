#include "edge/translate/text_splitter.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/json/document.h"
#include "edge/translate/partial_mark.h"

namespace ccp::translate {
namespace {

struct Call {
  std::string name;
  std::string arguments;
};
using Calls = std::optional<std::vector<Call>>;  // Absent: not well formed.

// {"name": ..., "arguments" | "parameters": {...} | "{...}"}
std::optional<Call> CallFromObject(json::Value object) {
  const std::string name = object["name"].str();
  json::Value arguments = object["arguments"];
  if (!arguments) arguments = object["parameters"];
  if (name.empty()) return std::nullopt;
  if (arguments.is_string()) return Call{name, arguments.str()};
  if (arguments.absent_or_null()) return Call{name, "{}"};
  if (!arguments.is_object()) return std::nullopt;
  return Call{name, std::string(arguments.raw())};
}

// One such object, or an array of them. Qwen, Hermes, Doubao.
Calls ReadObjects(std::string_view body) {
  json::Document document;
  if (!document.Parse(body).ok()) return std::nullopt;
  std::vector<Call> calls;
  const auto add = [&calls](json::Value object) {
    std::optional<Call> call = CallFromObject(object);
    if (call) calls.push_back(*std::move(call));
    return call.has_value();
  };
  if (!document.root().is_array()) {
    if (!add(document.root())) return std::nullopt;
    return calls;
  }
  for (const json::Value element : document.root().elements()) {
    if (!add(element)) return std::nullopt;
  }
  return calls;
}

// <|tool_call_begin|>functions.NAME:0<|tool_call_argument_begin|>{...}<|tool_call_end|>, repeated. Kimi K2.
Calls ReadSection(std::string_view body) {
  constexpr std::string_view kBegin = "<|tool_call_begin|>";
  constexpr std::string_view kArguments = "<|tool_call_argument_begin|>";
  constexpr std::string_view kEnd = "<|tool_call_end|>";
  std::vector<Call> calls;
  for (body = Trim(body); !body.empty(); body = Trim(body)) {
    const std::size_t arguments = body.find(kArguments);
    const std::size_t end = body.find(kEnd);
    if (!body.starts_with(kBegin) || arguments == std::string_view::npos || end == std::string_view::npos ||
        end < arguments) {
      return std::nullopt;
    }
    std::string_view name = Trim(body.substr(kBegin.size(), arguments - kBegin.size()));
    if (name.starts_with("functions.")) name.remove_prefix(std::string_view("functions.").size());
    name = name.substr(0, name.rfind(':'));
    const std::size_t from = arguments + kArguments.size();
    const std::string_view object = Trim(body.substr(from, end - from));
    json::Document document;
    if (name.empty() || !document.Parse(object).ok() || !document.root().is_object()) return std::nullopt;
    calls.push_back({std::string(name), std::string(object)});
    body.remove_prefix(end + kEnd.size());
  }
  return calls;
}

}  // namespace

struct TextSplitter::Notation {
  std::string_view begin;
  std::string_view end;
  Calls (*read)(std::string_view body);
};

const TextSplitter::Notation* TextSplitter::Notations() {
  static constexpr Notation kNotations[] = {
      {"<tool_call>", "</tool_call>", ReadObjects},
      {"<|FunctionCallBegin|>", "<|FunctionCallEnd|>", ReadObjects},
      {"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", ReadSection},
      {{}, {}, nullptr},
  };
  return kNotations;
}

TextSplitter::TextSplitter(Options options, Sink sink)
    : options_(options),
      think_begin_(Concat("<", options.think_tag, ">")),
      think_end_(Concat("</", options.think_tag, ">")),
      sink_(std::move(sink)),
      mode_(options.think_tag.empty() ? Mode::kText : Mode::kStart) {}

void TextSplitter::Push(std::string_view text) {
  waiting_ += text;
  while (!waiting_.empty() && Step()) {
  }
}

void TextSplitter::Flush() {
  flushing_ = true;
  while (!waiting_.empty() && Step()) {
  }
  flushing_ = false;
}

void TextSplitter::ThoughtMayBegin() {
  if (waiting_.empty() && mode_ != Mode::kThinking) mode_ = Mode::kStart;
}

// Takes one step; false if it needs more text.
bool TextSplitter::Step() {
  switch (mode_) {
    case Mode::kStart: return StepStart();
    case Mode::kThinking: return StepThinking();
    case Mode::kAfterThinking:
      if (waiting_.front() == '\n') waiting_.erase(0, 1);
      mode_ = Mode::kText;
      return true;
    case Mode::kText: return StepText();
    case Mode::kCalls: return StepCalls();
  }
  return false;
}

void TextSplitter::Emit(const std::function<void(std::string_view)>& sink, std::size_t length) {
  if (length > 0) sink(std::string_view(waiting_).substr(0, length));
  waiting_.erase(0, length);
  searched_ = 0;
}

bool TextSplitter::StepStart() {
  const std::size_t at = waiting_.find_first_not_of(" \t\r\n", searched_);
  searched_ = std::min(at, waiting_.size());
  const std::string_view head = at == std::string::npos ? "" : std::string_view(waiting_).substr(at);
  if (head.starts_with(think_begin_)) {
    waiting_.erase(0, at + think_begin_.size());
    searched_ = 0;
    mode_ = Mode::kThinking;
    return true;
  }
  if (!flushing_ && std::string_view(think_begin_).starts_with(head)) return false;
  searched_ = 0;
  mode_ = Mode::kText;
  return true;
}

bool TextSplitter::StepThinking() {
  const std::size_t end = waiting_.find(think_end_);
  if (end != std::string::npos) {
    Emit(sink_.thinking, end);
    waiting_.erase(0, think_end_.size());
    mode_ = Mode::kAfterThinking;
    return true;
  }
  Emit(sink_.thinking, waiting_.size() - (flushing_ ? 0 : PartialMark(waiting_, think_end_)));
  return false;
}

bool TextSplitter::StepText() {
  std::size_t keep = 0;
  std::size_t first = std::string::npos;
  if (options_.tool_calls) {
    for (const Notation* notation = Notations(); notation->read != nullptr; ++notation) {
      const std::size_t at = waiting_.find(notation->begin);
      if (at < first) {
        first = at;
        notation_ = notation;
      }
      keep = std::max(keep, PartialMark(waiting_, notation->begin));
    }
  }
  if (first == std::string::npos) {
    Emit(sink_.text, waiting_.size() - (flushing_ ? 0 : keep));
    return false;
  }
  Emit(sink_.text, first);
  mode_ = Mode::kCalls;
  return true;
}

bool TextSplitter::StepCalls() {
  const std::size_t end = waiting_.find(notation_->end, std::max(searched_, notation_->begin.size()));
  if (end == std::string::npos) {
    searched_ = waiting_.size() - PartialMark(waiting_, notation_->end);
    if (flushing_) Emit(sink_.text, waiting_.size());
    return false;
  }
  const std::size_t body = notation_->begin.size();
  const Calls calls = notation_->read(Trim(std::string_view(waiting_).substr(body, end - body)));
  const std::size_t length = end + notation_->end.size();
  mode_ = Mode::kText;
  const auto is_offered = [this](const Call& call) { return sink_.offers(call.name); };
  if (!calls || !std::all_of(calls->begin(), calls->end(), is_offered)) {
    Emit(sink_.text, length);
    return true;
  }
  for (const Call& call : *calls) sink_.call(call.name, call.arguments);
  waiting_.erase(0, length);
  searched_ = 0;
  return true;
}

}  // namespace ccp::translate
