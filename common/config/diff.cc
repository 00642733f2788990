#include "common/config/diff.h"

#include <map>
#include <variant>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/config/fields.h"
#include "common/config/findings.h"
#include "common/config/secrets.h"
#include "common/config/url.h"
#include "common/config/values.h"

namespace ccp::config {
namespace {

// The rows of a section, by the values of two objects.
class FieldDiff {
 public:
  template <typename Object>
  void Compare(Section section, const Object& before, const Object& after, const std::string& prefix) {
    for (const Field& field : Fields()) {
      if (field.section != section || !field.replaced_by.empty()) continue;
      const auto* member = std::get_if<Member<Object>>(&field.binding);
      if (member == nullptr) continue;
      std::visit([&](auto pointer) { Value(field, before.*pointer, after.*pointer, ChildPath(prefix, field.key)); },
                 *member);
    }
  }

  void Add(std::string field, std::string before, std::string after) {
    if (before == after) after += " (value not shown)";  // They differ, but only where a credential is masked.
    changes_.push_back({std::move(field), std::move(before), std::move(after)});
  }

  std::vector<FieldChange> Take() { return std::move(changes_); }

 private:
  template <typename T>
  void Value(const Field& field, const T& before, const T& after, const std::string& path) {
    if (before != after) Add(path, Show(field, before), Show(field, after));
  }
  void Value(const Field&, const Timeouts& before, const Timeouts& after, const std::string& path) {
    Compare(Section::kTimeouts, before, after, path);
  }
  void Value(const Field&, const std::optional<Price>& before, const std::optional<Price>& after,
             const std::string& path) {
    if (before && after) return Compare(Section::kPrice, *before, *after, path);
    if (before || after) Add(path, ShowPrice(before), ShowPrice(after));
  }

  static std::string ShowPrice(const std::optional<Price>& price) {
    return price ? Concat("$", ShowUsd(price->input), " / $", ShowUsd(price->output), " per million") : std::string();
  }

