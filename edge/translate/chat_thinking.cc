#include "edge/translate/chat_thinking.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::translate {
namespace {

using json::Value;

enum class Wish : std::uint8_t { kNone, kOff, kBudget, kAdaptive };

struct ThinkingWish {
  Wish wish = Wish::kNone;
  std::int64_t budget = 0;  // With kBudget.
  std::string effort;       // minimal low medium high xhigh max, or empty: nobody said.
  bool is_on() const { return wish == Wish::kBudget || wish == Wish::kAdaptive; }
};

// Claude Code's words for it ask for 4,000, 10,000 and 31,999 tokens.
std::string_view EffortOfBudget(std::int64_t budget) {
  if (budget < 2048) return "low";
  return budget <= 8192 ? "medium" : "high";
}

bool IsEffort(std::string_view text) {
  for (const std::string_view known : {"minimal", "low", "medium", "high", "xhigh", "max"}) {
    if (text == known) return true;
  }
  return false;
}

// The operator's word goes over the client's, the client's own effort over what its budget implies.
std::string EffortOf(const ChatContext& context, const ThinkingWish& wish) {
  if (!context.model.reasoning_effort.empty()) return context.model.reasoning_effort;
  const std::string asked = context.request.root()["output_config"]["effort"].str();
  if (IsEffort(asked)) return asked;
  if (wish.wish == Wish::kBudget) return std::string(EffortOfBudget(wish.budget));
  return wish.wish == Wish::kAdaptive ? "high" : "";
}

ThinkingWish WishOf(const ChatContext& context) {
  const Value thinking = context.request.thinking();
  ThinkingWish wish;
  if (thinking["type"].is("disabled")) wish.wish = Wish::kOff;
  if (thinking["type"].is("adaptive")) wish.wish = Wish::kAdaptive;
  if (thinking["type"].is("enabled")) {
    const auto budget = thinking["budget_tokens"].integer();
    wish.wish = budget ? Wish::kBudget : Wish::kAdaptive;
    wish.budget = budget.value_or(0);
  }
  wish.effort = EffortOf(context, wish);
  return wish;
}

// The minor version of "gpt-5.2-codex": 2; 0 for "gpt-5"; nothing for other families.
std::optional<int> Gpt5Minor(std::string_view name) {
  constexpr std::string_view kFamily = "gpt-5";
  const std::size_t at = name.find(kFamily);
  if (at == std::string_view::npos) return std::nullopt;
  name.remove_prefix(at + kFamily.size());
  if (!name.starts_with('.')) return 0;
  int minor = 0;
  std::from_chars(name.data() + 1, name.data() + name.size(), minor);
  return minor;
}

// OpenAI's levels by family: o-series low to high; gpt-5 also minimal; 5.1 none instead of minimal; 5.2 also xhigh.
std::string_view OpenAiEffort(std::string_view effort, std::string_view model) {
  const std::optional<int> minor = Gpt5Minor(model);
  if (effort == "minimal" && minor != 0) return "low";
  if (effort == "xhigh" || effort == "max") return minor.value_or(0) >= 2 ? "xhigh" : "high";
  return effort;
}

std::string_view OpenAiOff(std::string_view model) {
  const std::optional<int> minor = Gpt5Minor(model);
  if (!minor) return "";
  return *minor >= 1 ? "none" : "minimal";
}

// DeepSeek knows low, high and max.
std::string_view DeepSeekEffort(std::string_view effort) {
  if (effort == "minimal" || effort == "low") return "low";
  return effort == "max" ? "max" : "high";
}

// Google's own equivalents of the effort levels; -1 leaves it to the model.
std::int64_t GeminiBudget(const ThinkingWish& wish, const ChatContext& context) {
  const bool asked_by_name =
      !context.model.reasoning_effort.empty() || IsEffort(context.request.root()["output_config"]["effort"].str());
  if (wish.wish == Wish::kBudget && context.model.reasoning_effort.empty()) return wish.budget;
  if (!asked_by_name) return -1;
  if (wish.effort == "minimal" || wish.effort == "low") return 1024;
  return wish.effort == "medium" ? 8192 : 24576;
}

class ThinkingWriter {
 public:
  ThinkingWriter(ChatBody& body, ChatContext& context, ThinkingWish wish)
      : body_(body), context_(context), wish_(std::move(wish)) {}

  void Write() {
    switch (context_.dialect.thinking) {
      case Dialect::Thinking::kNone:
        return WriteNone();
      case Dialect::Thinking::kReasoningEffort:
        return WriteOpenAi();
      case Dialect::Thinking::kOpenRouter:
        return WriteOpenRouter();
      case Dialect::Thinking::kDeepSeek:
        return WriteDeepSeek();
      case Dialect::Thinking::kQwen:
        return WriteQwen();
      case Dialect::Thinking::kDoubao:
        return WriteDoubao();
      case Dialect::Thinking::kChatTemplate:
        return WriteChatTemplate();
      case Dialect::Thinking::kGlm:
        return WriteSwitch();
      case Dialect::Thinking::kKimi:
        return WriteKimi();
      case Dialect::Thinking::kGemini:
        return WriteGemini();
      case Dialect::Thinking::kOllama:
        return WriteOllama();
    }
  }

