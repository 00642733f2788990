#include "common/config/fields.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/base/text.h"

namespace ccp::config {
namespace {

constexpr std::array<std::string_view, 15> kDialects{"openai", "openai-reasoning", "openrouter", "deepseek", "qwen",
                                                     "doubao", "gemini",           "groq",       "kimi",     "glm",
                                                     "mistral", "vllm",            "llamacpp",   "ollama",   "litellm"};
constexpr std::array<std::string_view, 4> kEfforts{"minimal", "low", "medium", "high"};
constexpr std::array<std::string_view, 2> kAuths{"key", "passthrough"};
constexpr std::array<std::string_view, 3> kTokenizers{"auto", "o200k", "estimate"};

// A model with a larger window than this, or a file that means it, does not exist yet.
constexpr Range kTokenRange{1, 100.0 * 1024 * 1024};
// A connection attempt of a day, or a limit below what a timer resolves, is a slip of the pen.
constexpr Range kTimeoutRange{1, 86'400'000};
constexpr Range kUsdRange{0, 1'000'000};

constexpr Binding Of(Member<Model> member) { return member; }
constexpr Binding Of(Member<Timeouts> member) { return member; }
constexpr Binding Of(Member<Price> member) { return member; }
constexpr Binding Of(Member<Condition> member) { return member; }

using enum FieldType;

constexpr auto kFields = std::to_array<Field>({
    {.section = Section::kFile, .key = "version", .type = kInteger,
     .doc = "Version of this file's format.", .example = "1", .fallback = "1", .range = Range{1, 1}},
    {.section = Section::kFile, .key = "providers", .type = kSectionMap,
     .doc = "What several models share, by name. A model takes it over with provider; its own keys win.",
     .example = "{ deepseek: { api_base: https://api.deepseek.com/v1, api_key_name: DEEPSEEK_API_KEY } }",
     .child = Section::kProvider},
    {.section = Section::kFile, .key = "models", .type = kSectionMap,
     .doc = "The models clients may ask for and routes may lead to, by name; or a list of entries with model_id.",
     .example = "{ deepseek-v3: { provider: deepseek, model_name: deepseek-chat } }", .child = Section::kModel},
    {.section = Section::kFile, .key = "routing", .type = kSection,
     .doc = "Which model answers a request that names none of the models above.",
     .example = "{ default: deepseek-v3, think: deepseek-r1 }", .child = Section::kRouting},

    {.section = Section::kModel, .key = "model_id", .type = kName,
     .doc = "The model's name, where models is a list. Where models is a map its keys are the names.",
     .example = "deepseek-v3"},
    {.section = Section::kModel, .key = "provider", .type = kProviderName,
     .doc = "Takes over everything the provider of this name says. Also the name usage is summed under; without it that "
            "is the host of api_base.",
     .example = "deepseek", .binding = Of(&Model::provider)},
    {.section = Section::kModel, .key = "model_name", .type = kText,
     .doc = "The model's name at the provider. Default: the model's name here.", .example = "deepseek-chat",
     .binding = Of(&Model::upstream_name)},
    {.section = Section::kModel, .key = "api_base", .type = kUrl,
     .doc = "Where the API begins: what stands before /chat/completions, or before /v1/messages of a direct model.",
     .example = "https://api.deepseek.com/v1", .binding = Of(&Model::api_base), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "api_key_name", .type = kVariable,
     .doc = "Name of the variable that holds the key, looked up in each edge's environment and its --env-file. Never "
            "the key itself. Without it no credential is sent.",
     .example = "DEEPSEEK_API_KEY", .binding = Of(&Model::api_key_name), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "dialect", .type = kChoice,
     .doc = "How the provider's Chat Completions differ from OpenAI's. Default: known from the host, else openai.",
     .example = "deepseek", .binding = Of(&Model::dialect), .choices = kDialects, .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "direct", .type = kBool,
     .doc = "true: the provider speaks Anthropic's Messages API itself; requests and answers pass byte for byte apart "
            "from the model name and max_tokens.",
     .example = "true", .fallback = "false", .binding = Of(&Model::direct), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "auth", .type = kChoice,
     .doc = "key: send the key named by api_key_name. passthrough: forward the client's own credential; only for direct "
            "models at https://api.anthropic.com.",
     .example = "passthrough", .fallback = "key", .binding = Of(&Model::auth), .choices = kAuths,
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "max_tokens", .type = kTokens,
     .doc = "The most output tokens the model can give; requests for more are capped.", .example = "8k",
     .binding = Of(&Model::max_tokens), .range = kTokenRange, .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "max_input_tokens", .type = kTokens,
     .doc = "The most input tokens the model takes. Larger requests go to long_context, or are refused in the words "
            "that make Claude Code compact its conversation.",
     .example = "128k", .binding = Of(&Model::max_input_tokens), .range = kTokenRange,
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "attempts", .type = kInteger,
     .doc = "Tries on this model before the next of the chain. 1: no retry.", .example = "3", .fallback = "2",
     .binding = Of(&Model::attempts), .range = Range{1, 10}, .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "timeouts", .type = kSection,
     .doc = "How long to wait for the provider.", .example = "{ connect: 5s, first_byte: 300s, idle: 300s }",
     .binding = Of(&Model::timeouts), .sharing = Sharing::kProviderToo, .child = Section::kTimeouts},
    {.section = Section::kModel, .key = "can_stream", .type = kBool,
     .doc = "false: call the provider without streaming and synthesise the client's events from the whole answer.",
     .example = "false", .fallback = "true", .binding = Of(&Model::can_stream), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "always_stream", .type = kBool,
     .doc = "true: call the provider with streaming even where the client wants none, and put the answer together here. "
            "For providers that only stream.",
     .example = "true", .fallback = "false", .binding = Of(&Model::always_stream), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "reasoning_effort", .type = kChoice,
     .doc = "How hard the model thinks when a request asks for thinking. Default: what the request implies.",
     .example = "medium", .binding = Of(&Model::reasoning_effort), .choices = kEfforts,
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "temperature", .type = kNumber,
     .doc = "Sampling temperature where the client sent none.", .example = "0.7", .binding = Of(&Model::temperature),
     .range = Range{0, 2}, .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "extra_headers", .type = kHeaders,
     .doc = "Headers added to each request to the provider. Credentials do not belong here.",
     .example = "{ X-Title: \"Claude Code\" }", .binding = Of(&Model::extra_headers),
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "extra_body", .type = kJsonObject,
     .doc = "Fields merged into the body of each request to the provider, over what the translation wrote.",
     .example = "{ top_p: 0.95 }", .binding = Of(&Model::extra_body_json), .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "drop_tools", .type = kPatternList,
     .doc = "Tools this model does not get to see: names or RE2 patterns for whole names.",
     .example = "[NotebookEdit, \"mcp__slow__.*\"]", .binding = Of(&Model::drop_tools),
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "price", .type = kSection,
     .doc = "What tokens cost, in US dollars per million. Without it ccpctl stats counts the tokens as unpriced.",
     .example = "{ input: 0.27, output: 1.10, cache_read: 0.07, cache_write: 0 }", .binding = Of(&Model::price),
     .child = Section::kPrice},
    {.section = Section::kModel, .key = "aliases", .type = kNameList,
     .doc = "Further names a client or a route may use for this model.", .example = "[ds]",
     .binding = Of(&Model::aliases)},
    {.section = Section::kModel, .key = "tokenizer", .type = kChoice,
     .doc = "How tokens are counted where the provider is not asked: the exact o200k vocabulary, or an estimate from "
            "the text, corrected by what the model reports. auto: exact for models that are known to use the "
            "vocabulary, for others once nothing was reported yet.",
     .example = "estimate", .fallback = "auto", .binding = Of(&Model::tokenizer), .choices = kTokenizers,
     .sharing = Sharing::kProviderToo},
    {.section = Section::kModel, .key = "display_name", .type = kText,
     .doc = "The name clients show in their list of models. Default: the model's name.", .example = "DeepSeek V3",
     .binding = Of(&Model::display_name)},
    {.section = Section::kModel, .key = "context", .type = kTokens, .doc = "The most input tokens the model takes.",
     .example = "64k", .binding = Of(&Model::max_input_tokens), .range = kTokenRange,
     .replaced_by = "max_input_tokens"},
    {.section = Section::kModel, .key = "input_cost_per_token", .type = kUsdPerToken,
     .doc = "Price of one input token in US dollars.", .example = "0.0000005", .replaced_by = "price.input"},
    {.section = Section::kModel, .key = "output_cost_per_token", .type = kUsdPerToken,
     .doc = "Price of one output token in US dollars.", .example = "0.000002", .replaced_by = "price.output"},
    {.section = Section::kModel, .key = "enable_thinking", .type = kBool,
     .doc = "Has no effect: whether the model thinks follows from the request and from reasoning_effort.",
     .example = "true", .replaced_by = "reasoning_effort"},

    {.section = Section::kTimeouts, .key = "connect", .type = kDuration,
     .doc = "For the connection and the TLS handshake together.", .example = "5s", .fallback = "5s",
     .binding = Of(&Timeouts::connect), .range = kTimeoutRange},
    {.section = Section::kTimeouts, .key = "first_byte", .type = kDuration,
     .doc = "From the last byte of the request to the first of the answer.", .example = "300s", .fallback = "300s",
     .binding = Of(&Timeouts::first_byte), .range = kTimeoutRange},
    {.section = Section::kTimeouts, .key = "idle", .type = kDuration,
     .doc = "Between two pieces of the answer.", .example = "300s", .fallback = "300s",
     .binding = Of(&Timeouts::idle), .range = kTimeoutRange},

    {.section = Section::kPrice, .key = "input", .type = kUsdPerMillion, .doc = "Input tokens read anew.",
     .example = "0.27", .fallback = "0", .binding = Of(&Price::input), .range = kUsdRange},
    {.section = Section::kPrice, .key = "output", .type = kUsdPerMillion, .doc = "Output tokens, thinking included.",
     .example = "1.10", .fallback = "0", .binding = Of(&Price::output), .range = kUsdRange},
    {.section = Section::kPrice, .key = "cache_read", .type = kUsdPerMillion,
     .doc = "Input tokens the provider had in its cache.", .example = "0.07", .fallback = "0",
     .binding = Of(&Price::cache_read), .range = kUsdRange},
    {.section = Section::kPrice, .key = "cache_write", .type = kUsdPerMillion,
     .doc = "Input tokens written to the provider's cache.", .example = "0", .fallback = "0",
     .binding = Of(&Price::cache_write), .range = kUsdRange},

    {.section = Section::kRouting, .key = "default", .type = kChain,
     .doc = "Where every other request goes. A chain is tried in order until a model answers.",
     .example = "[deepseek-v3, claude-sonnet]"},
    {.section = Section::kRouting, .key = "background", .type = kChain,
     .doc = "Requests for a model with haiku in its name: Claude Code's small jobs.", .example = "deepseek-v3"},
    {.section = Section::kRouting, .key = "think", .type = kChain, .doc = "Requests with thinking enabled.",
     .example = "deepseek-r1"},
    {.section = Section::kRouting, .key = "long_context", .type = kChain,
     .doc = "Requests with more input tokens than long_context_threshold, or than the chosen model takes.",
     .example = "gemini-2.5-pro"},
    {.section = Section::kRouting, .key = "long_context_threshold", .type = kTokens,
     .doc = "From how many input tokens on long_context is chosen. Default: 128k where long_context is set.",
     .example = "60k", .range = kTokenRange},
    {.section = Section::kRouting, .key = "web_search", .type = kChain,
     .doc = "Requests that carry the web_search server tool.", .example = "gemini-2.5-pro"},
    {.section = Section::kRouting, .key = "image", .type = kChain,
     .doc = "Requests whose newest user turn carries an image.", .example = "gemini-2.5-pro"},
    {.section = Section::kRouting, .key = "subagent", .type = kChain,
     .doc = "Requests made by a sub-agent of Claude Code.", .example = "deepseek-v3"},
    {.section = Section::kRouting, .key = "on_quota", .type = kChain,
     .doc = "Where to go on when the chosen provider says that its quota is used up.", .example = "[deepseek-v3]"},
    {.section = Section::kRouting, .key = "rules", .type = kSectionList,
     .doc = "Checked in order before the slots; the first rule that matches decides.",
     .example = "[{ name: big, when: { tokens: \">=60k\" }, to: gemini-2.5-pro }]", .child = Section::kRule},

    {.section = Section::kRule, .key = "name", .type = kName,
     .doc = "Shown in x-ccp-route and in statistics. Default: rule-1, rule-2, ... by place.",
     .example = "opus-to-claude"},
    {.section = Section::kRule, .key = "when", .type = kSection,
     .doc = "The conditions; all given ones must hold. Without any the rule matches every request.",
     .example = "{ model: opus, thinking: true }", .child = Section::kWhen},
    {.section = Section::kRule, .key = "to", .type = kChain,
     .doc = "A model, a chain tried in order, or weighted models drawn at random.",
     .example = "[{ model: a, weight: 3 }, { model: b, weight: 1 }]"},

    {.section = Section::kWhen, .key = "model", .type = kPattern, .doc = "The asked model's name matches this pattern.",
     .example = "opus", .binding = Of(&Condition::model)},
    {.section = Section::kWhen, .key = "tokens", .type = kTokenCondition,
     .doc = "The number of input tokens (system, tools and messages).", .example = "\">=60k\""},
    {.section = Section::kWhen, .key = "thinking", .type = kBool, .doc = "Thinking is enabled, or is not.",
     .example = "true", .binding = Of(&Condition::thinking)},
    {.section = Section::kWhen, .key = "tool", .type = kPattern,
     .doc = "One of the request's tools has a name that matches this pattern.", .example = "\"^mcp__\"",
     .binding = Of(&Condition::tool)},
    {.section = Section::kWhen, .key = "user", .type = kPattern, .doc = "metadata.user_id matches this pattern.",
     .example = "alice", .binding = Of(&Condition::user)},
    {.section = Section::kWhen, .key = "header", .type = kHeaderPatterns,
     .doc = "Each header named here is present and its value matches the pattern.", .example = "{ x-team: infra }",
     .binding = Of(&Condition::header)},

    {.section = Section::kTarget, .key = "model", .type = kModelName, .doc = "A model or alias of this file.",
     .example = "deepseek-v3"},
    {.section = Section::kTarget, .key = "weight", .type = kInteger,
     .doc = "Its share: weight divided by the sum of all weights of the list.", .example = "3", .fallback = "1",
     .range = Range{1, 1'000'000}},
});

std::string_view SectionPath(Section section) {
  switch (section) {
    case Section::kFile: return "";
    case Section::kProvider: return "providers.*";
    case Section::kModel: return "models.*";
    case Section::kTimeouts: return "models.*.timeouts";
    case Section::kPrice: return "models.*.price";
    case Section::kRouting: return "routing";
    case Section::kRule: return "routing.rules";
    case Section::kWhen: return "routing.rules.when";
    case Section::kTarget: return "routing.rules.to";
  }
  return "";
}

// Whether `asked` is the field's path, its "*" left out or replaced by a name.
bool PathMatches(std::string_view asked, std::string_view pattern) {
  const auto want = Split(pattern, '.');
  const auto have = Split(asked, '.');
  std::size_t next = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == "*") {
      const std::size_t remaining = want.size() - i - 1;
      if (have.size() - next > remaining) ++next;  // A name stands here.
      continue;
    }
    if (next >= have.size() || have[next] != want[i]) return false;
    ++next;
  }
  return next == have.size();
}

