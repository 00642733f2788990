#include "common/config/decode.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/config/codes.h"
#include "common/config/fields.h"
#include "common/config/secrets.h"
#include "common/config/url.h"
#include "common/config/values.h"

namespace ccp::config {
namespace {

constexpr std::int64_t kLongContextThreshold = 128 * 1024;
constexpr int kVersion = 1;

std::vector<std::string> KeysOf(Section section) {
  std::vector<std::string> keys;
  for (const Field* field : FieldsOf(section)) {
    if (field->replaced_by.empty()) keys.emplace_back(field->key);
  }
  return keys;
}

// An article for messages: "routing: got text, want a map of settings".
std::string GotOf(const YamlNode& node) {
  if (node.is_scalar()) return Quote(node.text);
  if (node.is_null()) return "nothing";
  return node.is_map() ? "a map" : "a list";
}

class Decoder {
 public:
  explicit Decoder(Findings& findings) : findings_(findings) {}

  Decoded Run(const YamlNode& root) {
    if (root.is_sequence()) {
      // The oldest files are the list of models alone.
      Models(root, "models", root.at);
    } else if (root.is_map()) {
      File(root);
    } else {
      findings_.Error(code::kWrongType, root.at, "", Concat("got ", GotOf(root), ", want a map with models and routing"));
    }
    return std::move(result_);
  }

 private:
  // Calls handle(field, entry, path) for every key of the map that the section knows and that has a value.
  template <typename Handle>
  void EachField(const YamlNode& map, Section section, const std::string& path, const Handle& handle) {
    for (const YamlNode::Entry& entry : map.entries) {
      const std::string child = ChildPath(path, entry.key);
      const Field* field = FindKey(section, entry.key);
      if (field == nullptr) {
        UnknownKey(entry, section, path);
        continue;
      }
      result_.places.Set(child, entry.key_at, entry.value.at);
      if (!field->replaced_by.empty()) {
        findings_.Warning(code::kReplacedKey, entry.key_at, child,
                          Concat("key ", Quote(entry.key), " is of an older format, now ", field->replaced_by));
      }
      if (!entry.value.is_null()) handle(*field, entry, child);
    }
  }

  void UnknownKey(const YamlNode::Entry& entry, Section section, const std::string& path) {
    if (entry.key == "<<") {
      findings_.Explain(ChildPath(path, "api_base"));  // It would have come with the merge.
      findings_.Error(code::kAlias, entry.key_at, ChildPath(path, entry.key), "merge keys (<<) are not accepted",
                      "move what models share into an entry of providers");
      return;
    }
    const std::vector<std::string> keys = KeysOf(section);
    const std::string nearest = NearestName(entry.key, keys);
    // What the writer meant to set is not missing: it is here.
    if (!nearest.empty()) findings_.Explain(ChildPath(path, nearest));
    std::string hint = Concat("known here: ", Join(keys, ", "));
    if (!nearest.empty()) hint = Concat("did you mean ", Quote(nearest), "?");
    if (entry.key == "api_key") hint = "did you mean \"api_key_name\"? It names the variable that holds the key";
    findings_.Error(code::kUnknownKey, entry.key_at, ChildPath(path, entry.key),
                    Concat("unknown key ", Quote(entry.key)), std::move(hint));
  }

  bool WantMap(const YamlNode& node, std::string_view what, const std::string& path) {
    if (node.is_map()) return true;
    findings_.Error(code::kWrongType, node.at, path, Concat(what, ": got ", GotOf(node), ", want a map of settings"));
    return false;
  }

  // Fills the members of `object` that the section's rows are bound to.
  template <typename Object>
  void Bound(const Field& field, const YamlNode::Entry& entry, const std::string& path, Object& object) {
    const auto* member = std::get_if<Member<Object>>(&field.binding);
    if (member == nullptr) return;
    std::visit([&](auto pointer) { Value(field, entry.value, path, object.*pointer); }, *member);
  }

  template <typename T>
  void Value(const Field& field, const YamlNode& node, const std::string& path, T& out) {
    Read(Reading{field, node, path, findings_}, out);
    Elements(node, path);
  }
  void Value(const Field&, const YamlNode& node, const std::string& path, Timeouts& out) {
    if (WantMap(node, "timeouts", path)) Fill(node, Section::kTimeouts, path, out);
  }
  void Value(const Field&, const YamlNode& node, const std::string& path, std::optional<Price>& out) {
    if (WantMap(node, "price", path)) Fill(node, Section::kPrice, path, out.emplace());
  }

