#include "edge/translate/direct_request.h"

#include <algorithm>
#include <vector>

#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/reasoning_state.h"

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

bool IsOurThinking(Value block) { return block["type"].is("thinking") && LooksLikeState(block["signature"].escaped()); }

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

class DirectSplicer {
 public:
  DirectSplicer(const MessagesRequest& request, const config::Model& model) : request_(request), model_(model) {}

  std::string Run() {
    ReplaceModel();
    CapMaxTokens();
    CleanMessages();
    return Apply();
  }

 private:
  void ReplaceModel() {
    if (request_.model() == model_.upstream_name) return;
    splices_.push_back(Replace(request_.model_value(), json::Quoted(model_.upstream_name)));
  }

  void CapMaxTokens() {
    if (!request_.max_tokens() || !model_.max_tokens || *request_.max_tokens() <= *model_.max_tokens) return;
    splices_.push_back(Replace(request_.max_tokens_value(), std::to_string(*model_.max_tokens)));
  }

  void CleanMessages() {
    std::vector<Value> messages;
    std::vector<bool> removed;
    for (const Value message : request_.messages().elements()) {
      messages.push_back(message);
      removed.push_back(CleanMessage(message));
    }
    const bool all = std::all_of(removed.begin(), removed.end(), [](bool is_removed) { return is_removed; });
    if (!all) RemoveElements(messages, removed, splices_);
  }

  // Returns whether the message is to go as a whole, because nothing of it would be left.
  bool CleanMessage(Value message) {
    std::vector<Value> blocks;
    std::vector<bool> removed;
    for (const Value block : message["content"].elements()) {
      blocks.push_back(block);
      removed.push_back(IsOurThinking(block));
    }
    if (!removed.empty() && std::all_of(removed.begin(), removed.end(), [](bool is_removed) { return is_removed; })) {
      return true;
    }
    RemoveElements(blocks, removed, splices_);
    for (const Value block : blocks) CleanToolId(block);
    return false;
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
  std::vector<Splice> splices_;
};

}  // namespace

std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model) {
  return DirectSplicer(request, model).Run();
}

}  // namespace ccp::translate
