// Where the tokenizer's vocabulary lies on this machine. The one impure file of this room: it reads the environment and
// the file system, and belongs to the programs' start, not to the request path.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/tokens/count.h"

namespace ccp::tokens {

// The first that exists of $CCP_TOKENIZER, ${XDG_DATA_HOME:-~/.local/share}/ccp/o200k_base.tiktoken and
// /usr/share/ccp/o200k_base.tiktoken; "" if there is none. When CCP_TOKENIZER is set, only that one is looked for;
// "none" means no vocabulary. deploy/install-tokenizer.sh puts the file in place.
std::string FindVocabularyFile();

// Reads the file (about 90 ms, 6 MB of memory). Errors: kNotFound, or kInvalidArgument naming the file and the line.
absl::StatusOr<std::shared_ptr<const Vocabulary>> LoadVocabulary(const std::string& path);

}  // namespace ccp::tokens
