#include "edge/translate/direct_request.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/base/text.h"
#include "common/config/url.h"
#include "common/json/write.h"
#include "edge/translate/reasoning_state.h"
#include "edge/translate/search_round.h"
#include "edge/translate/thinking_budget.h"

namespace ccp::translate {
namespace {

using json::Value;

// One change of the body: bytes [begin, end) give way to `text`.
struct Splice {
  std::size_t begin;
  std::size_t end;
  std::string text;
};

std::size_t EndOf(Value value) { return value.offset() + value.raw().size(); }

Splice Replace(Value value, std::string text) { return {value.offset(), EndOf(value), std::move(text)}; }

bool IsThinking(Value block) {
  const Value type = block["type"];
  return type.is("thinking") || type.is("redacted_thinking");
}

bool IsAnthropicsOwn(const config::Model& model) {
  const auto url = config::ParseUrl(model.api_base);
  return url.ok() && config::IsFirstPartyHost(url->host);
}

// A search that we made up from citations, or that another upstream did and told us nothing of: Anthropic's own results
// carry their content, encrypted.
bool IsOurSearchResult(Value block) {
  if (!block["type"].is("web_search_tool_result")) return false;
  if (IsEchoedSearch(block["tool_use_id"].escaped())) return true;
  for (const Value page : block["content"].elements()) {
    if (page["encrypted_content"].is("")) return true;
  }
  return false;
}

bool IsAssistant(Value message) { return message["role"].is("assistant"); }

bool HasToolResult(Value message) {
  for (const Value block : message["content"].elements()) {
    if (block["type"].is("tool_result")) return true;
  }
  return false;
}

// Where the tool loop begins that the conversation is in: at the first assistant message behind what the user said
// last. messages.size(): in none.
std::size_t LoopBegin(const std::vector<Value>& messages) {
  std::size_t begin = messages.size();
  bool user_spoke = true;  // Between the last assistant message and here, and no tool answered there.
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (IsAssistant(messages[i])) {
      if (user_spoke) begin = i;
      user_spoke = false;
    } else {
      const bool follows_assistant = i == 0 || IsAssistant(messages[i - 1]);
      user_spoke = (follows_assistant || user_spoke) && !HasToolResult(messages[i]);
    }
  }
  return user_spoke ? messages.size() : begin;
}

// Takes elements out of an array with the right number of commas. `removed` runs along `elements`; at least one stays.
void RemoveElements(const std::vector<Value>& elements, const std::vector<bool>& removed,
                    std::vector<Splice>& splices) {
  for (std::size_t begin = 0; begin < elements.size(); ++begin) {
    if (!removed[begin]) continue;
    std::size_t end = begin;
    while (end < elements.size() && removed[end]) ++end;
    if (end < elements.size()) {
      splices.push_back({elements[begin].offset(), elements[end].offset(), ""});
    } else {
      splices.push_back({EndOf(elements[begin - 1]), EndOf(elements[end - 1]), ""});
    }
    begin = end;
  }
}

bool AreAll(const std::vector<bool>& removed) {
  return std::all_of(removed.begin(), removed.end(), [](bool is_removed) { return is_removed; });
}

class DirectSplicer {
 public:
  DirectSplicer(const MessagesRequest& request, const config::Model& model, Losses& losses)
      : request_(request), model_(model), losses_(losses), anthropics_own_(IsAnthropicsOwn(model)) {
    for (const Value message : request.messages().elements()) messages_.push_back(message);
  }

  std::string Run() {
    ReplaceModel();
    CapMaxTokens();
    AdjustThinking();
    CleanMessages();
    return Apply();
  }

 private:
  void ReplaceModel() {
    if (request_.model() == model_.upstream_name) return;
    splices_.push_back(Replace(request_.model_value(), json::Quoted(model_.upstream_name)));
  }

  bool CapsMaxTokens() const {
    return request_.max_tokens() && model_.max_tokens && *request_.max_tokens() > *model_.max_tokens;
  }

  void CapMaxTokens() {
    if (!CapsMaxTokens()) return;
    splices_.push_back(Replace(request_.max_tokens_value(), std::to_string(*model_.max_tokens)));
    losses_.Add("max_tokens_capped");
  }

  void AdjustThinking() {
    if (!request_.thinking()["type"].is("enabled")) return;
    const std::size_t loop = LoopBegin(messages_);
    if (LosesItsThinking(loop)) {
      no_thinking_from_ = loop;  // Without thinking, the upstream refuses any block of it in this turn.
      return SwitchThinkingOff("thinking_disabled_for_history");
    }
    if (CapsMaxTokens()) CapBudget();
  }

  // Thinking that this upstream would refuse, because it did not sign it.
  bool IsForeignThinking(Value block) const {
    if (!IsThinking(block)) return false;
    const bool is_redacted = block["type"].is("redacted_thinking");
    const std::string signature = block[is_redacted ? "data" : "signature"].str();
    return LooksLikeState(signature) || (anthropics_own_ && !LooksLikeAnthropics(signature));
  }

