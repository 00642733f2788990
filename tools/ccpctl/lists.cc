#include "tools/ccpctl/lists.h"

#include <cmath>
#include <cstdio>

#include "common/base/text.h"
#include "common/base/units.h"
#include "tools/ccpctl/apply_result.h"

namespace ccp::ctl {
namespace {

using Align = Column::Align;
using Where = Column::Where;

constexpr std::int64_t kMicro = 1'000'000;

Cell TokenCount(const std::optional<std::int64_t>& tokens) {
  if (!tokens) return Value{};
  return {Value(*tokens), FormatTokenCount(*tokens)};
}

// pico-USD per token are micro-USD per million tokens.
std::string PerMillion(std::int64_t pico_usd) {
  char text[32];
  std::snprintf(text, sizeof text, "$%.4g", static_cast<double>(pico_usd) / 1e6);
  return text;
}

Cell PriceText(const std::optional<config::Price>& price) {
  if (!price) return {Value{}, "unpriced"};
  return Concat(PerMillion(price->input), " / ", PerMillion(price->output));
}

// The key's name, and the edges that lack it.
Cell KeyText(const config::Model& model, const v1::ListEdgesResponse& edges) {
  if (model.auth == config::Auth::kPassthrough) return {Value{}, "(the client's)"};
  if (model.api_key_name.empty()) return {Value{}, "(none)"};
  std::string lacking;
  for (const auto& edge : edges.edges()) {
    for (const auto& key : edge.missing_keys()) {
      if (key == model.api_key_name && edge.connected()) lacking += (lacking.empty() ? "" : ", ") + EdgeName(edge);
    }
  }
  if (lacking.empty()) return model.api_key_name;
  return {Value(model.api_key_name), Concat(model.api_key_name, " (missing on ", lacking, ")")};
}

std::string When(const config::Condition& when) {
  std::vector<std::string> parts;
  if (!when.model.empty()) parts.push_back(Concat("model ~ ", when.model));
  if (!when.tokens_operator.empty())
    parts.push_back(Concat("tokens ", when.tokens_operator, " ", FormatTokenCount(when.tokens)));
  if (when.thinking) parts.push_back(*when.thinking ? "thinking" : "not thinking");
  if (!when.tool.empty()) parts.push_back(Concat("tool ~ ", when.tool));
  if (!when.user.empty()) parts.push_back(Concat("user ~ ", when.user));
  for (const auto& [name, pattern] : when.header) parts.push_back(Concat(name, " ~ ", pattern));
  return parts.empty() ? "always" : Join(parts, ", ");
}

std::string SlotCondition(config::Slot slot, const config::Routing& routing) {
  switch (slot) {
    case config::Slot::kDefault:
      return "nothing else fits";
    case config::Slot::kBackground:
      return "model contains haiku";
    case config::Slot::kThink:
      return "thinking";
    case config::Slot::kLongContext:
      if (!routing.long_context_threshold) return "input over the chosen model's max_input_tokens";
      return Concat("input tokens > ", FormatTokenCount(*routing.long_context_threshold));
    case config::Slot::kWebSearch:
      return "web_search tool";
    case config::Slot::kImage:
      return "newest user turn has an image";
    case config::Slot::kSubagent:
      return "made by a sub-agent";
    case config::Slot::kOnQuota:
      return "the chosen provider's quota is used up";
  }
  return {};
}

std::string StateOf(const v1::EdgeInfo& edge) {
  if (!edge.connected()) return "away";
  return edge.draining() ? "draining" : "ready";
}

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

std::int64_t Signed(std::uint64_t number) { return static_cast<std::int64_t>(number); }

Cell AgeOf(std::int64_t since_us, std::int64_t now_us) {
  if (since_us == 0) return Value{};
  return {Value(UtcTime(since_us)), Age((now_us - since_us) / kMicro)};
}

}  // namespace

std::string ChainText(const config::Chain& chain) {
  std::string out;
  for (const auto& target : chain.targets) {
    if (!out.empty()) out += chain.weighted ? " | " : " > ";
    out += target.model;
    if (chain.weighted) out += Concat(" (", target.weight, ")");
  }
  return out;
}

Listing ModelsList(const config::Catalog& catalog, const v1::ListEdgesResponse& edges) {
  Listing list{"ccp.models/v1",
               "models",
               {{"NAME", "name"},
                {"UPSTREAM", "upstream_name"},
                {"PROVIDER", "provider"},
                {"MODE", "mode"},
                {"OUTPUT", "max_tokens", Align::kRight},
                {"INPUT", "max_input_tokens", Align::kRight},
                {"KEY", "api_key_name"},
                {"IN / OUT PER MILLION", "price"},
                {"DIALECT", "dialect", Align::kLeft, Where::kWideOnly},
                {"TRIES", "attempts", Align::kRight, Where::kWideOnly},
                {"ALIASES", "aliases", Align::kLeft, Where::kWideOnly},
                {"API BASE", "api_base", Align::kLeft, Where::kWideOnly}},
               {},
               {},
               {}};
  for (const auto& model : catalog.models) {
    const std::string dialect = model.direct ? "-" : model.dialect + (model.dialect_guessed ? " (from the host)" : "");
    list.rows.push_back({model.name, model.upstream_name, model.provider, model.direct ? "direct" : "openai",
                         TokenCount(model.max_tokens), TokenCount(model.max_input_tokens), KeyText(model, edges),
                         PriceText(model.price), Cell(Value(model.dialect), dialect), std::int64_t{model.attempts},
                         Value(model.aliases), model.api_base});
  }
  return list;
}

Listing RoutesList(const config::Catalog& catalog) {
  Listing list{"ccp.routes/v1", "routes", {{"ROUTE", "route"}, {"WHEN", "when"}, {"TO", "to"}}, {}, {}, {}};
  const config::Routing& routing = catalog.routing;
  list.rows.push_back({"exact", "the request names a model or alias", "that model"});
  for (const auto& rule : routing.rules)
    list.rows.push_back({"rule:" + rule.name, When(rule.when), ChainText(rule.to)});
  using config::Slot;
  for (const Slot slot : {Slot::kThink, Slot::kBackground, Slot::kWebSearch, Slot::kImage, Slot::kSubagent,
                          Slot::kLongContext, Slot::kDefault, Slot::kOnQuota}) {
    const auto found = routing.slots.find(slot);
    if (found == routing.slots.end()) continue;
    list.rows.push_back({std::string(config::SlotName(slot)), SlotCondition(slot, routing), ChainText(found->second)});
  }
  return list;
}

Listing EdgesList(const v1::ListEdgesResponse& edges, std::int64_t now_us) {
  Listing list{"ccp.edges/v1",
               "edges",
               {{"NAME", "name"},
                {"STATE", "state"},
                {"REVISION", "revision", Align::kRight},
                {"SYNC", "sync"},
                {"OPEN", "open_requests", Align::kRight},
                {"PENDING", "usage_pending", Align::kRight},
                {"ADDRESS", "http_address"},
                {"VERSION", "version"},
                {"SEEN", "last_seen", Align::kRight},
                {"MISSING KEYS", "missing_keys", Align::kLeft, Where::kWideOnly},
                {"REFUSED BECAUSE", "nack_reason", Align::kLeft, Where::kWideOnly},
                {"AGE", "first_seen", Align::kRight, Where::kWideOnly},
                {"ID", "id", Align::kLeft, Where::kWideOnly}},
               {},
               {},
               {{"head_revision", Value(Signed(edges.head_revision()))}}};
  for (const auto& edge : edges.edges()) {
    list.rows.push_back({EdgeName(edge), StateOf(edge), Signed(edge.applied_revision()), SyncName(edge),
                         Signed(edge.open_requests()), Signed(edge.usage_pending()), edge.http_address(), edge.build(),
                         AgeOf(edge.last_seen_us(), now_us), Value(Strings(edge.missing_keys())), edge.nack_reason(),
                         AgeOf(edge.first_seen_us(), now_us), edge.edge_id()});
  }
  return list;
}

Listing RevisionsList(const v1::ListRevisionsResponse& revisions, std::int64_t now_us) {
  Listing list{"ccp.revisions/v1",
               "revisions",
               {{"REVISION", "revision", Align::kRight},
                {"HEAD", "head"},
                {"AGE", "created", Align::kRight},
                {"FILE", "file"},
                {"MESSAGE", "message"},
                {"DIGEST", "digest"},
                {"BRINGS BACK", "rollback_of", Align::kRight, Where::kWideOnly}},
               {},
               {},
               {}};
  for (const auto& revision : revisions.revisions()) {
    const std::string digest = Hex(revision.digest());
    const Cell rollback_of = revision.rollback_of() == 0 ? Cell(Value{}) : Cell(Signed(revision.rollback_of()));
    list.rows.push_back({Signed(revision.revision()), Cell(Value(revision.head()), revision.head() ? "*" : " "),
                         AgeOf(revision.created_us(), now_us), revision.file_name(), revision.message(),
                         Cell(Value(digest), digest.substr(0, 12)), rollback_of});
  }
  return list;
}

absl::StatusOr<Listing> OnlyNamed(Listing listing, const std::string& name) {
  if (name.empty()) return listing;
  std::vector<std::vector<Cell>> exact, prefixed;
  std::vector<std::string> names;
  for (auto& row : listing.rows) {
    const std::string text = ValueText(row.front().value);
    names.push_back(text);
    if (text == name) exact.push_back(row);
    if (text.starts_with(name)) prefixed.push_back(row);
  }
  listing.rows = exact.empty() ? std::move(prefixed) : std::move(exact);
  if (!listing.rows.empty()) return listing;
  const std::string nearest = NearestName(name, names);
  return NotFound("no ", listing.collection, " named \"", name, "\"",
                  nearest.empty() ? "" : Concat(". Did you mean \"", nearest, "\"?"));
}

}  // namespace ccp::ctl