std::string Shortened(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.15g", number);
  return text.data();
}

}  // namespace

std::span<const Field> Fields() { return kFields; }

std::vector<const Field*> FieldsOf(Section section) {
  std::vector<const Field*> fields;
  for (const Field& field : kFields) {
    const bool shared = section == Section::kProvider && field.sharing == Sharing::kProviderToo;
    if (field.section == section || shared) fields.push_back(&field);
  }
  return fields;
}

const Field* FindKey(Section section, std::string_view key) {
  for (const Field* field : FieldsOf(section)) {
    if (field->key == key) return field;
  }
  return nullptr;
}

std::string FieldPath(const Field& field) {
  const std::string_view section = SectionPath(field.section);
  return section.empty() ? std::string(field.key) : Concat(section, ".", field.key);
}

std::string_view TypeName(FieldType type) {
  switch (type) {
    case kText: return "text";
    case kName: return "name";
    case kModelName: return "name of a model";
    case kProviderName: return "name of a provider";
    case kUrl: return "URL";
    case kVariable: return "name of a variable";
    case kChoice: return "choice";
    case kPattern: return "RE2 pattern";
    case kBool: return "boolean";
    case kInteger: return "integer";
    case kNumber: return "number";
    case kTokens: return "tokens";
    case kDuration: return "duration";
    case kUsdPerMillion: return "USD per million tokens";
    case kUsdPerToken: return "USD per token";
    case kTokenCondition: return "condition on tokens";
    case kNameList: return "list of names";
    case kPatternList: return "list of RE2 patterns";
    case kHeaders: return "map of headers";
    case kHeaderPatterns: return "map of headers to RE2 patterns";
    case kJsonObject: return "JSON object";
    case kChain: return "chain of models";
    case kSection: return "map";
    case kSectionMap: return "map by name";
    case kSectionList: return "list of maps";
  }
  return "";
}

