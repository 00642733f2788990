#include "common/route/decide.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/text.h"
#include "common/route/compiled.h"

namespace ccp::route {
namespace {

using config::Model;
using config::Slot;

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kNamesInMessage = 20;

std::int64_t MaxInput(const Model& model) { return model.max_input_tokens.value_or(kUnlimited); }
bool Fits(const Model& model, std::int64_t tokens) { return tokens <= MaxInput(model); }

bool Searches(const Pattern& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
}

// ---- Rules ----------------------------------------------------------------------------------------------------------

enum class Condition { kModel, kTokens, kThinking, kTool, kUser, kHeader };

bool TokensHold(const config::Condition& when, std::int64_t tokens) {
  if (when.tokens_operator == ">=") return tokens >= when.tokens;
  if (when.tokens_operator == ">") return tokens > when.tokens;
  if (when.tokens_operator == "<=") return tokens <= when.tokens;
  if (when.tokens_operator == "<") return tokens < when.tokens;
  if (when.tokens_operator == "=") return tokens == when.tokens;
  return when.tokens_operator.empty();
}

bool HeadersHold(const CompiledRule& rule, const Facts& facts) {
  return std::all_of(rule.headers.begin(), rule.headers.end(), [&](const auto& wanted) {
    const auto found = facts.headers.find(wanted.first);
    return found != facts.headers.end() && Searches(wanted.second, found->second);
  });
}

bool ToolHolds(const Pattern& pattern, const std::vector<std::string>& tools) {
  return std::any_of(tools.begin(), tools.end(), [&](const std::string& tool) { return Searches(pattern, tool); });
}

// The first condition of the rule that does not hold; none: the rule matches. Cheap conditions come first.
std::optional<Condition> FirstUnmet(const CompiledRule& rule, const Facts& facts) {
  const config::Condition& when = rule.source->when;
  if (when.thinking && *when.thinking != facts.thinking) return Condition::kThinking;
  if (!TokensHold(when, facts.input_tokens)) return Condition::kTokens;
  if (rule.model && !Searches(rule.model, facts.model)) return Condition::kModel;
  if (rule.user && !Searches(rule.user, facts.user)) return Condition::kUser;
  if (!HeadersHold(rule, facts)) return Condition::kHeader;
  if (rule.tool && !ToolHolds(rule.tool, facts.tools)) return Condition::kTool;
  return std::nullopt;
}

// Header values may be secret: they are never repeated.
std::string DescribeUnmet(Condition condition, const config::Condition& when, const Facts& facts) {
  switch (condition) {
    case Condition::kModel: return Concat("model \"", facts.model, "\" does not match \"", when.model, "\"");
    case Condition::kTokens:
      return Concat(facts.input_tokens, " tokens is not ", when.tokens_operator, " ", when.tokens);
    case Condition::kThinking: return *when.thinking ? "thinking is not enabled" : "thinking is enabled";
    case Condition::kTool: return Concat("no tool matches \"", when.tool, "\"");
    case Condition::kUser: return Concat("the user does not match \"", when.user, "\"");
    case Condition::kHeader: return "a header it asks for is missing or does not match";
  }
  return "";
}

// ---- Slots ----------------------------------------------------------------------------------------------------------

// One slot of the order: when it applies, and how to say so.
struct SlotCheck {
  Slot slot;
  bool (*applies)(const Facts& facts, const config::Routing& routing);
  std::string (*describe)(const Facts& facts, const config::Routing& routing);
};

std::string DescribeThreshold(const Facts& facts, const config::Routing& routing) {
  if (!routing.long_context_threshold) return "no long_context_threshold is set";
  const std::int64_t threshold = *routing.long_context_threshold;
  return Concat(facts.input_tokens, " tokens ", facts.input_tokens > threshold ? "> " : "<= ", threshold);
}

// This table is the order in which the slots are asked; the first that is configured and applies gets the request.
constexpr std::array kSlotOrder = {
    SlotCheck{Slot::kThink, [](const Facts& facts, const config::Routing&) { return facts.thinking; },
              [](const Facts& facts, const config::Routing&) -> std::string {
                return facts.thinking ? "thinking is enabled" : "thinking is not enabled";
              }},
    SlotCheck{Slot::kBackground,
              [](const Facts& facts, const config::Routing&) { return ContainsIgnoreCase(facts.model, "haiku"); },
              [](const Facts& facts, const config::Routing&) {
                const bool haiku = ContainsIgnoreCase(facts.model, "haiku");
                return Concat("\"", facts.model, "\" ", haiku ? "contains" : "does not contain", " haiku");
              }},
    SlotCheck{Slot::kWebSearch, [](const Facts& facts, const config::Routing&) { return facts.web_search; },
              [](const Facts& facts, const config::Routing&) -> std::string {
                return facts.web_search ? "web search is offered" : "web search is not offered";
              }},
    SlotCheck{Slot::kImage, [](const Facts& facts, const config::Routing&) { return facts.image; },
              [](const Facts& facts, const config::Routing&) -> std::string {
                return facts.image ? "the newest user turn has an image" : "the newest user turn has no image";
              }},
    SlotCheck{Slot::kSubagent, [](const Facts& facts, const config::Routing&) { return facts.subagent; },
              [](const Facts& facts, const config::Routing&) -> std::string {
                return facts.subagent ? "a sub-agent asks" : "no sub-agent asks";
              }},
    SlotCheck{Slot::kLongContext,
              [](const Facts& facts, const config::Routing& routing) {
                return facts.input_tokens > routing.long_context_threshold.value_or(kUnlimited);
              },
              DescribeThreshold},
    SlotCheck{Slot::kDefault, [](const Facts&, const config::Routing&) { return true; },
              [](const Facts&, const config::Routing&) -> std::string { return "nothing before it applied"; }},
};

// ---- Chains ---------------------------------------------------------------------------------------------------------

std::size_t DrawnTarget(const CompiledChain& chain, std::uint64_t draw) {
  if (chain.total_weight == 0) return 0;
  std::uint64_t rest = draw % chain.total_weight;
  std::size_t at = 0;
  while (rest >= chain.targets[at].weight) rest -= chain.targets[at++].weight;
  return at;
}

bool Contains(const std::vector<const Model*>& models, const Model* model) {
  return std::find(models.begin(), models.end(), model) != models.end();
}

void AppendOnce(std::vector<const Model*>& models, const Model* model) {
  if (!Contains(models, model)) models.push_back(model);
}

// The models of a chain in the order to try: the drawn one, then the others as they stand.
std::vector<const Model*> InOrder(const CompiledChain& chain, std::uint64_t draw) {
  std::vector<const Model*> models;
  if (chain.empty()) return models;
  models.reserve(chain.targets.size());
  models.push_back(chain.targets[DrawnTarget(chain, draw)].model);
  for (const CompiledTarget& target : chain.targets) AppendOnce(models, target.model);
  return models;
}

std::string KnownNames(const config::Catalog& catalog) {
  std::vector<std::string> names;
  for (const Model& model : catalog.models) {
    if (names.size() == kNamesInMessage) break;
    names.push_back(model.name);
  }
  const std::size_t hidden = catalog.models.size() - names.size();
  return Concat(Join(names, ", "), hidden == 0 ? std::string() : Concat(" and ", hidden, " more"));
}

// ---- The decision ---------------------------------------------------------------------------------------------------

class Decider {
 public:
  Decider(const Facts& facts, const Policy& policy, std::uint64_t draw, Trace trace)
      : facts_(facts), policy_(policy), routing_(policy.catalog().routing), draw_(draw), trace_(trace) {}

