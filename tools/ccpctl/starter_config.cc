#include "tools/ccpctl/starter_config.h"

#include <array>

#include "common/base/text.h"

namespace ccp::ctl {
namespace {

// Model names as the providers document them, read 2026-11. Prices are left out: they change, and "unpriced" is honest.
struct Offer {
  std::string_view variable;
  std::string_view main_model;   // Name in models.yaml.
  std::string_view think_model;  // Empty: the main model.
  std::string_view yaml;
};

constexpr std::array<Offer, 4> kOffers{{
    {"DEEPSEEK_API_KEY", "deepseek-chat", "deepseek-reasoner",
     R"(  deepseek-chat:
    api_base: https://api.deepseek.com/v1
    api_key_name: DEEPSEEK_API_KEY
    max_tokens: 8k
    max_input_tokens: 128k
  deepseek-reasoner:
    api_base: https://api.deepseek.com/v1
    api_key_name: DEEPSEEK_API_KEY
    max_tokens: 64k
    max_input_tokens: 128k
)"},
    {"OPENAI_API_KEY", "gpt-5-mini", "",
     R"(  gpt-5-mini:
    api_base: https://api.openai.com/v1
    api_key_name: OPENAI_API_KEY
    dialect: openai-reasoning
    max_tokens: 64k
    max_input_tokens: 272k
)"},
    {"OPENROUTER_API_KEY", "openrouter-sonnet", "",
     R"(  openrouter-sonnet:
    model_name: anthropic/claude-sonnet-4.5
    api_base: https://openrouter.ai/api/v1
    api_key_name: OPENROUTER_API_KEY
    max_tokens: 32k
    max_input_tokens: 200k
)"},
    {"ANTHROPIC_API_KEY", "claude-sonnet-4-5", "",
     R"(  claude-sonnet-4-5:
    api_base: https://api.anthropic.com
    api_key_name: ANTHROPIC_API_KEY
    direct: true
    max_tokens: 64k
    max_input_tokens: 200k
)"},
}};

}  // namespace

StarterConfig StarterFromKeys(const std::function<bool(std::string_view variable)>& is_set) {
  StarterConfig starter;
  std::string models, fallbacks;
  const Offer* first = nullptr;
  for (const Offer& offer : kOffers) {
    if (!is_set(offer.variable)) continue;
    starter.keys_found.emplace_back(offer.variable);
    models += offer.yaml;
    fallbacks += Concat(fallbacks.empty() ? "" : ", ", offer.main_model);
    if (first == nullptr) first = &offer;
  }
  if (first == nullptr) return starter;
  starter.yaml =
      Concat("# Written by \"ccpctl up\" from the provider keys in the environment. Yours to change.\nmodels:\n",
             models, "routing:\n  default: [", fallbacks, "]\n");
  if (!first->think_model.empty()) starter.yaml += Concat("  think: ", first->think_model, "\n");
  return starter;
}

std::string StarterForMock(std::string_view api_base) {
  return Concat(
      R"(# The mock provider: a model on this machine that answers by itself, to try things out without any key.
models:
  mock:
    api_base: )",
      api_base, R"(
    max_tokens: 8k
    max_input_tokens: 128k
    price: { input: 0.27, output: 1.10, cache_read: 0.07 }
routing:
  default: mock
)");
}

}  // namespace ccp::ctl
