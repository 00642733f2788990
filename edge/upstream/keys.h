// Provider keys of this edge: looked up by name in the process environment, then in a .env file. Never logged.
//
// Threading: Find() is thread-safe and cheap; the file is read again when its modification time changes (checked at most
//   once a second). Errors: a file that cannot be read is an error at start, later a warning and the last good content stays.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/model.h"

namespace ccp::edge {

class KeyStore {
 public:
  // `env_file` may be empty. Lines: NAME=value, `export NAME=value`, # comments, single and double quotes.
  static absl::StatusOr<std::unique_ptr<KeyStore>> Open(const std::string& env_file);
  virtual ~KeyStore() = default;
  virtual std::string Find(std::string_view name) const = 0;   // "" when there is none, or it is empty.
};

// Names that the catalog's models need and the store lacks; sorted, once each.
std::vector<std::string> MissingKeys(const config::Catalog& catalog, const KeyStore& keys);

}  // namespace ccp::edge
