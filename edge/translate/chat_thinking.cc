#include "edge/translate/chat_thinking.h"

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/model_family.h"
#include "edge/translate/thinking_budget.h"

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

// OpenAI's levels by family: low to high for all; gpt-5 also minimal; 5.1 none instead; 5.2 also xhigh; codex models
// neither minimal nor none.
constexpr Version kGpt5{5, 0}, kGpt51{5, 1}, kGpt52{5, 2};

bool IsCodex(std::string_view model) { return model.find("codex") != std::string_view::npos; }

std::string_view OpenAiEffort(std::string_view effort, std::string_view model) {
  const Version version = VersionOf(model, "gpt-").value_or(Version{});
  if (effort == "minimal") return version == kGpt5 && !IsCodex(model) ? "minimal" : "low";
  if (effort == "xhigh" || effort == "max") return version >= kGpt52 ? "xhigh" : "high";
  return effort;
}

// The least thinking there is; "" where nothing but the default is known to be accepted.
std::string_view OpenAiOff(std::string_view model) {
  const Version version = VersionOf(model, "gpt-").value_or(Version{});
  if (version < kGpt5) return "";
  if (IsCodex(model)) return "low";
  return version >= kGpt51 ? "none" : "minimal";
}

// DeepSeek, Kimi K3 and GLM 5.3 know low, high and max. As DeepSeek maps the rest by itself.
std::string_view LowHighMax(std::string_view effort) {
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
        return WriteGlm();
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
    if (const auto budget = OpenRouterBudget()) {
      return body_.Add("reasoning", Concat(R"({"max_tokens":)", *budget, "}"));
    }
    if (wish_.effort.empty()) return;
    const std::string_view effort = wish_.effort == "max" ? std::string_view("xhigh") : std::string_view(wish_.effort);
    body_.Add("reasoning", Concat(R"({"effort":")", effort, "\"}"));
  }

  // OpenRouter wants max_tokens to be more than the budget. Where the cap leaves no room for one, an effort it is.
  std::optional<std::int64_t> OpenRouterBudget() {
    if (wish_.wish != Wish::kBudget || !context_.model.reasoning_effort.empty()) return std::nullopt;
    const auto asked = context_.request.max_tokens();
    const auto cap = context_.model.max_tokens;
    if (!asked || !cap || *asked <= *cap) return wish_.budget;
    const auto fitting = BudgetWithin(wish_.budget, *asked, *cap);
    if (fitting != wish_.budget) context_.losses.Add("thinking_budget_capped");
    return fitting;
  }

  void WriteSwitch() {
    if (wish_.wish == Wish::kOff) return AddType("disabled");
    if (wish_.is_on()) AddType("enabled");
  }

  void WriteDeepSeek() {
    WriteSwitch();
    if (wish_.wish != Wish::kOff && !wish_.effort.empty()) AddEffort(LowHighMax(wish_.effort));
  }

  // Qwen3 thinks unless told not to, and only in a stream.
  void WriteQwen() {
    const bool always = QwenAlwaysThinks(context_.model.upstream_name);
    context_.streams_to_think = always || wish_.is_on();
    if (wish_.is_on() && context_.model.can_stream) {
      body_.Add("enable_thinking", "true");
      if (wish_.wish == Wish::kBudget) body_.Add("thinking_budget", Concat(wish_.budget));
      return;
    }
    NoteDropped();
    const bool streams = context_.request.stream() && context_.model.can_stream;
    if (!always && (wish_.wish != Wish::kNone || !streams)) body_.Add("enable_thinking", "false");
  }

  void WriteDoubao() {
    if (wish_.wish == Wish::kAdaptive && DoubaoDecidesItself(context_.model.upstream_name)) return AddType("auto");
    WriteSwitch();
  }

  void WriteGlm() {
    const GlmThinking can = GlmThinkingOf(context_.model.upstream_name);
    if (can == GlmThinking::kAlways && wish_.wish == Wish::kOff) return AddEffort("low");
    WriteSwitch();
    if (can == GlmThinking::kSwitch || wish_.wish == Wish::kOff || wish_.effort.empty()) return;
    AddEffort(LowHighMax(wish_.effort));
  }

  void WriteChatTemplate() {
    if (wish_.wish == Wish::kNone) return;
    body_.Add("chat_template_kwargs", wish_.is_on() ? R"({"enable_thinking":true})" : R"({"enable_thinking":false})");
  }

  void WriteKimi() {
    switch (KimiThinkingOf(context_.model.upstream_name)) {
      case KimiThinking::kNever:
        return NoteDropped();
      case KimiThinking::kSwitch:
        return WriteSwitch();
      case KimiThinking::kAlways:
        return;
      case KimiThinking::kEffort:
        if (wish_.wish == Wish::kOff) return AddEffort("low");
        if (!wish_.effort.empty()) AddEffort(LowHighMax(wish_.effort));
        return;
    }
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

// Why this request must not think: a loss code; "" if it may.
std::string_view ReasonAgainst(const ChatContext& context, ToolForce force) {
  const Dialect& dialect = context.dialect;
  if (context.ends_with_prefill && dialect.prefill == Dialect::Prefill::kWithoutThinking) {
    return "thinking_disabled_for_prefill";
  }
  const bool is_kimi = dialect.thinking == Dialect::Thinking::kKimi;
  const KimiThinking kimi = KimiThinkingOf(context.model.upstream_name);
  if (context.echoes_search && is_kimi && kimi == KimiThinking::kSwitch) return "thinking_disabled_for_search";
  if (force == ToolForce::kFree || !dialect.forced_tool_excludes_thinking) return "";
  const bool may_do_both = is_kimi && kimi == KimiThinking::kEffort;
  return may_do_both ? "" : "thinking_disabled_for_tool_choice";
}

}  // namespace

void WriteThinking(ChatBody& body, ChatContext& context, ToolForce force) {
  ThinkingWish wish = WishOf(context);
  if (const std::string_view reason = ReasonAgainst(context, force); !reason.empty()) {
    if (wish.is_on()) context.losses.Add(reason);
    wish.wish = Wish::kOff;  // Also when nobody asked: these models think by default.
  }
  ThinkingWriter(body, context, std::move(wish)).Write();
}

}  // namespace ccp::translate
