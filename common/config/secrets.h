// Keeps keys out of messages. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ccp::config {

// Whether `text` looks like a credential itself and not like the name of one: a known prefix (sk-, AIza, gsk_ ...) or a
// long random run. Model names and variable names are not taken for one.
bool LooksLikeSecret(std::string_view text);

// `line` with what looks like a credential replaced by as many asterisks, so that columns stay, and control
// characters (but tabs) by '?', so that a file cannot steer a terminal.
std::string Printable(std::string_view line);

// A value of the file as messages quote it: in double quotes, printable, at most 60 bytes.
std::string Quote(std::string_view value);

}  // namespace ccp::config
