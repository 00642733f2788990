// Exit codes of ccpctl: a contract with scripts. `ccpctl help exit-codes` prints the table in topics.cc.
#pragma once

#include "absl/status/status.h"

namespace ccp::ctl {

enum Exit : int {
  kOk = 0,
  kFailed = 1,  // diff: there are differences.
  kUsage = 2,   // Wrong command line, or an invalid configuration. diff: trouble.
  kNotFound = 3,
  kNotAllowed = 4,
  kConflict = 5,       // The revision moved, a name or an address is taken.
  kUnreachable = 6,    // Control does not answer.
  kUndone = 7,         // A rollout did not succeed and was undone.
  kTimedOut = 8,       // --wait or --timeout ran out.
  kInterrupted = 130,  // Ctrl-C.
};

// What a failed call to control (or a failed local step) means for the caller's script.
Exit ExitFor(const absl::Status& status);

}  // namespace ccp::ctl