std::string_view TypeExample(FieldType type) {
  switch (type) {
    case kBool: return "true or false";
    case kInteger: return "a whole number";
    case kNumber: return "a number such as 0.7";
    case kTokens: return "a number of tokens such as 4096, 8k or 1m";
    case kDuration: return "a duration such as 250ms, 5s or 2m";
    case kUsdPerMillion: return "US dollars per million tokens such as 0.27";
    case kUsdPerToken: return "US dollars per token such as 0.0000005";
    case kTokenCondition: return "an operator and a number of tokens such as \">=60k\"";
    case kNameList: return "a list of names such as [a, b]";
    case kPatternList: return "a list of patterns such as [NotebookEdit, \"mcp__.*\"]";
    case kHeaders: return "a map of header names to values";
    case kHeaderPatterns: return "a map of header names to patterns";
    case kJsonObject: return "a map of fields";
    case kChain: return "a model, a list of models, or a list of { model, weight }";
    case kSection: return "a map of settings";
    case kSectionMap: return "a map by name";
    case kSectionList: return "a list of maps";
    case kText:
    case kName:
    case kModelName:
    case kProviderName:
    case kUrl:
    case kVariable:
    case kChoice:
    case kPattern: return "text";
  }
  return "";
}

const Field* FindField(std::string_view path) {
  for (const Field& field : kFields) {
    if (PathMatches(path, FieldPath(field))) return &field;
  }
  for (const Field* field : FieldsOf(Section::kProvider)) {
    if (PathMatches(path, Concat("providers.*.", field->key))) return field;
  }
  // The end of a path: "timeouts.idle", "max_tokens".
  for (const Field& field : kFields) {
    if (FieldPath(field).ends_with(Concat(".", path))) return &field;
  }
  return nullptr;
}

