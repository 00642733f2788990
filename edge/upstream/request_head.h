// The head of a request as it goes out. Pure.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "edge/upstream/client.h"
#include "edge/upstream/origin.h"
#include "edge/upstream/proxy.h"

namespace ccp::edge {

// Request line, Host, the request's headers, Accept-Encoding: identity; what follows is EndOfHead(). `forward_proxy` is the
// proxy that gets the whole URL in the request line and its credential, or nullptr.
// kInvalidArgument, with the header's name and never its value, for what could not be sent as one header line.
absl::StatusOr<std::string> WriteRequestHead(const UpstreamRequest& request, const UrlParts& url,
                                             const Proxy* forward_proxy);

// Content-Length, where the request has a body or ought to have one, and the empty line.
std::string EndOfHead(const UpstreamRequest& request);

// What UpstreamClient::Prepare() makes ready.
struct PreparedRequest {
  std::shared_ptr<const UrlParts> url;
  std::string head;                     // Without its end.
};

}  // namespace ccp::edge
