// Catalog <-> ccp.v1.Catalog.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <optional>

#include "common/base/text.h"
#include "common/wire/convert.h"

namespace ccp::wire {
namespace {

void Write(const config::Price& from, v1::Price& to) {
  to.set_input(from.input);
  to.set_output(from.output);
  to.set_cache_read(from.cache_read);
  to.set_cache_write(from.cache_write);
}

config::Price Read(const v1::Price& from) {
  return {.input = from.input(),
          .output = from.output(),
          .cache_read = from.cache_read(),
          .cache_write = from.cache_write()};
}

void Write(const config::Timeouts& from, v1::Timeouts& to) {
  to.set_connect_ms(from.connect.count());
  to.set_first_byte_ms(from.first_byte.count());
  to.set_idle_ms(from.idle.count());
}

config::Timeouts Read(const v1::Timeouts& from) {
  using std::chrono::milliseconds;
  return {.connect = milliseconds(from.connect_ms()),
          .first_byte = milliseconds(from.first_byte_ms()),
          .idle = milliseconds(from.idle_ms())};
}

void Write(const config::Model& from, v1::Model& to) {
  to.set_name(from.name);
  to.set_provider(from.provider);
  to.set_upstream_name(from.upstream_name);
  to.set_api_base(from.api_base);
  to.set_api_key_name(from.api_key_name);
  to.set_dialect(from.dialect);
  to.set_dialect_guessed(from.dialect_guessed);
  to.set_direct(from.direct);
  to.set_passthrough_auth(from.auth == config::Auth::kPassthrough);
  if (from.max_tokens) to.set_max_tokens(*from.max_tokens);
  if (from.max_input_tokens) to.set_max_input_tokens(*from.max_input_tokens);
  to.set_attempts(from.attempts);
  Write(from.timeouts, *to.mutable_timeouts());
  to.set_can_stream(from.can_stream);
  to.set_always_stream(from.always_stream);
  to.set_reasoning_effort(from.reasoning_effort);
  if (from.temperature) to.set_temperature(*from.temperature);
  to.mutable_extra_headers()->insert(from.extra_headers.begin(), from.extra_headers.end());
  to.set_extra_body_json(from.extra_body_json);
  to.mutable_drop_tools()->Assign(from.drop_tools.begin(), from.drop_tools.end());
  if (from.price) Write(*from.price, *to.mutable_price());
  to.mutable_aliases()->Assign(from.aliases.begin(), from.aliases.end());
  to.set_tokenizer(from.tokenizer);
  to.set_display_name(from.display_name);
}

config::Model Read(const v1::Model& from) {
  config::Model to;
  to.name = from.name();
  to.provider = from.provider();
  to.upstream_name = from.upstream_name();
  to.api_base = from.api_base();
  to.api_key_name = from.api_key_name();
  to.dialect = from.dialect();
  to.dialect_guessed = from.dialect_guessed();
  to.direct = from.direct();
  to.auth = from.passthrough_auth() ? config::Auth::kPassthrough : config::Auth::kKey;
  if (from.has_max_tokens()) to.max_tokens = from.max_tokens();
  if (from.has_max_input_tokens()) to.max_input_tokens = from.max_input_tokens();
  to.attempts = from.attempts();
  if (from.has_timeouts()) to.timeouts = Read(from.timeouts());
  to.can_stream = from.can_stream();
  to.always_stream = from.always_stream();
  to.reasoning_effort = from.reasoning_effort();
  if (from.has_temperature()) to.temperature = from.temperature();
  to.extra_headers = {from.extra_headers().begin(), from.extra_headers().end()};
  to.extra_body_json = from.extra_body_json();
  to.drop_tools = {from.drop_tools().begin(), from.drop_tools().end()};
  if (from.has_price()) to.price = Read(from.price());
  to.aliases = {from.aliases().begin(), from.aliases().end()};
  to.tokenizer = from.tokenizer();
  to.display_name = from.display_name();
  return to;
}

void Write(const config::Chain& from, v1::Chain& to) {
  for (const config::Target& target : from.targets) {
    v1::Target& added = *to.add_targets();
    added.set_model(target.model);
    added.set_weight(target.weight);
  }
  to.set_weighted(from.weighted);
}

config::Chain Read(const v1::Chain& from) {
  config::Chain to;
  for (const v1::Target& target : from.targets()) to.targets.push_back({target.model(), target.weight()});
  to.weighted = from.weighted();
  return to;
}

void Write(const config::Condition& from, v1::Condition& to) {
  to.set_model(from.model);
  to.set_tokens_operator(from.tokens_operator);
  to.set_tokens(from.tokens);
  if (from.thinking) to.set_thinking(*from.thinking);
  to.set_tool(from.tool);
  to.set_user(from.user);
  to.mutable_header()->insert(from.header.begin(), from.header.end());
}

config::Condition Read(const v1::Condition& from) {
  config::Condition to;
  to.model = from.model();
  to.tokens_operator = from.tokens_operator();
  to.tokens = from.tokens();
  if (from.has_thinking()) to.thinking = from.thinking();
  to.tool = from.tool();
  to.user = from.user();
  to.header = {from.header().begin(), from.header().end()};
  return to;
}

std::optional<config::Slot> SlotNamed(std::string_view name) {
  for (int i = 0; i < config::kSlotCount; ++i) {
    const auto slot = static_cast<config::Slot>(i);
    if (config::SlotName(slot) == name) return slot;
  }
  return std::nullopt;
}

absl::StatusOr<config::Routing> Read(const v1::Routing& from) {
  config::Routing to;
  for (const auto& [name, chain] : from.slots()) {
    const auto slot = SlotNamed(name);
    if (!slot) {
      return InvalidArgument("routing: slot \"", name, "\" is not known to this build, want one of its own; update it");
    }
    to.slots[*slot] = Read(chain);
  }
  if (from.has_long_context_threshold()) to.long_context_threshold = from.long_context_threshold();
  for (const v1::Rule& rule : from.rules()) to.rules.push_back({rule.name(), Read(rule.when()), Read(rule.to())});
  return to;
}

void Write(const config::Routing& from, v1::Routing& to) {
  for (const auto& [slot, chain] : from.slots) {
    Write(chain, (*to.mutable_slots())[std::string(config::SlotName(slot))]);
  }
  if (from.long_context_threshold) to.set_long_context_threshold(*from.long_context_threshold);
  for (const config::Rule& rule : from.rules) {
    v1::Rule& added = *to.add_rules();
    added.set_name(rule.name);
    Write(rule.when, *added.mutable_when());
    Write(rule.to, *added.mutable_to());
  }
}

}  // namespace

v1::Catalog ToProto(const config::Catalog& catalog) {
  v1::Catalog proto;
  for (const config::Model& model : catalog.models) Write(model, *proto.add_models());
  Write(catalog.routing, *proto.mutable_routing());
  return proto;
}

absl::StatusOr<config::Catalog> FromProto(const v1::Catalog& proto) {
  config::Catalog catalog;
  for (const v1::Model& model : proto.models()) catalog.models.push_back(Read(model));
  auto routing = Read(proto.routing());
  if (!routing.ok()) return routing.status();
  catalog.routing = std::move(*routing);
  return catalog;
}

std::string Serialize(const config::Catalog& catalog) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // Maps in the order of their keys: the digest must not depend on a hash.
    ToProto(catalog).SerializeToCodedStream(&coded);
  }  // The streams write what they hold when they end.
  return bytes;
}

}  // namespace ccp::wire
