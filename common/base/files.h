// Files and folders as all of our programs make them. Messages name the path and the reason, not the flag it came from.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ccp {

// Writes a file whole or not at all: whoever waits for it never reads half of it. Not synced to disk.
// kUnavailable: it cannot be written.
absl::Status WriteWholeFile(const std::string& path, std::string_view text);

// Makes a folder, and those above it, that only its owner can look into. One that is there already keeps its
// permissions: it may be shared with others. kUnavailable: there is none and none can be made.
absl::Status MakePrivateFolder(const std::string& path);

}  // namespace ccp
