// A past request, attempt by attempt, from the ledger. Pure.
#pragma once

#include "ccp/v1/admin.pb.h"
#include "tools/ccpctl/listing.h"

namespace ccp::ctl {

Listing RequestHistory(const v1::GetRequestResponse& history);

}  // namespace ccp::ctl
