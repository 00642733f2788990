// The lists of `ccpctl get`: from what control said to columns and rows. Pure; `now_us` is an argument.
#pragma once

#include <cstdint>
#include <string>

#include "ccp/v1/admin.pb.h"
#include "common/config/model.h"
#include "tools/ccpctl/listing.h"

namespace ccp::ctl {

// `edges` tells which of the models' keys are missing where.
Listing ModelsList(const config::Catalog& catalog, const v1::ListEdgesResponse& edges);
Listing RoutesList(const config::Catalog& catalog);  // In the order in which they are tried.
Listing EdgesList(const v1::ListEdgesResponse& edges, std::int64_t now_us);
Listing RevisionsList(const v1::ListRevisionsResponse& revisions, std::int64_t now_us);

// Keeps the row whose first column is `name`, else those that begin with it. kNotFound suggests the nearest.
absl::StatusOr<Listing> OnlyNamed(Listing listing, const std::string& name);

std::string ChainText(const config::Chain& chain);  // "a > b", weighted: "a (3) | b (1)"

}  // namespace ccp::ctl