  // Where the elements of lists and maps stand.
  void Elements(const YamlNode& node, const std::string& path) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      result_.places.Set(ElementPath(path, i), node.items[i].at, node.items[i].at);
    }
    for (const YamlNode::Entry& entry : node.entries) {
      result_.places.Set(ChildPath(path, entry.key), entry.key_at, entry.value.at);
    }
  }

  template <typename Object>
  void Fill(const YamlNode& map, Section section, const std::string& path, Object& object) {
    EachField(map, section, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      Bound(field, entry, child, object);
    });
  }

  void File(const YamlNode& root) {
    const YamlNode* models = nullptr;
    const YamlNode* routing = nullptr;
    Position models_at = root.at;
    EachField(root, Section::kFile, "", [&](const Field& field, const YamlNode::Entry& entry, const std::string& path) {
      if (field.key == "version") Version(field, entry.value, path);
      if (field.key == "providers") Providers(entry.value, path);
      if (field.key == "models") {
        models = &entry.value;
        models_at = entry.key_at;
      }
      if (field.key == "routing") routing = &entry.value;
    });
    // Not in the order of the file: models refer to providers, wherever those stand.
    if (models != nullptr) Models(*models, "models", models_at);
    if (routing != nullptr) RoutingSection(*routing);
  }

  void Version(const Field& field, const YamlNode& node, const std::string& path) {
    int version = kVersion;
    Read(Reading{field, node, path, findings_}, version);
    if (version == kVersion) return;
    findings_.Error(code::kOutOfRange, node.at, path, Concat("version: got ", version, ", want ", kVersion),
                    "this build reads format 1 only");
  }

  void Providers(const YamlNode& node, const std::string& path) {
    if (!node.is_map()) {
      findings_.Error(code::kWrongType, node.at, path, Concat("providers: got ", GotOf(node), ", want a map by name"));
      return;
    }
    for (const YamlNode::Entry& entry : node.entries) {
      const std::string child = ChildPath(path, entry.key);
      result_.places.Set(child, entry.key_at, entry.value.at);
      Model model;
      model.dialect.clear();
      if (entry.value.is_null() || WantMap(entry.value, entry.key, child)) {
        Fill(entry.value, Section::kProvider, child, model);
      }
      providers_.emplace(entry.key, result_.providers.size());
      result_.providers.emplace_back(entry.key, std::move(model));
    }
  }

  void Models(const YamlNode& node, const std::string& path, Position key_at) {
    result_.places.Set(path, key_at, node.at);
    if (node.is_map()) {
      for (const YamlNode::Entry& entry : node.entries) {
        AddModel(entry.key, entry.key_at, entry.value);
      }
      return;
    }
    if (!node.is_sequence()) {
      findings_.Error(code::kWrongType, node.at, path,
                      Concat("models: got ", GotOf(node), ", want a map by name or a list of entries with model_id"));
      return;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) ListedModel(node.items[i], ElementPath(path, i));
  }

  void ListedModel(const YamlNode& node, const std::string& path) {
    if (!WantMap(node, "models", path)) return;
    for (const YamlNode::Entry& entry : node.entries) {
      if (entry.key == "model_id" && entry.value.is_scalar()) return AddModel(entry.value.text, entry.value.at, node);
    }
    findings_.Error(code::kMissingKey, node.at, path, "this model has no model_id, want its name");
    findings_.Explain("models");  // There is one, without a name.
  }

  void AddModel(const std::string& name, Position name_at, const YamlNode& node) {
    const std::string path = ChildPath("models", name);
    // A name that a list has twice: its values keep the first one's place, Validate() reports the name.
    if (!model_names_.insert(name).second) {
      findings_.Error(code::kNameTaken, name_at, path, Concat("model_id ", Quote(name), " stands here twice"),
                      "rename one of the two");
      return;
    }
    result_.places.Set(path, name_at, name_at);
    if (!node.is_null() && !WantMap(node, name, path)) {
      findings_.Explain(ChildPath(path, "api_base"));
      Model model;
      model.name = name;
      model.upstream_name = name;
      model.display_name = name;
      result_.catalog.models.push_back(std::move(model));
      return;
    }
    Model model = BaseOf(node, path);
    model.name = name;
    EachField(node, Section::kModel, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      Bound(field, entry, child, model);
      if (field.type == FieldType::kUsdPerToken) CostPerToken(field, entry.value, child, model);
      if (field.key == "model_id" && entry.value.text != name) OtherName(name, entry.value, child);
    });
    Complete(model);
    result_.catalog.models.push_back(std::move(model));
  }

  void OtherName(const std::string& name, const YamlNode& node, const std::string& path) {
    findings_.Error(code::kBadName, node.at, path,
                    Concat("model_id: got ", GotOf(node), ", but the key above names this model ", Quote(name)),
                    "leave model_id out where models is a map");
  }

  // What the model takes over from its provider, or an empty model.
  Model BaseOf(const YamlNode& node, const std::string& path) {
    Model none;
    none.dialect.clear();
    for (const YamlNode::Entry& entry : node.entries) {
      if (entry.key != "provider" || !entry.value.is_scalar()) continue;
      const std::string& name = entry.value.text;
      if (const auto provider = providers_.find(name); provider != providers_.end()) {
        result_.places.Inherit(path, ChildPath("providers", name));
        return result_.providers[provider->second].second;
      }
      UnknownProvider(name, entry.value.at, path);
    }
    return none;
  }

  void UnknownProvider(const std::string& name, Position at, const std::string& path) {
    std::vector<std::string> known;
    for (const auto& provider : result_.providers) known.push_back(provider.first);
    std::string hint = DidYouMean(name, known);
    if (!hint.empty()) hint += '\n';
    hint += known.empty() ? "this file has no providers: add one, or give the model an api_base"
                          : Concat("providers in this file: ", Join(known, ", "));
    const std::string model = path.substr(path.find('.') + 1);
    findings_.Error(code::kUnknownProvider, at, ChildPath(path, "provider"),
                    Concat("model ", Quote(model), " has no provider ", Quote(name)), std::move(hint));
    findings_.Explain(ChildPath(path, "api_base"));
  }

  void CostPerToken(const Field& field, const YamlNode& node, const std::string& path, Model& model) {
    if (!model.price) model.price.emplace();
    Read(Reading{field, node, path, findings_},
         field.key == "input_cost_per_token" ? model.price->input : model.price->output);
  }

  // Defaults that depend on other values.
  static void Complete(Model& model) {
    if (model.upstream_name.empty()) model.upstream_name = model.name;
    if (model.display_name.empty()) model.display_name = model.name;
    const auto url = ParseUrl(model.api_base);
    if (url.ok()) {
      while (model.api_base.ends_with('/')) model.api_base.pop_back();
      if (model.provider.empty()) model.provider = url->host;
    }
    model.dialect_guessed = model.dialect.empty();
    if (model.dialect_guessed) model.dialect = url.ok() ? GuessDialect(*url, model.upstream_name) : "openai";
  }

  void RoutingSection(const YamlNode& node) {
    const std::string path = "routing";
    if (node.is_null() || !WantMap(node, path, path)) return;
    Routing& routing = result_.catalog.routing;
    EachField(node, Section::kRouting, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      if (field.type == FieldType::kTokens) {
        Read(Reading{field, entry.value, child, findings_}, routing.long_context_threshold);
      } else if (field.type == FieldType::kSectionList) {
        Rules(field, entry.value, child);
      } else {
        routing.slots[SlotOf(field.key)] = ReadChain(field, entry.value, child);
      }
    });
    if (routing.slots.count(Slot::kLongContext) > 0 && !routing.long_context_threshold) {
      routing.long_context_threshold = kLongContextThreshold;
    }
  }

  static Slot SlotOf(std::string_view key) {
    for (int i = 0; i < kSlotCount; ++i) {
      if (SlotName(static_cast<Slot>(i)) == key) return static_cast<Slot>(i);
    }
    return Slot::kDefault;  // The table has no other chain; a test compares the two.
  }

  // A model, a list of models, or a list of { model, weight }.
  Chain ReadChain(const Field& field, const YamlNode& node, const std::string& path) {
    Chain chain;
    if (node.is_scalar()) {
      result_.places.Set(ElementPath(path, 0), node.at, node.at);
      chain.targets.push_back({node.text, 0});
      return chain;
    }
    if (!node.is_sequence()) {
      ReportType(Reading{field, node, path, findings_});
      return chain;
    }
    std::size_t weighted = 0;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (node.items[i].is_map()) ++weighted;
      chain.targets.push_back(ReadTarget(field, node.items[i], ElementPath(path, i)));
    }
    chain.weighted = weighted > 0 && weighted == node.items.size();
    if (weighted > 0 && weighted < node.items.size()) {
      findings_.Error(code::kMixedChain, node.at, path,
                      Concat(field.key, ": some entries are names and some have a weight, want one kind"),
                      "give every entry model and weight, or none");
    }
    return chain;
  }

  Target ReadTarget(const Field& chain, const YamlNode& node, const std::string& path) {
    result_.places.Set(path, node.at, node.at);
    if (node.is_scalar()) return {node.text, 0};
    Target target;
    if (!node.is_map()) {
      ReportType(Reading{chain, node, path, findings_});
      return target;
    }
    int weight = 1;
    EachField(node, Section::kTarget, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      if (field.key == "weight") return Read(Reading{field, entry.value, child, findings_}, weight);
      Read(Reading{field, entry.value, child, findings_}, target.model);
      result_.places.Set(path, entry.value.at, entry.value.at);
    });
    // 0 and negative weights become 0, which Validate() reports.
    target.weight = static_cast<std::uint32_t>(std::max(0, weight));
    if (target.model.empty() && !findings_.IsExplained(ChildPath(path, "model"))) {
      findings_.Error(code::kMissingKey, node.at, path, "this entry has no model, want one of the file");
    }
    if (target.model.empty()) findings_.Explain(path);
    return target;
  }

  void Rules(const Field& field, const YamlNode& node, const std::string& path) {
    if (!node.is_sequence()) return ReportType(Reading{field, node, path, findings_});
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string child = ElementPath(path, i);
      result_.places.Set(child, node.items[i].at, node.items[i].at);
      Rule rule;
      rule.name = Concat("rule-", i + 1);
      if (WantMap(node.items[i], "rules", child)) ReadRule(node.items[i], child, rule);
      result_.catalog.routing.rules.push_back(std::move(rule));
    }
  }

  void ReadRule(const YamlNode& node, const std::string& path, Rule& rule) {
    bool has_target = false;
    EachField(node, Section::kRule, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      if (field.key == "name") Read(Reading{field, entry.value, child, findings_}, rule.name);
      if (field.key == "when" && WantMap(entry.value, "when", child)) ReadWhen(entry.value, child, rule.when);
      if (field.key != "to") return;
      has_target = true;
      rule.to = ReadChain(field, entry.value, child);
    });
    if (has_target || findings_.IsExplained(ChildPath(path, "to"))) return;
    findings_.Error(code::kMissingKey, node.at, path, "this rule has no to, want the model or chain it leads to");
    findings_.Explain(ChildPath(path, "to"));
  }

  void ReadWhen(const YamlNode& node, const std::string& path, Condition& when) {
    EachField(node, Section::kWhen, path, [&](const Field& field, const YamlNode::Entry& entry, const std::string& child) {
      if (field.type == FieldType::kTokenCondition) {
        return ReadTokenCondition(Reading{field, entry.value, child, findings_}, when);
      }
      Bound(field, entry, child, when);
    });
  }

  Findings& findings_;
  Decoded result_;
  std::unordered_set<std::string> model_names_;                // Of the models so far.
  std::unordered_map<std::string, std::size_t> providers_;     // Where in result_.providers each stands.
};

}  // namespace

Places::Place Places::Find(std::string_view path) const {
  if (const auto mark = marks_.find(path); mark != marks_.end()) return {mark->second.value, std::string(path)};
  std::string_view around = path;
  while (true) {
    const std::size_t cut = around.find_last_of(".[");
    if (cut == std::string_view::npos) return {};
    around = around.substr(0, cut);
    if (const auto base = inherited_.find(around); base != inherited_.end()) {
      const std::string at_provider = Concat(base->second, path.substr(around.size()));
      if (const auto mark = marks_.find(at_provider); mark != marks_.end()) return {mark->second.value, at_provider};
    }
    if (const auto mark = marks_.find(around); mark != marks_.end()) return {mark->second.key, std::string(path)};
  }
}

Decoded Decode(const YamlNode& root, Findings& findings) { return Decoder(findings).Run(root); }

}  // namespace ccp::config
