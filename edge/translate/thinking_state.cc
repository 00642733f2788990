#include "edge/translate/thinking_state.h"

#include <utility>

#include "common/json/write.h"
#include "edge/translate/reasoning_state.h"

namespace ccp::translate {
namespace {

// Under which key a detail keeps what it has to say.
std::string_view ContentKey(std::string_view type) {
  if (type == "reasoning.summary") return "summary";
  if (type == "reasoning.encrypted") return "data";
  return "text";
}

}  // namespace

ThinkingState::ThinkingState(Dialect::History history, Text text, std::string_view fleet_secret)
    : history_(history), text_(text), fleet_secret_(fleet_secret) {}

ThinkingState::Unsealed& ThinkingState::unsealed() {
  if (unsealed_ == nullptr) unsealed_ = std::make_unique<Unsealed>();
  return *unsealed_;
}

void ThinkingState::AddText(std::string_view escaped) {
  if (text_ == Text::kOmitted && history_ != Dialect::History::kDrop) json::AppendUnescaped(unsealed().omitted, escaped);
}

void ThinkingState::AddDetails(json::Value reasoning_details) {
  if (history_ != Dialect::History::kReasoningDetails) return;
  for (const json::Value element : reasoning_details.elements()) {
    const std::string type = element["type"].str();
    if (type.empty()) continue;
    const std::optional<std::int64_t> index = element["index"].integer();
    const std::string id = element["id"].str();
    std::vector<Detail>& details = unsealed().details;
    const auto continues = [&](const Detail& last) {
      return last.type == type && last.index == index && (id.empty() || last.id.empty() || last.id == id);
    };
    if (details.empty() || !continues(details.back())) {
      details.push_back({type, {}, {}, {}, index, {}});
      unsealed_->detail_bytes += sizeof(Detail);
    }
    Detail& detail = details.back();
    const auto replace = [&](std::string_view key, std::string& field) {
      std::string value = element[key].str();
      if (value.empty()) return;
      unsealed_->detail_bytes += value.size();
      field = std::move(value);
    };
    replace("id", detail.id);
    replace("format", detail.format);
    replace("signature", detail.signature);
    const std::string_view content = element[ContentKey(type)].escaped();
    unsealed_->detail_bytes += content.size();
    detail.content += content;
    const bool is_state = type == "reasoning.encrypted" || !detail.signature.empty();
    if (is_state && !detail.content.empty()) unsealed_->needs_block = true;
  }
}

void ThinkingState::SetUpstreamSignature(std::string_view signature) {
  if (IsPlainAscii(signature)) unsealed().upstream_signature = signature;
}

std::string ThinkingState::Seal() {
  if (unsealed_ == nullptr) return EncodeState({}, fleet_secret_);
  ReasoningState state;
  if (!unsealed_->details.empty() && (text_ == Text::kOmitted || needs_block())) {
    state = {StateKind::kReasoningDetails, DetailsJson(unsealed_->details)};
  } else if (!unsealed_->omitted.empty()) {
    state = {StateKind::kReasoningContent, std::move(unsealed_->omitted)};
  }
  const std::unique_ptr<Unsealed> sealed = std::move(unsealed_);
  if (!sealed->upstream_signature.empty()) return std::move(sealed->upstream_signature);
  return EncodeState(state, fleet_secret_);
}

std::string ThinkingState::DetailsJson(const std::vector<Detail>& details) {
  std::string out = "[";
  for (const Detail& detail : details) {
    if (out.size() > 1) out += ',';
    out += R"({"type":)";
    json::AppendString(out, detail.type);
    out += ",\"";
    out += ContentKey(detail.type);
    out += "\":\"";
    out += detail.content;
    out += '"';
    const auto add = [&out](std::string_view key, std::string_view value) {
      if (value.empty()) return;
      out += ",\"";
      out += key;
      out += "\":";
      json::AppendString(out, value);
    };
    add("signature", detail.signature);
    add("id", detail.id);
    add("format", detail.format);
    if (detail.index) {
      out += R"(,"index":)";
      json::AppendNumber(out, *detail.index);
    }
    out += '}';
  }
  out += ']';
  return out;
}

}  // namespace ccp::translate
