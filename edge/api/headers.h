// What goes upstream, and what comes back, beside the bodies. Pure.
//
// Upstream headers are BUILT from an allow-list, never copied and filtered: a header nobody thought of stays here, and so
// does every credential of the client. The one exception is `auth: passthrough` to a first-party host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"
#include "edge/http/server.h"

namespace ccp::edge {

enum class UpstreamPath { kMessages, kCountTokens };

// Where a request of `model` goes. `query` of the client is kept for direct models.
std::string UpstreamUrl(const config::Model& model, UpstreamPath path, std::string_view query);

// `key`: the provider key, or "" where none is configured.
std::vector<Header> ChatHeaders(const config::Model& model, std::string_view key);
std::vector<Header> DirectHeaders(const config::Model& model, const HttpRequest& client, std::string_view key);

// Whether the client's own credential may go to the model's host.
bool MayPassCredential(const config::Model& model);

// Headers of a direct upstream's answer that its clients read: rate limits, organisation, its own request id.
std::vector<Header> ForwardedAnswerHeaders(const std::vector<Header>& upstream);

// Adds `more`; a header of the same name that is there already gives way.
void ReplaceHeaders(std::vector<Header>& headers, const std::vector<Header>& more);

// The first of that (lower-case) name; "" if there is none.
std::string_view FindHeader(const std::vector<Header>& headers, std::string_view name);

}  // namespace ccp::edge
