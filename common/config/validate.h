// The checks behind Validate(), in the pieces Load() needs. Private to common/config.
#pragma once

#include <string>

#include "common/config/findings.h"
#include "common/config/model.h"

namespace ccp::config {

// What the field table and the fields among each other demand of one model or provider at `path`; without that which
// only a model must have (a name, an api_base). Findings have no position.
void CheckSettings(const Model& model, const std::string& path, Findings& findings);

// Everything Validate() checks.
void CheckCatalog(const Catalog& catalog, Findings& findings);

}  // namespace ccp::config
