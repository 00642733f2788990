#include "common/wire/calibrations.h"

#include <cmath>

namespace ccp::wire {

CalibrationList ToProto(const tokens::Calibrations& calibrations) {
  CalibrationList list;
  for (const auto& [model, calibration] : calibrations) {
    v1::TokenCalibration& entry = *list.Add();
    entry.set_model(model);
    entry.set_factor(calibration.factor);
    entry.set_samples(calibration.samples);
  }
  return list;
}

tokens::Calibrations FromProto(const CalibrationList& proto) {
  tokens::Calibrations calibrations;
  for (const v1::TokenCalibration& entry : proto) {
    if (entry.model().empty() || !std::isfinite(entry.factor()) || entry.factor() <= 0) continue;
    calibrations[entry.model()] = {entry.factor(), entry.samples()};
  }
  return calibrations;
}

}  // namespace ccp::wire
