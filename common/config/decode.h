// The tree of a file -> a catalog, as the field table says. Private to common/config.
//
// Finds what only the file shows: unknown keys, wrong types, unreadable values, unknown providers. What is left, the
// catalog itself shows: Validate(). So that both come out with line and column, every value's place is kept by path.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/config/findings.h"
#include "common/config/model.h"
#include "common/config/yaml_tree.h"

namespace ccp::config {

// Where each key of the file stands.
class Places {
 public:
  struct Place {
    Position at;
    std::string path;  // As the file has it: a value that a model takes over stands at its provider.
  };

  void Set(std::string path, Position key, Position value) { marks_[std::move(path)] = {key, value}; }
  void Inherit(std::string path, std::string from) { inherited_[std::move(path)] = std::move(from); }

  // The value at `path`; else that of the provider it is taken over from; else the key of the nearest map around it.
  Place Find(std::string_view path) const;

 private:
  struct Mark {
    Position key;
    Position value;
  };
  std::map<std::string, Mark, std::less<>> marks_;
  std::map<std::string, std::string, std::less<>> inherited_;  // models.x -> providers.p
};

struct Decoded {
  Catalog catalog;                                          // Names in chains as written: perhaps aliases.
  std::vector<std::pair<std::string, Model>> providers;     // Checked too: one that no model uses may be wrong as well.
  Places places;
};

Decoded Decode(const YamlNode& root, Findings& findings);

}  // namespace ccp::config
