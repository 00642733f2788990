// Finds, in a text that arrives in pieces, what weak models and bare chat templates write into it although it is no text:
// leading thinking between tags, and function calls in one of the known notations. Only used where the dialect says so.
// A tag behind other text is text: a model may well write about it, in code for one.
//
// Nothing is held back but what may be the beginning of a mark, and a function call until its end mark.
// Texts are plain, not escaped. Pure; thread-compatible. What is not well formed comes out as the text it is.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ccp::translate {

class TextSplitter {
 public:
  struct Sink {
    std::function<void(std::string_view)> text;
    std::function<void(std::string_view)> thinking;
    std::function<bool(std::string_view name)> offers;  // Whether there is such a function; else a call of it is text.
    std::function<void(std::string_view name, std::string_view arguments)> call;  // Arguments: a JSON object.
  };
  struct Options {
    std::string_view think_tag;  // think: <think>...</think>; empty: none.
    bool tool_calls = false;
  };
  TextSplitter(Options options, Sink sink);

  void Push(std::string_view text);
  void Flush();  // Something else comes now: what waits is text, or thinking, after all.
  void ThoughtMayBegin();  // As at the start, the text that comes next may begin with thinking. With a think_tag only.

  std::size_t held_bytes() const { return waiting_.size(); }  // Of what came and did not go out.

  // Nothing is looked for any more: all that comes is text.
  bool through() const { return mode_ == Mode::kText && waiting_.empty() && !options_.tool_calls; }

 private:
  enum class Mode : std::uint8_t { kStart, kThinking, kAfterThinking, kText, kCalls };
  struct Notation;

  bool Step();
  bool StepStart();
  bool StepThinking();
  bool StepText();
  bool StepCalls();
  void Emit(const std::function<void(std::string_view)>& sink, std::size_t length);
  static const Notation* Notations();

  Options options_;
  std::string think_begin_;
  std::string think_end_;
  Sink sink_;
  Mode mode_;
  const Notation* notation_ = nullptr;  // In kCalls.
  std::string waiting_;                 // What came and did not go out.
  bool flushing_ = false;
  std::size_t searched_ = 0;            // Of waiting_, while an end mark is looked for: no byte is searched twice.
};

}  // namespace ccp::translate
