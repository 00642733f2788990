#include "common/config/validate.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
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

constexpr std::size_t kMaxNameBytes = 200;

// Headers of the request that the edge writes itself: credentials, framing, the host.
constexpr std::array<std::string_view, 16> kOwnedHeaders{
    "authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "host", "content-length", "content-type",
    "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect", "accept-encoding"};

constexpr std::array<std::string_view, 3> kOwnedBodyFields{"model", "messages", "stream"};

bool IsTokenCharacter(char c) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOther.find(c) != std::string_view::npos;
}

bool IsVariableName(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), fits);
}

bool IsOwnedHeader(std::string_view name) {
  if (ToLower(name).starts_with("proxy-")) return true;
  return std::any_of(kOwnedHeaders.begin(), kOwnedHeaders.end(),
                     [&](std::string_view owned) { return EqualsIgnoreCase(owned, name); });
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::vector<std::string> Strings(std::span<const std::string_view> views) { return {views.begin(), views.end()}; }

// Adds findings that have no position yet.
class Checker {
 public:
  explicit Checker(Findings& findings) : findings_(findings) {}

  void Error(std::string_view code, const std::string& path, std::string message, std::string hint = {}) {
    findings_.Error(code, {}, path, std::move(message), std::move(hint));
  }
  void Warning(std::string_view code, const std::string& path, std::string message, std::string hint = {}) {
    findings_.Warning(code, {}, path, std::move(message), std::move(hint));
  }

  // Every row of the section, against the member it is bound to.
  template <typename Object>
  void Settings(Section section, const Object& object, const std::string& path) {
    for (const Field& field : Fields()) {
      if (field.section != section || !field.replaced_by.empty()) continue;
      const auto* member = std::get_if<Member<Object>>(&field.binding);
      if (member == nullptr) continue;
      std::visit([&](auto pointer) { Value(field, object.*pointer, ChildPath(path, field.key)); }, *member);
    }
  }

  void Name(std::string_view key, const std::string& name, const std::string& path) {
    if (name.empty()) return Error(code::kBadName, path, Concat(key, ": got an empty name, want one"));
    if (LooksLikeSecret(name)) {
      return Error(code::kSecretInFile, path, Concat(key, ": this looks like a key, want a name"));
    }
    const bool odd = HasControl(name) || name.find_first_of(" ,") != std::string::npos;
    if (!odd && name.size() <= kMaxNameBytes) return;
    Error(code::kBadName, path,
          Concat(key, ": got ", Quote(name), ", want at most ", kMaxNameBytes, " characters without spaces and commas"));
  }

  void Pattern(std::string_view key, const std::string& pattern, const std::string& path) {
    if (pattern.empty()) return;
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (compiled.ok()) return;
    Error(code::kBadPattern, path, Concat(key, ": got ", Quote(pattern), ", want an RE2 pattern: ", compiled.error()));
  }

  void InRange(const Field& field, double value, const std::string& shown, const std::string& path) {
    if (!field.range || (value >= field.range->least && value <= field.range->most)) return;
    Error(code::kOutOfRange, path,
          Concat(field.key, ": got ", shown, ", want ", ShowBound(field, field.range->least), " to ",
                 ShowBound(field, field.range->most)));
  }

 private:
  static std::string ShowBound(const Field& field, double bound) {
    const auto whole = static_cast<std::int64_t>(bound);
    if (field.type == FieldType::kDuration) return FormatDuration(std::chrono::milliseconds(whole));
    return field.type == FieldType::kTokens ? FormatTokenCount(whole) : std::to_string(whole);
  }

  void Value(const Field& field, const std::string& value, const std::string& path) {
    switch (field.type) {
      case FieldType::kChoice: return Choice(field, value, path);
      case FieldType::kPattern: return Pattern(field.key, value, path);
      case FieldType::kVariable: return Variable(field, value, path);
      case FieldType::kUrl: return ApiBase(field, value, path);
      case FieldType::kJsonObject: return Body(field, value, path);
      default: break;
    }
    if (LooksLikeSecret(value)) Error(code::kSecretInFile, path, Concat(field.key, ": this looks like a key, want a name"));
  }
  void Value(const Field&, bool, const std::string&) {}
  void Value(const Field&, Auth, const std::string&) {}
  void Value(const Field&, const std::optional<bool>&, const std::string&) {}
  void Value(const Field& field, int value, const std::string& path) {
    InRange(field, value, Show(field, value), path);
  }
  void Value(const Field& field, std::int64_t value, const std::string& path) {
    InRange(field, static_cast<double>(value) / kPicoUsdPerMillionUsd, value < 0 ? "a negative price" : Show(field, value),
            path);
  }
  void Value(const Field& field, const std::optional<std::int64_t>& value, const std::string& path) {
    if (value) InRange(field, static_cast<double>(*value), Show(field, value), path);
  }
  void Value(const Field& field, const std::optional<double>& value, const std::string& path) {
    if (value) InRange(field, *value, Show(field, value), path);
  }
  void Value(const Field& field, std::chrono::milliseconds value, const std::string& path) {
    InRange(field, static_cast<double>(value.count()), Show(field, value), path);
  }
  void Value(const Field& field, const std::map<std::string, std::string>& value, const std::string& path) {
    for (const auto& [name, text] : value) {
      Header(field, name, text, ChildPath(path, name));
    }
  }
  void Value(const Field& field, const std::vector<std::string>& value, const std::string& path) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string element = ElementPath(path, i);
      if (field.type == FieldType::kNameList) {
        Name(field.key, value[i], element);
      } else if (value[i].empty()) {
        Error(code::kBadPattern, element, Concat(field.key, ": got an empty pattern, want a tool's name or a pattern"));
      } else {
        Pattern(field.key, value[i], element);
      }
    }
  }
  void Value(const Field&, const Timeouts& value, const std::string& path) {
    Settings(Section::kTimeouts, value, path);
  }
  void Value(const Field&, const std::optional<Price>& value, const std::string& path) {
    if (value) Settings(Section::kPrice, *value, path);
  }

  void Choice(const Field& field, const std::string& value, const std::string& path) {
    if (value.empty() || std::find(field.choices.begin(), field.choices.end(), value) != field.choices.end()) return;
    const std::vector<std::string> choices = Strings(field.choices);
    Error(code::kBadChoice, path, Concat(field.key, ": got ", Quote(value), ", want one of ", Join(choices, ", ")),
          DidYouMean(value, choices));
  }

  void Variable(const Field& field, const std::string& value, const std::string& path) {
    if (value.empty()) return;
    if (LooksLikeSecret(value)) {
      return Error(code::kSecretInFile, path,
                   Concat(field.key, ": this looks like a key itself, want the name of the variable that holds it"),
                   "put the key into the edge's environment and write the variable's name, such as PROVIDER_API_KEY");
    }
    if (IsVariableName(value)) return;
    std::string name;
    for (const char c : value) {
      if (IsVariableName(std::string_view(&c, 1)) || (c >= '0' && c <= '9' && !name.empty())) name += c;
    }
    Error(code::kBadVariable, path, Concat(field.key, ": got ", Quote(value), ", want the name of a variable"),
          IsVariableName(name) ? DidYouMean(value, {name}) : "");
  }

  void ApiBase(const Field& field, const std::string& value, const std::string& path) {
    if (value.empty()) return;
    const auto url = ParseUrl(value);
    if (!url.ok()) {
      // A URL with a user or a query may well hold a key: it is not repeated.
      const bool hidden = value.find_first_of("@?") != std::string::npos;
      return Error(code::kBadUrl, path,
                   Concat(field.key, ": ", hidden ? "this URL cannot be used" : Concat("got ", Quote(value)), ": ",
                          Message(url.status())));
    }
    for (const std::string_view end : {"/chat/completions", "/v1/messages"}) {
      if (!url->path.ends_with(end)) continue;
      Error(code::kBadUrl, path, Concat(field.key, ": got ", Quote(value), ", want it without ", end),
            "the edge adds the endpoint itself");
    }
    if (url->scheme == Url::Scheme::kHttp && !IsLoopbackHost(url->host)) {
      Warning(code::kPlainHttp, path, Concat(field.key, ": keys and prompts go to ", url->host, " unencrypted"),
              "use https, unless the network in between is yours");
    }
  }

  void Header(const Field& field, const std::string& name, const std::string& text, const std::string& path) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenCharacter)) {
      return Error(code::kBadHeader, path, Concat(field.key, ": got ", Quote(name), ", want the name of a header"));
    }
    if (field.type == FieldType::kHeaderPatterns) return Pattern(field.key, text, path);
    if (IsOwnedHeader(name)) {
      return Error(code::kBadHeader, path, Concat(field.key, ": header ", Quote(name), " is written by the edge alone"),
                   "name the provider's key with api_key_name");
    }
    if (HasControl(text)) {
      return Error(code::kBadHeader, path, Concat(field.key, ": the value of ", Quote(name), " is not one line of text"));
    }
    if (LooksLikeSecret(text)) {
      Error(code::kSecretInFile, path, Concat(field.key, ": the value of ", Quote(name), " looks like a key"),
            "name the provider's key with api_key_name");
    }
  }

  void Body(const Field& field, const std::string& value, const std::string& path) {
    if (value.empty()) return;
    const auto body = nlohmann::json::parse(value, nullptr, false);
    if (!body.is_object()) return Error(code::kWrongType, path, Concat(field.key, ": got no JSON object, want one"));
    for (const std::string_view owned : kOwnedBodyFields) {
      const std::string name(owned);
      if (!body.contains(name)) continue;
      Error(code::kReservedField, ChildPath(path, name), Concat(field.key, ": field ", Quote(name), " is the edge's to write"));
    }
    if (!body.contains("stream_options")) return;
    Warning(code::kNoEffect, ChildPath(path, "stream_options"),
            Concat(field.key, ": field \"stream_options\" has no effect: the edge writes its own, or none"));
  }

  Findings& findings_;
};

