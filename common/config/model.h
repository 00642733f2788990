// The catalog: models.yaml after parsing, defaults filled in, providers folded into their models, names resolved.
//
// Plain values; compare with ==. An edge shares one as `shared_ptr<const>`; nobody changes a published one.
// Its wire twin is ccp.v1.Catalog; common/wire converts.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::config {

// pico-USD per token: 0.27 USD per million tokens is exactly 270,000.
struct Price {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  bool operator==(const Price&) const = default;
};

struct Timeouts {
  std::chrono::milliseconds connect{5'000};        // TCP + TLS, together.
  std::chrono::milliseconds first_byte{300'000};   // From the request's last byte to the first of the answer's head.
  std::chrono::milliseconds idle{300'000};         // Between two reads of the answer.
  bool operator==(const Timeouts&) const = default;
};

enum class Auth : std::uint8_t {
  kKey,          // The provider key named by api_key_name.
  kPassthrough,  // The client's own credential; only to a first-party host.
};

struct Model {
  std::string name;
  std::string provider;             // Name under `providers:`, else the host of api_base.
  std::string upstream_name;
  std::string api_base;             // Without a trailing slash.
  std::string api_key_name;         // Name of a variable, never a key. Empty: no credential is sent.
  std::string dialect = "openai";
  bool dialect_guessed = false;     // From the host, because none was given.
  bool direct = false;
  Auth auth = Auth::kKey;
  std::optional<std::int64_t> max_tokens;
  std::optional<std::int64_t> max_input_tokens;
  int attempts = 2;
  Timeouts timeouts;
  bool can_stream = true;
  bool always_stream = false;       // Where can_stream: also for clients that want no stream.
  std::string reasoning_effort;     // minimal low medium high, or empty: as the request implies.
  std::optional<double> temperature;
  std::map<std::string, std::string> extra_headers;
  std::string extra_body_json;      // A JSON object, or empty.
  std::vector<std::string> drop_tools;  // RE2, each matched against a whole tool name.
  std::optional<Price> price;
  std::vector<std::string> aliases;
  std::string tokenizer = "auto";   // auto | o200k | estimate
  std::string display_name;         // Default: the name.
  bool operator==(const Model&) const = default;
};

struct Target {
  std::string model;
  std::uint32_t weight = 0;
  bool operator==(const Target&) const = default;
};

// Where a request may go: in order, or (weighted) drawn by weight and the rest in order behind.
struct Chain {
  std::vector<Target> targets;
  bool weighted = false;
  bool empty() const { return targets.empty(); }
  bool operator==(const Chain&) const = default;
};

enum class Slot : std::uint8_t {
  kDefault, kBackground, kThink, kLongContext, kWebSearch, kImage, kSubagent, kOnQuota,
};
inline constexpr int kSlotCount = 8;
std::string_view SlotName(Slot slot);  // As in models.yaml: "long_context".

// Every condition given must hold.
struct Condition {
  std::string model;                          // RE2, searched in the asked name.
  std::string tokens_operator;                // >= > <= < = or empty.
  std::int64_t tokens = 0;
  std::optional<bool> thinking;
  std::string tool;                           // RE2, searched in each tool's name.
  std::string user;                           // RE2, searched in metadata.user_id.
  std::map<std::string, std::string> header;  // Lower-case name -> RE2.
  bool operator==(const Condition&) const = default;
};

struct Rule {
  std::string name;
  Condition when;
  Chain to;
  bool operator==(const Rule&) const = default;
};

struct Routing {
  std::map<Slot, Chain> slots;
  std::optional<std::int64_t> long_context_threshold;
  std::vector<Rule> rules;
  bool operator==(const Routing&) const = default;
};

struct Catalog {
  std::vector<Model> models;  // In the order of the file.
  Routing routing;
  bool operator==(const Catalog&) const = default;
};

// Who is called what. A name counts before an alias, and an earlier model before a later one. Refers to the catalog.
class ModelsByName {
 public:
  explicit ModelsByName(const Catalog& catalog);
  const Model* Find(std::string_view name_or_alias) const;  // nullptr if there is none.

 private:
  std::map<std::string_view, const Model*> models_;
};

}  // namespace ccp::config
