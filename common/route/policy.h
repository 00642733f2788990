// A catalog made ready to decide by: patterns compiled, names resolved to models.
//
// Ownership: owns its Catalog; Model pointers in decisions live as long as the Policy.
// Threading: immutable after Compile(); share as shared_ptr<const Policy>.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/model.h"
#include "common/route/facts.h"

namespace ccp::route {

struct CompiledChain;
struct CompiledRule;

class Policy {
 public:
  // kInvalidArgument when a pattern does not compile or a route names no model.
  static absl::StatusOr<std::shared_ptr<const Policy>> Compile(config::Catalog catalog);
  ~Policy();

  const config::Catalog& catalog() const { return catalog_; }
  // Hash lookup of a name, an alias, or "provider,model" where model is a name, an alias or the upstream's name.
  // A suffix in brackets ("[1m]", Claude Code's way to ask for a long window) is ignored. nullptr if there is none.
  const config::Model* Find(std::string_view asked) const;
  const std::vector<CompiledRule>& rules() const { return rules_; }
  const CompiledChain& slot(config::Slot slot) const;  // Empty when it is not configured.
  const std::vector<std::string>& header_names() const { return header_names_; }  // That some rule asks for; lower-case.
  bool ToolIsDropped(const config::Model& model, std::string_view tool) const;     // drop_tools of the model.
  bool looks_at_size() const { return looks_at_size_; }  // Some decision depends on how many tokens the input has.

 private:
  friend class PolicyCompiler;
  Policy();
  struct Index;
  config::Catalog catalog_;
  std::vector<CompiledRule> rules_;
  std::vector<std::string> header_names_;
  bool looks_at_size_ = false;
  std::unique_ptr<Index> index_;
};

}  // namespace ccp::route
