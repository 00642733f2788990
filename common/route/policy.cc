#include "common/route/policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/text.h"
#include "common/route/compiled.h"

namespace ccp::route {
namespace {

// A pattern of a rule sees short names: a program larger than this is a mistake, or an attack on the edge's memory.
constexpr std::int64_t kPatternMemoryBytes = 1 << 20;

absl::StatusOr<Pattern> CompilePattern(std::string_view pattern, std::string_view path) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemoryBytes);
  auto compiled = std::make_unique<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) return InvalidArgument(path, ": pattern \"", pattern, "\": ", compiled->error());
  return compiled;
}

absl::StatusOr<Pattern> CompileOptionalPattern(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return Pattern();
  return CompilePattern(pattern, path);
}

bool SomethingLooksAtSize(const config::Catalog& catalog) {
  const auto is_limited = [](const config::Model& model) { return model.max_input_tokens.has_value(); };
  const auto asks = [](const config::Rule& rule) { return !rule.when.tokens_operator.empty(); };
  const config::Routing& routing = catalog.routing;
  return routing.long_context_threshold.has_value() ||
         std::any_of(catalog.models.begin(), catalog.models.end(), is_limited) ||
         std::any_of(routing.rules.begin(), routing.rules.end(), asks);
}

}  // namespace

struct Policy::Index {
  absl::flat_hash_map<std::string, const config::Model*> by_name;
  std::array<CompiledChain, config::kSlotCount> slots;
  absl::flat_hash_map<std::string, std::vector<Pattern>> dropped_tools;  // By model name.

  const config::Model* Lookup(std::string_view name) const {
    const auto found = by_name.find(ToAbsl(name));
    return found == by_name.end() ? nullptr : found->second;
  }
};

// Fills a Policy in the order in which one part needs the other: names, slots, rules, tool patterns.
class PolicyCompiler {
 public:
  explicit PolicyCompiler(Policy& policy) : policy_(policy), index_(*policy.index_) {}

  absl::Status Run() {
    for (const config::Model& model : policy_.catalog_.models) IndexNames(model);
    if (absl::Status status = CompileSlots(); !status.ok()) return status;
    for (const config::Rule& rule : policy_.catalog_.routing.rules) {
      if (absl::Status status = CompileRule(rule); !status.ok()) return status;
    }
    for (const config::Model& model : policy_.catalog_.models) {
      if (absl::Status status = CompileDroppedTools(model); !status.ok()) return status;
    }
    CollectHeaderNames();
    policy_.looks_at_size_ = SomethingLooksAtSize(policy_.catalog_);
    return absl::OkStatus();
  }

 private:
  // A name taken twice belongs to the model that stands first in the file; config::Validate() reports the other.
  void IndexNames(const config::Model& model) {
    std::vector<std::string> names = model.aliases;
    names.push_back(model.name);
    for (const std::string& name : names) {
      index_.by_name.try_emplace(name, &model);
      index_.by_name.try_emplace(Concat(model.provider, ",", name), &model);
    }
    index_.by_name.try_emplace(Concat(model.provider, ",", model.upstream_name), &model);
  }