void CheckPassthrough(const Model& model, const std::string& path, Checker& check) {
  if (model.auth != Auth::kPassthrough) return;
  const std::string at = ChildPath(path, "auth");
  const auto url = ParseUrl(model.api_base);
  if (!url.ok()) return;  // Reported already, or a provider whose models say where.
  if (model.direct && url->scheme == Url::Scheme::kHttps && IsFirstPartyHost(url->host)) {
    if (!model.api_key_name.empty()) {
      check.Warning(code::kNoEffect, ChildPath(path, "api_key_name"),
                    "api_key_name has no effect beside auth: passthrough");
    }
    return;
  }
  check.Error(code::kPassthroughHost, at,
              "auth: passthrough is only possible with direct: true and an api_base at https://api.anthropic.com",
              "use auth: key and api_key_name");
}

void CheckCredential(const Model& model, const std::string& path, Checker& check) {
  const auto url = ParseUrl(model.api_base);
  if (!url.ok() || !model.api_key_name.empty() || model.auth == Auth::kPassthrough) return;
  if (IsLoopbackHost(url->host)) return;
  check.Warning(code::kNoCredential, path,
                Concat("model ", Quote(model.name), ": requests go to ", url->host, " without a key"),
                "name the variable that holds the key with api_key_name");
}

