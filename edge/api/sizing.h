// How large a request is, in the tokens of the model that is to read it. Pure but for its arguments.
#pragma once

#include <cstdint>
#include <string>

#include "common/route/decide.h"
#include "common/tokens/count.h"
#include "edge/api/context.h"
#include "edge/api/turn_state.h"

namespace ccp::edge {

// Under which a model's calibration is kept: the upstream's name counts, whatever the configuration calls it.
std::string CalibrationKey(const config::Model& model);

// Decides by the plain estimate in `facts`; where the model this gives is known to count otherwise, once more by its own
// count, which `facts` then has.
route::Decision DecideBySize(route::Facts& facts, const Snapshot& snapshot, std::uint64_t draw,
                             const tokens::CalibrationBook& calibrations);

// Fills in how large a turn's input is, unless that is known: by our estimate, since exact counting would cost more than all
// the rest of the turn, and corrected to what `model` would count. The request must be awake.
void MeasureInput(TurnState& turn, const config::Model& model);

// What count_tokens counts by, as the model's `tokenizer` says. Exact where the model is known to use our vocabulary,
// and we have it; else the estimate, corrected by what the model reported (nullptr), and the vocabulary only where nothing
// was reported yet. `model` may be nullptr.
const tokens::Vocabulary* VocabularyFor(const config::Model* model, const ApiContext& context);

}  // namespace ccp::edge