std::string NearestFieldPath(std::string_view path) {
  std::vector<std::string> candidates;
  for (const Field& field : kFields) {
    std::string full = FieldPath(field);
    if (const std::size_t star = full.find("*."); star != std::string::npos) full.erase(star, 2);
    candidates.push_back(full);
    candidates.emplace_back(field.key);
  }
  return NearestName(path, candidates);
}

std::string Describe(const Field& field) {
  std::string out = Concat(FieldPath(field), "  (", TypeName(field.type), ")\n  ", field.doc, "\n");
  if (field.sharing == Sharing::kProviderToo) out += "  May stand in a provider as well; the model's own value wins.\n";
  if (!field.choices.empty()) {
    out += "  allowed:";
    for (const std::string_view choice : field.choices) out += Concat(" ", choice);
    out += '\n';
  }
  if (field.range) {
    out += field.type == kDuration ? Concat("  range: ", Shortened(field.range->least), "ms to 24h\n")
                                   : Concat("  range: ", Shortened(field.range->least), " to ",
                                            Shortened(field.range->most), "\n");
  }
  if (!field.fallback.empty()) out += Concat("  default: ", field.fallback, "\n");
  if (!field.replaced_by.empty()) out += Concat("  replaced by: ", field.replaced_by, "\n");
  out += Concat("  example: ", field.key, ": ", field.example, "\n");
  return out;
}

}  // namespace ccp::config