class NameSpace {
 public:
  explicit NameSpace(Checker& check) : check_(check) {}
  void Take(const std::string& name, std::string_view what, const std::string& path) {
    const auto [other, inserted] = taken_.emplace(name, what);
    if (inserted || name.empty()) return;
    check_.Error(code::kNameTaken, path, Concat("name ", Quote(name), " is already ", other->second),
                 "rename one of the two");
  }

 private:
  Checker& check_;
  std::map<std::string, std::string> taken_;
};

void CheckNames(const Catalog& catalog, Checker& check) {
  NameSpace names(check);
  for (const Model& model : catalog.models) {
    check.Name("model", model.name, ChildPath("models", model.name));
    names.Take(model.name, "the name of a model", ChildPath("models", model.name));
  }
  for (const Model& model : catalog.models) {
    const std::string path = ChildPath(ChildPath("models", model.name), "aliases");
    for (std::size_t i = 0; i < model.aliases.size(); ++i) {
      names.Take(model.aliases[i], Concat("an alias of model ", Quote(model.name)), ElementPath(path, i));
    }
  }
}

void CheckModel(const Model& model, Findings& findings, Checker& check) {
  const std::string path = ChildPath("models", model.name);
  CheckSettings(model, path, findings);
  if (model.api_base.empty()) {
    check.Error(code::kNoApiBase, ChildPath(path, "api_base"), Concat("model ", Quote(model.name), " has no api_base"),
                "add api_base: https://..., or provider: NAME");
  }
  CheckCredential(model, path, check);
}

