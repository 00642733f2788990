#include "common/config/model.h"

#include <algorithm>

namespace ccp::config {

std::string_view SlotName(Slot slot) {
  switch (slot) {
    case Slot::kDefault: return "default";
    case Slot::kBackground: return "background";
    case Slot::kThink: return "think";
    case Slot::kLongContext: return "long_context";
    case Slot::kWebSearch: return "web_search";
    case Slot::kImage: return "image";
    case Slot::kSubagent: return "subagent";
    case Slot::kOnQuota: return "on_quota";
  }
  return "";
}

const Model* Catalog::Find(std::string_view name_or_alias) const {
  for (const Model& model : models) {
    if (model.name == name_or_alias) return &model;
  }
  for (const Model& model : models) {
    if (std::find(model.aliases.begin(), model.aliases.end(), name_or_alias) != model.aliases.end()) return &model;
  }
  return nullptr;
}

}  // namespace ccp::config