  // Whether the turn that begins at `loop` began with foreign thinking, and will begin with something else.
  bool LosesItsThinking(std::size_t loop) const {
    bool had_foreign = false;
    for (std::size_t i = loop; i < messages_.size(); ++i) {
      if (!IsAssistant(messages_[i])) continue;
      for (const Value block : messages_[i]["content"].elements()) {
        if (!IsForeignThinking(block)) return had_foreign && !IsThinking(block);
        had_foreign = true;
      }
    }
    return false;
  }

  void CapBudget() {
    const Value budget = request_.thinking()["budget_tokens"];
    const auto asked = budget.integer();
    if (!asked) return;
    const auto fitting = BudgetWithin(*asked, *request_.max_tokens(), *model_.max_tokens);
    if (!fitting) return SwitchThinkingOff("thinking_disabled_for_max_tokens");
    if (*fitting == *asked) return;
    splices_.push_back(Replace(budget, std::to_string(*fitting)));
    losses_.Add("thinking_budget_capped");
  }

  void SwitchThinkingOff(std::string_view loss) {
    splices_.push_back(Replace(request_.thinking(), R"({"type":"disabled"})"));
    losses_.Add(loss);
    RemoveThinkingEdits();
  }

  // "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive"
  void RemoveThinkingEdits() {
    const Value edits = request_.root()["context_management"]["edits"];
    std::vector<Value> elements;
    std::vector<bool> removed;
    for (const Value edit : edits.elements()) {
      elements.push_back(edit);
      removed.push_back(edit["type"].escaped().starts_with("clear_thinking"));
    }
    if (elements.empty()) return;
    if (AreAll(removed)) return splices_.push_back(Replace(edits, "[]"));
    RemoveElements(elements, removed, splices_);
  }

  void CleanMessages() {
    std::vector<bool> removed;
    for (std::size_t i = 0; i < messages_.size(); ++i) removed.push_back(CleanMessage(i));
    if (!AreAll(removed)) RemoveElements(messages_, removed, splices_);
  }

  // Returns whether the message is to go as a whole, because nothing of it would be left.
  bool CleanMessage(std::size_t index) {
    const std::unordered_set<std::string> searches = OurSearches(messages_[index]);
    std::vector<Value> blocks;
    std::vector<bool> removed;
    for (const Value block : messages_[index]["content"].elements()) {
      const bool thinking = index >= no_thinking_from_ ? IsThinking(block) : IsForeignThinking(block);
      const bool search = !searches.empty() && (searches.contains(block["id"].str()) || IsOurSearchResult(block));
      blocks.push_back(block);
      removed.push_back(thinking || search);
      if (thinking) losses_.Add("thinking_history_dropped");
      if (search) losses_.Add("server_tool_history_dropped");
      CleanToolId(block);
    }
    if (!blocks.empty() && AreAll(removed)) return true;
    RemoveElements(blocks, removed, splices_);
    return false;
  }

  // Ids of the searches in a message that we made up.
  static std::unordered_set<std::string> OurSearches(Value message) {
    std::unordered_set<std::string> ids;
    for (const Value block : message["content"].elements()) {
      if (IsOurSearchResult(block)) ids.insert(block["tool_use_id"].str());
    }
    return ids;
  }

  void CleanToolId(Value block) {
    const Value id = block["type"].is("tool_use")      ? block["id"]
                     : block["type"].is("tool_result") ? block["tool_use_id"]
                                                       : Value();
    if (!id) return;
    const std::string given = id.str();
    const std::string kept = SplitToolId(given, "").id;  // By its look: a state is foreign here whoever made it.
    if (kept != given) splices_.push_back(Replace(id, json::Quoted(kept)));
  }

  std::string Apply() {
    std::sort(splices_.begin(), splices_.end(), [](const Splice& a, const Splice& b) { return a.begin < b.begin; });
    const std::string& body = request_.body();
    std::string out;
    out.reserve(body.size() + 64);
    std::size_t at = 0;
    for (const Splice& splice : splices_) {
      out.append(body, at, splice.begin - at);
      out += splice.text;
      at = splice.end;
    }
    return out.append(body, at);
  }

  const MessagesRequest& request_;
  const config::Model& model_;
  Losses& losses_;
  bool anthropics_own_;
  std::vector<Value> messages_;
  std::size_t no_thinking_from_ = static_cast<std::size_t>(-1);  // Messages from here on lose all thinking.
  std::vector<Splice> splices_;
};

}  // namespace

std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model, Losses& losses) {
  return DirectSplicer(request, model, losses).Run();
}

std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model) {
  Losses unreported;
  return ToDirectRequest(request, model, unreported);
}

}  // namespace ccp::translate