class RouteChecker {
 public:
  RouteChecker(const Catalog& catalog, Checker& check) : models_(catalog), check_(check) {
    for (const Model& model : catalog.models) {
      names_.push_back(model.name);
      names_.insert(names_.end(), model.aliases.begin(), model.aliases.end());
    }
  }

  void CheckChain(const Chain& chain, std::string_view route, const std::string& path) {
    if (chain.empty()) {
      return check_.Error(code::kEmptyChain, path, Concat(route, " leads to no model, want at least one"));
    }
    std::set<const Model*> seen;
    for (std::size_t i = 0; i < chain.targets.size(); ++i) {
      const Target& target = chain.targets[i];
      const std::string at = ElementPath(path, i);
      const Model* model = models_.Find(target.model);
      if (model == nullptr) {
        Unknown(target.model, route, at);
      } else if (!seen.insert(model).second) {
        check_.Warning(code::kTwiceInChain, at, Concat(route, ": model ", Quote(target.model), " stands in the chain twice"));
      }
      if (!chain.weighted) continue;
      const Field* weight = FindKey(Section::kTarget, "weight");
      check_.InRange(*weight, target.weight, std::to_string(target.weight), ChildPath(at, "weight"));
    }
  }

 private:
  void Unknown(const std::string& name, std::string_view route, const std::string& path) {
    std::string hint = DidYouMean(name, names_);
    if (!hint.empty()) hint += '\n';
    constexpr std::size_t kShown = 12;
    std::vector<std::string> shown(names_.begin(), names_.begin() + std::min(names_.size(), kShown));
    if (names_.size() > kShown) shown.push_back("...");
    hint += Concat("models in this file: ", Printable(Join(shown, ", ")));
    check_.Error(code::kUnknownModel, path, Concat(route, " leads to model ", Quote(name), ", which is not in the file"),
                 std::move(hint));
  }

  const ModelsByName models_;
  Checker& check_;
  std::vector<std::string> names_;  // In the order of the file.
};

void CheckTokenCondition(const Condition& when, const std::string& path, Checker& check) {
  constexpr std::array<std::string_view, 6> kOperators{"", ">=", ">", "<=", "<", "="};
  const bool known = std::find(kOperators.begin(), kOperators.end(), when.tokens_operator) != kOperators.end();
  if (known && when.tokens >= 0) return;
  check.Error(code::kBadTokenCondition, ChildPath(path, "tokens"),
              Concat("tokens: got ", Quote(Concat(when.tokens_operator, when.tokens)), ", want ",
                     TypeExample(FieldType::kTokenCondition)));
}

