// Calibrations of token counts <-> protobuf. Pure.
#pragma once

#include "ccp/v1/edge.pb.h"
#include "common/tokens/calibration.h"

namespace ccp::wire {

using CalibrationList = google::protobuf::RepeatedPtrField<v1::TokenCalibration>;

CalibrationList ToProto(const tokens::Calibrations& calibrations);
tokens::Calibrations FromProto(const CalibrationList& proto);  // Without what no calibration can be.

}  // namespace ccp::wire
