// Tool names as the upstream may see them. Most are fine as they are and cost one look at their letters.
// Pure: the same tools give the same names on every turn, or the upstream's history would name tools it does not know.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "common/json/document.h"
#include "edge/translate/chat_request.h"

namespace ccp::translate {

class UpstreamToolNames {
 public:
  // `tools`: the request's tools, so that no changed name falls on another tool's own.
  UpstreamToolNames(json::Value tools, std::size_t max_length);

  // The name for the upstream: the client's own, or its beginning with "_" and 8 hex digits of its hash.
  std::string For(std::string_view name);

  const ToolNames& changed() const { return changed_; }

 private:
  bool IsFine(std::string_view name) const;
  std::string Changed(std::string_view name);

  std::size_t max_length_;
  json::Value tools_;
  std::set<std::string, std::less<>> taken_;  // Names of the client that stay; filled when the first one has to change.
  ToolNames changed_;                         // Upstream -> client.
  ToolNames given_;                           // Client -> upstream: a history names its tools again and again.
};

}  // namespace ccp::translate
