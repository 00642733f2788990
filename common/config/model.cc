#include "common/config/model.h"

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

ModelsByName::ModelsByName(const Catalog& catalog) {
  for (const Model& model : catalog.models) models_.try_emplace(model.name, &model);
  for (const Model& model : catalog.models) {
    for (const std::string& alias : model.aliases) models_.try_emplace(alias, &model);
  }
}

const Model* ModelsByName::Find(std::string_view name_or_alias) const {
  const auto found = models_.find(name_or_alias);
  return found == models_.end() ? nullptr : found->second;
}

}  // namespace ccp::config
