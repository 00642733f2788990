// `ccpctl stats` as a list. Pure.
#pragma once

#include <string>
#include <vector>

#include "ccp/v1/admin.pb.h"
#include "tools/ccpctl/listing.h"

namespace ccp::ctl {

// `group_by` in the order of the columns. Schema ccp.stats/v1: integers, money in nano-USD.
Listing UsageTable(const v1::StatsResponse& stats, const std::vector<std::string>& group_by);

// "complete through 12:03:10 UTC" and what is still missing; for stderr.
std::string Completeness(const v1::StatsResponse& stats);

}  // namespace ccp::ctl