void CheckRules(const Routing& routing, RouteChecker& routes, Checker& check) {
  NameSpace names(check);
  bool hidden = false;
  for (std::size_t i = 0; i < routing.rules.size(); ++i) {
    const Rule& rule = routing.rules[i];
    const std::string path = ElementPath("routing.rules", i);
    const std::string when = ChildPath(path, "when");
    check.Name("rule", rule.name, ChildPath(path, "name"));
    names.Take(rule.name, "the name of a rule", ChildPath(path, "name"));
    check.Settings(Section::kWhen, rule.when, when);
    CheckTokenCondition(rule.when, when, check);
    routes.CheckChain(rule.to, Concat("rule ", Quote(rule.name)), ChildPath(path, "to"));
    if (rule.when != Condition{} || hidden || i + 1 == routing.rules.size()) continue;
    hidden = true;
    check.Warning(code::kCatchAllRule, path,
                  Concat("rule ", Quote(rule.name), " has no conditions, so the rules behind it are never reached"));
  }
}

void CheckRouting(const Catalog& catalog, Checker& check) {
  const Routing& routing = catalog.routing;
  RouteChecker routes(catalog, check);
  for (const auto& [slot, chain] : routing.slots) {
    const std::string path = ChildPath("routing", SlotName(slot));
    routes.CheckChain(chain, path, path);
  }
  CheckRules(routing, routes, check);
  if (const auto& threshold = routing.long_context_threshold) {
    const Field* field = FindKey(Section::kRouting, "long_context_threshold");
    const std::string path = "routing.long_context_threshold";
    check.InRange(*field, static_cast<double>(*threshold), FormatTokenCount(*threshold), path);
    if (routing.slots.count(Slot::kLongContext) == 0) {
      check.Warning(code::kNoEffect, path, "long_context_threshold has no effect without long_context");
    }
  }
  if (routing.slots.count(Slot::kDefault) > 0 || catalog.models.empty()) return;
  check.Warning(code::kNoDefault, "routing.default", "no default route: a request for a model that is not in the file is refused",
                Concat("add routing: { default: ", Printable(catalog.models.front().name), " }"));
}

// Where a provider says it, the place does not tell which model is meant.
std::string OfModel(const Model& model) { return model.name.empty() ? "" : Concat(": ", Printable(model.name)); }

// Nothing is translated for a direct model, so what steers translation does nothing.
void CheckDirect(const Model& model, const std::string& path, Checker& check) {
  const std::pair<std::string_view, bool> translation[] = {
      {"dialect", !model.dialect.empty() && !model.dialect_guessed},
      {"can_stream", !model.can_stream},
      {"always_stream", model.always_stream},
      {"reasoning_effort", !model.reasoning_effort.empty()},
      {"temperature", model.temperature.has_value()},
      {"extra_body", !model.extra_body_json.empty()},
      {"drop_tools", !model.drop_tools.empty()},
  };
  for (const auto& [key, given] : translation) {
    if (given) check.Warning(code::kNoEffect, ChildPath(path, key), Concat(key, " has no effect on a direct model", OfModel(model)));
  }
}

}  // namespace

void CheckSettings(const Model& model, const std::string& path, Findings& findings) {
  Checker check(findings);
  check.Settings(Section::kModel, model, path);
  CheckPassthrough(model, path, check);
  if (model.direct) CheckDirect(model, path, check);
}

void CheckCatalog(const Catalog& catalog, Findings& findings) {
  Checker check(findings);
  if (catalog.models.empty()) {
    check.Error(code::kNoModels, "models", "the file has no models, want at least one",
                "add models: { NAME: { api_base: https://..., api_key_name: VARIABLE } }");
  }
  CheckNames(catalog, check);
  for (const Model& model : catalog.models) CheckModel(model, findings, check);
  CheckRouting(catalog, check);
}

std::vector<Diagnostic> Validate(const Catalog& catalog) {
  Findings findings;
  CheckCatalog(catalog, findings);
  return std::move(findings).Take();
}

}  // namespace ccp::config
