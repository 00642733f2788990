// Whose credential goes to a model's provider. Pure but for the key store.
#pragma once

#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/config/model.h"
#include "edge/upstream/keys.h"

namespace ccp::edge {

// Fills in the provider key that a request of `model` carries: "" where it carries none, or the client's credential.
// Returns why there can be no request: a key is missing, or a client's credential would go to a stranger.
std::optional<RequestError> FindKey(const config::Model& model, const KeyStore& keys, std::string& key);

}  // namespace ccp::edge
