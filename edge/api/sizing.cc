#include "edge/api/sizing.h"

#include "common/base/text.h"

namespace ccp::edge {
namespace {

enum class Counter : std::uint8_t { kVocabulary, kEstimate };

Counter CounterFor(const config::Model& model, const ApiContext& context) {
  if (context.vocabulary == nullptr || model.tokenizer == "estimate") return Counter::kEstimate;
  if (model.tokenizer == "o200k" || tokens::CountsWithO200k(model.upstream_name)) return Counter::kVocabulary;
  return context.calibrations.Knows(CalibrationKey(model)) ? Counter::kEstimate : Counter::kVocabulary;
}

}  // namespace

std::string CalibrationKey(const config::Model& model) { return Concat(model.provider, "/", model.upstream_name); }

route::Decision DecideBySize(route::Facts& facts, const Snapshot& snapshot, std::uint64_t draw,
                             const tokens::CalibrationBook& calibrations) {
  route::Decision decision = route::Decide(facts, *snapshot.policy, draw, route::Trace::kNone);
  const config::Model* model = decision.candidates.empty() ? snapshot.policy->Find(facts.model) : decision.candidates.front();
  if (model == nullptr) return decision;
  const std::int64_t calibrated = calibrations.Calibrated(CalibrationKey(*model), facts.input_tokens);
  if (calibrated == facts.input_tokens) return decision;
  facts.input_tokens = calibrated;
  return route::Decide(facts, *snapshot.policy, draw, route::Trace::kNone);
}

void MeasureInput(TurnState& turn, const config::Model& model) {
  if (turn.estimated_tokens != 0) return;
  turn.estimated_tokens = tokens::CountRequest(turn.request->root(), nullptr);
  turn.input_tokens = turn.context.calibrations.Calibrated(CalibrationKey(model), turn.estimated_tokens);
}

std::int64_t CountFor(const config::Model* model, json::Value request, const ApiContext& context) {
  if (model == nullptr) return tokens::CountRequest(request, context.vocabulary);
  if (CounterFor(*model, context) == Counter::kVocabulary) return tokens::CountRequest(request, context.vocabulary);
  return context.calibrations.Calibrated(CalibrationKey(*model), tokens::CountRequest(request, nullptr));
}

}  // namespace ccp::edge
