// The .env form of secrets: NAME=value lines. Pure.
//
// `export NAME=value` is the same; # begins a comment (in an unquoted value only behind white space); single quotes keep
// everything as it is, double quotes know \n \t \\ \" \$. Nothing is expanded.
// Errors: kInvalidArgument with the line number, never with the line, which may hold a secret.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp::edge {

using EnvVariables = std::map<std::string, std::string, std::less<>>;

absl::StatusOr<EnvVariables> ParseEnvFile(std::string_view text);  // Of a name that stands twice the last value counts.

}  // namespace ccp::edge
