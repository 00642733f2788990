// The configuration as control has it, compiled form and source.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/config/model.h"
#include "tools/ccpctl/admin_client.h"

namespace ccp::ctl {

struct RemoteCatalog {
  std::uint64_t revision = 0;
  config::Catalog catalog;
  std::string source;
};

// `revision` 0: the head. kNotFound when nothing was applied yet.
absl::StatusOr<RemoteCatalog> FetchCatalog(AdminClient& client, std::uint64_t revision);

}  // namespace ccp::ctl
