#include "edge/api/credentials.h"

#include "common/base/text.h"
#include "edge/api/headers.h"

namespace ccp::edge {
namespace {

RequestError MissingKey(const config::Model& model) {
  RequestError error = ClientError(
      403, Concat("model ", model.name, " needs the provider key ", model.api_key_name,
                  ", which this edge does not have: set it in the edge's environment or its --env-file"));
  error.origin = RequestError::Origin::kEdge;
  error.retry = RequestError::Retry::kElsewhere;
  error.should_retry = false;  // Claude Code repeats a 401 for minutes; it shows a 403 at once.
  return error;
}

RequestError ForeignPassthrough(const config::Model& model) {
  RequestError error = ClientError(403, Concat("model ", model.name, ": auth: passthrough is for Anthropic's own API only, ",
                                               "so that a client's credential never reaches anyone else"));
  error.origin = RequestError::Origin::kEdge;
  error.retry = RequestError::Retry::kElsewhere;
  error.should_retry = false;
  return error;
}

}  // namespace

std::optional<RequestError> FindKey(const config::Model& model, const KeyStore& keys, std::string& key) {
  if (model.auth == config::Auth::kPassthrough) {
    if (MayPassCredential(model)) return std::nullopt;
    return ForeignPassthrough(model);
  }
  if (model.api_key_name.empty()) return std::nullopt;
  key = keys.Find(model.api_key_name);
  if (key.empty()) return MissingKey(model);
  return std::nullopt;
}

}  // namespace ccp::edge