  Decision Run() {
    if (!ChooseExact() && !ChooseByRule() && !ChooseBySlot()) {
      Fail(UnknownModel());
    } else {
      CheckSize();
    }
    if (!decision_.has_error) AddOnQuota();
    return std::move(decision_);
  }

 private:
  // Reasons cost a string each, so they are made only for someone who reads them.
  template <typename Name, typename Reason>
  void Note(const Name& name, bool matched, const Reason& reason) {
    if (trace_ == Trace::kFull) decision_.trace.push_back({std::string(name()), matched, std::string(reason())});
  }

  void Choose(std::vector<const Model*> candidates, std::string route) {
    decision_.candidates = std::move(candidates);
    decision_.route = std::move(route);
  }

  void Fail(RequestError error) {
    decision_.candidates.clear();
    decision_.has_error = true;
    decision_.error = std::move(error);
  }

  bool ChooseExact() {
    const Model* model = policy_.Find(facts_.model);
    Note([] { return "exact"; }, model != nullptr, [&] {
      if (model == nullptr) return Concat("no model or alias is named \"", facts_.model, "\"");
      return Concat("\"", facts_.model, "\" names model ", model->name);
    });
    if (model == nullptr) return false;
    Choose({model}, "exact");
    return true;
  }

  bool ChooseByRule() {
    for (const CompiledRule& rule : policy_.rules()) {
      const std::optional<Condition> unmet = FirstUnmet(rule, facts_);
      Note([&] { return Concat("rule ", rule.source->name); }, !unmet, [&]() -> std::string {
        return unmet ? DescribeUnmet(*unmet, rule.source->when, facts_) : "every condition holds";
      });
      if (unmet) continue;
      Choose(InOrder(rule.to, draw_), Concat("rule:", rule.source->name));
      return true;
    }
    return false;
  }

