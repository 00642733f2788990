// What every command gets: the global flags, and where it speaks. stdout is data, stderr is words.
#pragma once

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/ccpctl/exit.h"
#include "tools/ccpctl/listing.h"
#include "tools/ccpctl/plan.h"

namespace ccp::ctl {

inline constexpr char kDefaultServer[] = "127.0.0.1:7443";

struct Session {
  std::string server = kDefaultServer;
  Format format = Format::kTable;
  std::chrono::milliseconds timeout{10'000};
  Paint paint = Paint::kPlain;  // Of stderr.
  std::ostream& out;
  std::ostream& err;
};

// "ccpctl: error: ..." on stderr; with -o json one object. Returns the exit code that fits.
Exit Report(const Session& session, const absl::Status& status);

// Whole file, or stdin for "-". kInvalidArgument says which file and why.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Whether somebody can be asked: stdin is a terminal and CCP_NO_INPUT is not set.
bool CanAsk();
// Asks on stderr; true only for "y" or "yes".
bool Confirm(const Session& session, std::string_view question);

std::string Environment(const char* name, std::string_view otherwise = "");

}  // namespace ccp::ctl
