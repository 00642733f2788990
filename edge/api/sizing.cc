#include "edge/api/sizing.h"

#include "common/base/text.h"

namespace ccp::edge {
namespace {

bool EstimateServes(const config::Model& model, const tokens::CalibrationBook& calibrations) {
  if (model.tokenizer == "estimate") return true;
  if (model.tokenizer == "o200k" || tokens::CountsWithO200k(model.upstream_name)) return false;
  return calibrations.Knows(CalibrationKey(model));
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
  if (turn.input_tokens != 0) return;
  if (turn.estimated_tokens == 0) turn.estimated_tokens = tokens::CountRequest(turn.request->root(), nullptr);
  turn.input_tokens = turn.context.calibrations.Calibrated(CalibrationKey(model), turn.estimated_tokens);
}

const tokens::Vocabulary* VocabularyFor(const config::Model* model, const ApiContext& context) {
  return model != nullptr && EstimateServes(*model, context.calibrations) ? nullptr : context.vocabulary;
}

}  // namespace ccp::edge