  std::vector<FieldChange> changes_;
};

std::string ShowChain(const Chain& chain) {
  std::vector<std::string> parts;
  for (const Target& target : chain.targets) {
    parts.push_back(chain.weighted ? Concat(Printable(target.model), " x", target.weight) : Printable(target.model));
  }
  if (parts.size() == 1 && !chain.weighted) return parts.front();
  return Concat("[", Join(parts, ", "), "]");
}

std::string ShowWhen(const Condition& when) {
  std::vector<std::string> parts;
  if (!when.model.empty()) parts.push_back(Concat("model ", Quote(when.model)));
  if (!when.tokens_operator.empty()) {
    parts.push_back(Concat("tokens ", when.tokens_operator, FormatTokenCount(when.tokens)));
  }
  if (when.thinking) parts.push_back(*when.thinking ? "thinking" : "no thinking");
  if (!when.tool.empty()) parts.push_back(Concat("tool ", Quote(when.tool)));
  if (!when.user.empty()) parts.push_back(Concat("user ", Quote(when.user)));
  for (const auto& [name, pattern] : when.header) parts.push_back(Concat("header ", name, " ", Quote(pattern)));
  return parts.empty() ? "always" : Join(parts, ", ");
}

// "deepseek-chat at api.deepseek.com, 128k input tokens, $0.27 / $1.10 per million"
std::string Summary(const Model& model) {
  const auto url = ParseUrl(model.api_base);
  std::string out = Concat(Printable(model.upstream_name), " at ", url.ok() ? url->host : model.provider);
  if (model.direct) out += ", direct";
  if (model.max_input_tokens) out += Concat(", ", FormatTokenCount(*model.max_input_tokens), " input tokens");
  if (model.price) {
    out += Concat(", $", ShowUsd(model.price->input), " / $", ShowUsd(model.price->output), " per million");
  }
  return out;
}

std::string Summary(const Rule& rule) { return Concat(ShowWhen(rule.when), " -> ", ShowChain(rule.to)); }

std::vector<FieldChange> Fields(const Model& before, const Model& after) {
  FieldDiff diff;
  diff.Compare(Section::kModel, before, after, "");
  if (before.dialect == after.dialect && before.dialect_guessed != after.dialect_guessed) {
    const auto shown = [](const Model& model) {
      return model.dialect_guessed ? Concat(model.dialect, " (guessed)") : model.dialect;
    };
    diff.Add("dialect", shown(before), shown(after));
  }
  return diff.Take();
}

std::vector<FieldChange> Fields(const Rule& before, const Rule& after) {
  FieldDiff diff;
  if (before.when != after.when) diff.Add("when", ShowWhen(before.when), ShowWhen(after.when));
  if (before.to != after.to) diff.Add("to", ShowChain(before.to), ShowChain(after.to));
  return diff.Take();
}

template <typename Item>
using NamedItems = std::map<std::string_view, const Item*>;

template <typename Item>
NamedItems<Item> ByName(const std::vector<Item>& items) {
  NamedItems<Item> named;
  for (const Item& item : items) named.try_emplace(item.name, &item);
  return named;
}

template <typename Item>
std::vector<std::string> NamesIn(const std::vector<Item>& items, const NamedItems<Item>& others) {
  std::vector<std::string> names;
  for (const Item& item : items) {
    if (others.contains(item.name)) names.push_back(item.name);
  }
  return names;
}

// Added, changed and removed items by name, in the order of the new list; then a change of order, if any.
template <typename Item>
void DiffItems(const std::vector<Item>& before, const std::vector<Item>& after, std::string_view path,
               std::vector<Change>& out) {
  const auto old_items = ByName(before);
  const auto new_items = ByName(after);
  for (const Item& item : after) {
    const std::string child = ChildPath(path, Printable(item.name));
    const auto old = old_items.find(item.name);
    if (old == old_items.end()) {
      out.push_back({Change::Kind::kAdd, child, Summary(item), {}});
    } else if (*old->second != item) {
      out.push_back({Change::Kind::kChange, child, "", Fields(*old->second, item)});
    }
  }
  for (const Item& item : before) {
    if (new_items.contains(item.name)) continue;
    out.push_back({Change::Kind::kRemove, ChildPath(path, Printable(item.name)), Summary(item), {}});
  }
  const auto old_order = NamesIn(before, new_items);
  const auto new_order = NamesIn(after, old_items);
  if (old_order == new_order) return;
  out.push_back({Change::Kind::kChange, std::string(path), "",
                 {{"order", Printable(Join(old_order, ", ")), Printable(Join(new_order, ", "))}}});
}

void DiffRouting(const Routing& before, const Routing& after, std::vector<Change>& out) {
  for (int i = 0; i < kSlotCount; ++i) {
    const auto slot = static_cast<Slot>(i);
    const std::string path = ChildPath("routing", SlotName(slot));
    const auto was = before.slots.find(slot);
    const auto is = after.slots.find(slot);
    const bool had = was != before.slots.end();
    const bool has = is != after.slots.end();
    if (has && !had) out.push_back({Change::Kind::kAdd, path, ShowChain(is->second), {}});
    if (had && !has) out.push_back({Change::Kind::kRemove, path, ShowChain(was->second), {}});
    if (!had || !has || was->second == is->second) continue;
    out.push_back({Change::Kind::kChange, path, "", {{"to", ShowChain(was->second), ShowChain(is->second)}}});
  }
  DiffItems(before.rules, after.rules, "routing.rules", out);
  if (before.long_context_threshold == after.long_context_threshold) return;
  const auto shown = [](const Routing& routing) {
    return routing.long_context_threshold ? FormatTokenCount(*routing.long_context_threshold) : std::string();
  };
  out.push_back({Change::Kind::kChange, "routing", "", {{"long_context_threshold", shown(before), shown(after)}}});
}

}  // namespace

std::vector<Change> Diff(const Catalog& before, const Catalog& after) {
  std::vector<Change> changes;
  DiffItems(before.models, after.models, "models", changes);
  DiffRouting(before.routing, after.routing, changes);
  return changes;
}

}  // namespace ccp::config