  absl::Status CompileSlots() {
    for (const auto& [slot, chain] : policy_.catalog_.routing.slots) {
      absl::StatusOr<CompiledChain> compiled = CompileChain(chain, Concat("routing.", config::SlotName(slot)));
      if (!compiled.ok()) return compiled.status();
      index_.slots.at(static_cast<std::size_t>(slot)) = *std::move(compiled);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<CompiledChain> CompileChain(const config::Chain& chain, std::string_view path) const {
    CompiledChain compiled;
    for (const config::Target& target : chain.targets) {
      const config::Model* model = index_.Lookup(target.model);
      if (model == nullptr) return UnknownTarget(target.model, path);
      const std::uint64_t weight = chain.weighted ? target.weight : 0;
      compiled.targets.push_back({model, weight});
      compiled.total_weight += weight;
    }
    return compiled;
  }

  absl::Status UnknownTarget(std::string_view name, std::string_view path) const {
    std::vector<std::string> names;
    for (const config::Model& model : policy_.catalog_.models) names.push_back(model.name);
    const std::string near = NearestName(name, names);
    return InvalidArgument(path, ": no model is named \"", name, "\"",
                           near.empty() ? std::string() : Concat("; did you mean \"", near, "\"?"));
  }

  absl::Status CompileRule(const config::Rule& rule) {
    const std::string path = Concat("routing.rules.", rule.name);
    CompiledRule compiled;
    compiled.source = &rule;

    absl::StatusOr<CompiledChain> to = CompileChain(rule.to, Concat(path, ".to"));
    if (!to.ok()) return to.status();
    if (to->empty()) return InvalidArgument(path, ".to: names no model");
    compiled.to = *std::move(to);

    const auto compile = [&](const std::string& pattern, std::string_view field, Pattern& into) {
      absl::StatusOr<Pattern> result = CompileOptionalPattern(pattern, Concat(path, ".when.", field));
      if (result.ok()) into = *std::move(result);
      return result.status();
    };
    if (absl::Status status = compile(rule.when.model, "model", compiled.model); !status.ok()) return status;
    if (absl::Status status = compile(rule.when.tool, "tool", compiled.tool); !status.ok()) return status;
    if (absl::Status status = compile(rule.when.user, "user", compiled.user); !status.ok()) return status;
    for (const auto& [name, pattern] : rule.when.header) {
      absl::StatusOr<Pattern> result = CompilePattern(pattern, Concat(path, ".when.header.", name));
      if (!result.ok()) return result.status();
      compiled.headers.emplace_back(ToLower(name), *std::move(result));
    }
    policy_.rules_.push_back(std::move(compiled));
    return absl::OkStatus();
  }

  absl::Status CompileDroppedTools(const config::Model& model) {
    for (const std::string& pattern : model.drop_tools) {
      absl::StatusOr<Pattern> compiled = CompilePattern(pattern, Concat("models.", model.name, ".drop_tools"));
      if (!compiled.ok()) return compiled.status();
      index_.dropped_tools[model.name].push_back(*std::move(compiled));
    }
    return absl::OkStatus();
  }

  void CollectHeaderNames() {
    std::vector<std::string>& names = policy_.header_names_;
    for (const CompiledRule& rule : policy_.rules_) {
      for (const auto& [name, pattern] : rule.headers) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }

  Policy& policy_;
  Policy::Index& index_;
};

Policy::Policy() : index_(std::make_unique<Index>()) {}
Policy::~Policy() = default;

absl::StatusOr<std::shared_ptr<const Policy>> Policy::Compile(config::Catalog catalog) {
  std::shared_ptr<Policy> policy(new Policy());
  policy->catalog_ = std::move(catalog);
  if (absl::Status status = PolicyCompiler(*policy).Run(); !status.ok()) return status;
  return std::shared_ptr<const Policy>(std::move(policy));
}

const config::Model* Policy::Find(std::string_view asked) const {
  if (const config::Model* model = index_->Lookup(asked); model != nullptr) return model;
  const std::size_t bracket = asked.rfind('[');
  if (bracket == std::string_view::npos || !asked.ends_with(']')) return nullptr;
  return index_->Lookup(asked.substr(0, bracket));
}

const CompiledChain& Policy::slot(config::Slot slot) const { return index_->slots.at(static_cast<std::size_t>(slot)); }

bool Policy::ToolIsDropped(const config::Model& model, std::string_view tool) const {
  if (model.drop_tools.empty()) return false;
  const auto patterns = index_->dropped_tools.find(model.name);
  if (patterns == index_->dropped_tools.end()) return false;
  return std::any_of(patterns->second.begin(), patterns->second.end(), [&](const Pattern& pattern) {
    return RE2::FullMatch(re2::StringPiece(tool.data(), tool.size()), *pattern);
  });
}

}  // namespace ccp::route
