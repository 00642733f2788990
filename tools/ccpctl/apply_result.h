// What came of an apply or a rollback: text, JSON and exit code of an ApplyResponse. Pure.
#pragma once

#include <string>
#include <vector>

#include "ccp/v1/admin.pb.h"
#include "common/config/diff.h"
#include "common/config/load.h"
#include "tools/ccpctl/exit.h"

namespace ccp::ctl {

// Of the source; what edges lack is told by MissingKeyWarnings().
std::vector<config::Diagnostic> DiagnosticsOf(const v1::ApplyResponse& response);
std::vector<config::Change> ChangesOf(const v1::ApplyResponse& response);

std::string ResultText(const v1::ApplyResponse& response);  // "revision 42 applied" and a line per edge.
std::string ResultJson(const v1::ApplyResponse& response);  // ccp.apply/v1
std::string MissingKeyWarnings(const v1::ApplyResponse& response);

enum class Strictness { kNoneMayRefuse, kAllMustAnswer };
// kFailed: an edge refused the revision; kTimedOut: one did not answer and had to; else kOk.
Exit RolloutExit(const v1::ApplyResponse& response, Strictness strictness);

std::string EdgeName(const v1::EdgeInfo& edge);  // Its name, else its id.
std::string SyncName(const v1::EdgeInfo& edge);  // "synced" "stale" "rejected" "not sent"

}  // namespace ccp::ctl