  bool ChooseBySlot() {
    for (const SlotCheck& check : kSlotOrder) {
      const CompiledChain& chain = policy_.slot(check.slot);
      const bool chosen = !chain.empty() && check.applies(facts_, routing_);
      Note([&] { return config::SlotName(check.slot); }, chosen, [&]() -> std::string {
        return chain.empty() ? "not configured" : check.describe(facts_, routing_);
      });
      if (!chosen) continue;
      Choose(InOrder(chain, draw_), std::string(config::SlotName(check.slot)));
      return true;
    }
    return false;
  }

  // The first choice decides: if the prompt is too large for it, long_context goes first where that takes it. What is
  // left of either chain and takes the prompt stays behind as fallback, in its order.
  void CheckSize() {
    if (AllFit()) {
      Note([] { return "size"; }, true, [&] { return Concat(facts_.input_tokens, " tokens fit"); });
      return;
    }
    std::vector<const Model*> preferred;
    if (!Fits(*decision_.candidates.front(), facts_.input_tokens)) {
      preferred = InOrder(policy_.slot(Slot::kLongContext), draw_);
    }
    std::vector<const Model*> considered = preferred;
    for (const Model* model : decision_.candidates) AppendOnce(considered, model);

    std::vector<const Model*> fitting;
    for (const Model* model : considered) KeepIfFitting(*model, fitting);
    if (fitting.empty()) return Fail(PromptTooLong(considered));
    if (Contains(preferred, fitting.front())) decision_.route = config::SlotName(Slot::kLongContext);
    decision_.candidates = std::move(fitting);
  }

  bool AllFit() const {
    return std::all_of(decision_.candidates.begin(), decision_.candidates.end(),
                       [&](const Model* model) { return Fits(*model, facts_.input_tokens); });
  }

  void KeepIfFitting(const Model& model, std::vector<const Model*>& fitting) {
    const bool fits = Fits(model, facts_.input_tokens);
    Note([] { return "size"; }, fits, [&] {
      if (!model.max_input_tokens) return Concat(model.name, " has no limit");
      return Concat(facts_.input_tokens, " tokens ", fits ? "<= " : "> ", *model.max_input_tokens, " of ", model.name,
                    fits ? "" : ", which is left out");
    });
    if (fits) fitting.push_back(&model);
  }

  void AddOnQuota() {
    for (const Model* model : InOrder(policy_.slot(Slot::kOnQuota), draw_)) {
      if (Fits(*model, facts_.input_tokens) && !Contains(decision_.candidates, model)) {
        decision_.on_quota.push_back(model);
      }
    }
  }

  // Claude Code reads both numbers from this wording and compacts the conversation.
  RequestError PromptTooLong(const std::vector<const Model*>& considered) const {
    std::int64_t largest = 0;
    for (const Model* model : considered) largest = std::max(largest, MaxInput(*model));
    return InvalidRequest(Concat("prompt is too long: ", facts_.input_tokens, " tokens > ", largest, " maximum"));
  }

  RequestError UnknownModel() const {
    return ClientError(404, Concat("model \"", facts_.model, "\" is not configured and there is no default route; ",
                                   policy_.catalog().models.empty() ? "no model is configured"
                                                                    : "configured models: ",
                                   KnownNames(policy_.catalog())));
  }

  const Facts& facts_;
  const Policy& policy_;
  const config::Routing& routing_;
  std::uint64_t draw_;
  Trace trace_;
  Decision decision_;
};

}  // namespace

Decision Decide(const Facts& facts, const Policy& policy, std::uint64_t draw, Trace trace) {
  return Decider(facts, policy, draw, trace).Run();
}

}  // namespace ccp::route
