#include "tools/ccpctl/explain_request.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/json/write.h"
#include "common/route/decide.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/direct_request.h"
#include "edge/translate/loss.h"
#include "edge/translate/messages_request.h"

namespace ccp::ctl {
namespace {

// The header by which Claude Code marks requests of its sub-agents.
constexpr std::string_view kSubagentHeader = "x-claude-code-agent-id";

absl::Status AddHeaders(const std::vector<std::string>& headers, route::Facts& facts) {
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos) return InvalidArgument("--header: got \"", header, "\", want \"name: value\"");
    facts.headers[ToLower(Trim(std::string_view(header).substr(0, colon)))] =
        Trim(std::string_view(header).substr(colon + 1));
  }
  facts.subagent = facts.headers.contains(std::string(kSubagentHeader));
  return absl::OkStatus();
}

// What translating for `model` would lose; what cannot be translated at all is an error of the request.
void AddTranslation(const translate::MessagesRequest& request, const config::Model& model, const route::Policy& policy,
                    Explanation& explanation) {
  const auto add = [&explanation](const translate::Losses& losses) {
    for (const std::string_view code : losses.codes()) explanation.losses.emplace_back(code);
  };
  if (model.direct) {
    explanation.translation = "none (direct)";
    translate::Losses losses;
    translate::ToDirectRequest(request, model, losses);
    return add(losses);
  }
  explanation.translation = Concat("chat completions, dialect ", model.dialect);
  translate::ChatRequestOptions options;
  options.model = &model;
  options.dialect = translate::FindDialect(model.dialect);
  options.tool_is_dropped = [&](std::string_view tool) { return policy.ToolIsDropped(model, tool); };
  const auto chat = translate::ToChatRequest(request, options);
  if (!chat) {
    explanation.error = chat.error().message;
    return;
  }
  add(chat->losses);
}

std::string_view MeaningOf(std::string_view loss) {
  for (const auto& known : translate::LossCodes()) {
    if (known.code == loss) return known.meaning;
  }
  return "";
}

std::string Line(std::string_view title, std::string_view text) {
  return Concat(title, std::string(title.size() < 14 ? 14 - title.size() : 1, ' '), text, "\n");
}

std::string StringsJson(const std::vector<std::string>& strings) { return ValueJson(Value(strings)); }

}  // namespace

absl::StatusOr<Explanation> ExplainRequest(const config::Catalog& catalog, std::string request_body,
                                           const std::vector<std::string>& headers,
                                           const tokens::Vocabulary* vocabulary) {
  const auto policy = route::Policy::Compile(catalog);
  if (!policy.ok()) return policy.status();
  const auto request =
      translate::MessagesRequest::Parse(std::move(request_body), translate::MessagesRequest::Endpoint::kMessages);
  if (!request)
    return InvalidArgument("the edge would answer ", request.error().http_status, ": ", request.error().message);
  route::Facts facts = (*request)->facts();
  if (const auto status = AddHeaders(headers, facts); !status.ok()) return status;
  facts.input_tokens = tokens::CountRequest((*request)->root(), vocabulary);

  const route::Decision decision = route::Decide(facts, **policy, 0, route::Trace::kFull);
  Explanation explanation;
  explanation.asked = facts.model;
  explanation.route = decision.route;
  explanation.input_tokens = facts.input_tokens;
  explanation.counted_by = vocabulary == nullptr ? "estimate" : "o200k_base";
  for (const auto& step : decision.trace) explanation.trace.push_back({step.name, step.matched, step.reason});
  for (const auto* model : decision.candidates) explanation.candidates.push_back(model->name);
  for (const auto* model : decision.on_quota) explanation.on_quota.push_back(model->name);
  if (decision.has_error) {
    explanation.error = decision.error.message;
    return explanation;
  }
  explanation.chosen = decision.candidates.front()->name;
  AddTranslation(**request, *decision.candidates.front(), **policy, explanation);
  return explanation;
}

std::string ExplanationText(const Explanation& explanation) {
  std::string out = Line("asked for", explanation.asked);
  out += Line("input", Concat(explanation.counted_by == "estimate" ? "~" : "", WithThousands(explanation.input_tokens),
                              " tokens (", explanation.counted_by, ")"));
  std::size_t widest = 0;
  for (const auto& step : explanation.trace) widest = std::max(widest, step.name.size());
  std::string_view title = "trace";
  for (const auto& step : explanation.trace) {
    const std::string padding(widest - step.name.size(), ' ');
    out += Line(title, Concat(step.matched ? "* " : "  ", step.name, padding, "  ", step.reason));
    title = "";
  }
  if (!explanation.route.empty()) out += Line("route", explanation.route);
  if (!explanation.candidates.empty()) out += Line("candidates", Join(explanation.candidates, " > "));
  if (!explanation.on_quota.empty()) out += Line("on quota", Join(explanation.on_quota, " > "));
  if (!explanation.translation.empty()) out += Line("translation", explanation.translation);
  if (!explanation.chosen.empty() && explanation.error.empty() && explanation.losses.empty())
    out += Line("losses", "none");
  for (const std::string& loss : explanation.losses) out += Line("loses", Concat(loss, ": ", MeaningOf(loss)));
  if (!explanation.chosen.empty()) out += Line("model", explanation.chosen);
  if (!explanation.error.empty()) out += Line("error", explanation.error);
  return out;
}

std::string ExplanationJson(const Explanation& explanation) {
  std::string trace;
  for (const auto& step : explanation.trace) {
    trace += Concat(trace.empty() ? "" : ",", "{\"step\":", json::Quoted(step.name),
                    ",\"matched\":", step.matched ? "true" : "false", ",\"reason\":", json::Quoted(step.reason), "}");
  }
  return Concat(
      "{\"schema\":\"ccp.explain/v1\",\"asked\":", json::Quoted(explanation.asked),
      ",\"model\":", json::Quoted(explanation.chosen), ",\"route\":", json::Quoted(explanation.route),
      ",\"input_tokens\":", explanation.input_tokens, ",\"counted_by\":", json::Quoted(explanation.counted_by),
      ",\"candidates\":", StringsJson(explanation.candidates), ",\"on_quota\":", StringsJson(explanation.on_quota),
      ",\"translation\":", json::Quoted(explanation.translation), ",\"losses\":", StringsJson(explanation.losses),
      ",\"error\":", json::Quoted(explanation.error), ",\"trace\":[", trace, "]}\n");
}

}  // namespace ccp::ctl