 private:
  void AddEffort(std::string_view effort) {
    if (!effort.empty()) body_.Add("reasoning_effort", json::Quoted(effort));
  }
  void AddType(std::string_view type) { body_.Add("thinking", Concat(R"({"type":")", type, "\"}")); }
  void NoteDropped() {
    if (wish_.is_on()) context_.losses.Add("thinking_dropped");
  }
  bool NameHas(std::string_view part) const { return context_.model.upstream_name.find(part) != std::string::npos; }

  // Nothing is known of the model, so only the operator's own word goes out.
  void WriteNone() {
    if (!context_.model.reasoning_effort.empty() && wish_.wish != Wish::kOff) {
      return AddEffort(context_.model.reasoning_effort);
    }
    NoteDropped();
  }

  void WriteOpenAi() {
    const std::string& model = context_.model.upstream_name;
    AddEffort(wish_.wish == Wish::kOff ? OpenAiOff(model) : OpenAiEffort(wish_.effort, model));
  }

  void WriteOpenRouter() {
    if (wish_.wish == Wish::kOff) return body_.Add("reasoning", R"({"enabled":false})");
    if (wish_.wish == Wish::kBudget && context_.model.reasoning_effort.empty()) {
      return body_.Add("reasoning", Concat(R"({"max_tokens":)", wish_.budget, "}"));
    }
    if (wish_.effort.empty()) return;
    const std::string_view effort = wish_.effort == "max" ? std::string_view("xhigh") : std::string_view(wish_.effort);
    body_.Add("reasoning", Concat(R"({"effort":")", effort, "\"}"));
  }

  void WriteSwitch() {
    if (wish_.wish == Wish::kOff) return AddType("disabled");
    if (wish_.is_on()) AddType("enabled");
  }

  void WriteDeepSeek() {
    WriteSwitch();
    if (wish_.wish != Wish::kOff && !wish_.effort.empty()) AddEffort(DeepSeekEffort(wish_.effort));
  }

  // Qwen3 thinks unless told not to, and refuses to when not streaming.
  void WriteQwen() {
    const bool streams = context_.request.stream() && context_.model.can_stream;
    if (wish_.wish == Wish::kOff) return body_.Add("enable_thinking", "false");
    if (wish_.wish == Wish::kNone) {
      if (!streams) body_.Add("enable_thinking", "false");
      return;
    }
    body_.Add("enable_thinking", "true");
    if (wish_.wish == Wish::kBudget) body_.Add("thinking_budget", Concat(wish_.budget));
  }

  void WriteDoubao() {
    if (wish_.wish == Wish::kAdaptive) return AddType("auto");
    WriteSwitch();
  }

  void WriteChatTemplate() {
    if (wish_.wish == Wish::kNone) return;
    body_.Add("chat_template_kwargs", wish_.is_on() ? R"({"enable_thinking":true})" : R"({"enable_thinking":false})");
  }

  // The switch came with k2.5; earlier models either always think or never do.
  void WriteKimi() {
    if (NameHas("k2.") || NameHas("k3")) return WriteSwitch();
    if (!NameHas("thinking")) NoteDropped();
  }

  // Only 2.5 Flash can be kept from thinking; the others get the least there is.
  void WriteGemini() {
    if (wish_.wish == Wish::kOff) return AddEffort(NameHas("2.5-flash") ? "none" : "low");
    if (!wish_.is_on()) return AddEffort(OpenAiEffort(wish_.effort, ""));
    body_.Add("extra_body", Concat(R"({"google":{"thinking_config":{"thinking_budget":)", GeminiBudget(wish_, context_),
                                   R"(,"include_thoughts":true}}})"));
  }

  // A wish to think is an error for models that cannot; those that can do so unasked.
  void WriteOllama() {
    if (wish_.wish == Wish::kOff) return AddEffort("none");
    AddEffort(context_.model.reasoning_effort);
  }

  ChatBody& body_;
  ChatContext& context_;
  ThinkingWish wish_;
};

}  // namespace

void WriteThinking(ChatBody& body, ChatContext& context, ToolForce force) {
  ThinkingWish wish = WishOf(context);
  if (force == ToolForce::kForced && context.dialect.forced_tool_excludes_thinking && wish.wish != Wish::kOff) {
    if (wish.is_on()) context.losses.Add("thinking_disabled_for_tool_choice");
    wish.wish = Wish::kOff;  // Also when nobody asked: these models think by default.
  }
  ThinkingWriter(body, context, std::move(wish)).Write();
}

}  // namespace ccp::translate
