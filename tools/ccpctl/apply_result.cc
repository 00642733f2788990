#include "tools/ccpctl/apply_result.h"

#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/json/write.h"
#include "common/wire/convert.h"
#include "tools/ccpctl/listing.h"

namespace ccp::ctl {
namespace {

std::string KindName(v1::Change::Kind kind) {
  switch (kind) {
    case v1::Change::ADD:
      return "add";
    case v1::Change::CHANGE:
      return "change";
    case v1::Change::REMOVE:
      return "remove";
    default:
      return "unknown";
  }
}

std::string ChangeJson(const v1::Change& change) {
  std::string fields;
  for (const auto& field : change.fields()) {
    fields += Concat(fields.empty() ? "" : ",", "{\"field\":", json::Quoted(field.field()),
                     ",\"before\":", json::Quoted(field.before()), ",\"after\":", json::Quoted(field.after()), "}");
  }
  return Concat("{\"kind\":", json::Quoted(KindName(change.kind())), ",\"path\":", json::Quoted(change.path()),
                ",\"summary\":", json::Quoted(change.summary()), ",\"fields\":[", fields, "]}");
}

std::string EdgeJson(const v1::EdgeInfo& edge) {
  const std::vector<std::string> missing(edge.missing_keys().begin(), edge.missing_keys().end());
  return Concat("{\"edge\":", json::Quoted(EdgeName(edge)), ",\"sync\":", json::Quoted(SyncName(edge)),
                ",\"applied_revision\":", edge.applied_revision(),
                ",\"nack_reason\":", json::Quoted(edge.nack_reason()), ",\"missing_keys\":", ValueJson(missing), "}");
}

std::string EdgeLine(const v1::EdgeInfo& edge) {
  switch (edge.sync()) {
    case v1::EdgeInfo::SYNCED:
      return Concat("acknowledged revision ", edge.applied_revision());
    case v1::EdgeInfo::REJECTED:
      return Concat("refused, stays on revision ", edge.applied_revision(), ": ", edge.nack_reason());
    default:
      return Concat("has not answered yet, is on revision ", edge.applied_revision());
  }
}

}  // namespace

std::string EdgeName(const v1::EdgeInfo& edge) { return edge.name().empty() ? edge.edge_id() : edge.name(); }

std::string SyncName(const v1::EdgeInfo& edge) {
  switch (edge.sync()) {
    case v1::EdgeInfo::SYNCED:
      return "synced";
    case v1::EdgeInfo::PENDING:
      return "stale";
    case v1::EdgeInfo::REJECTED:
      return "rejected";
    default:
      return "not sent";
  }
}

std::vector<config::Diagnostic> DiagnosticsOf(const v1::ApplyResponse& response) {
  std::vector<config::Diagnostic> diagnostics;
  for (const auto& diagnostic : response.diagnostics()) {
    if (diagnostic.code() != config::code::kEdgeLacksKey) diagnostics.push_back(wire::FromProto(diagnostic));
  }
  return diagnostics;
}

std::vector<config::Change> ChangesOf(const v1::ApplyResponse& response) {
  std::vector<config::Change> changes;
  for (const auto& change : response.changes()) changes.push_back(wire::FromProto(change));
  return changes;
}

std::string ResultText(const v1::ApplyResponse& response) {
  std::string out = Concat("revision ", response.revision(), " applied (", Hex(response.digest()).substr(0, 12), ")\n");
  for (const auto& edge : response.edges()) out += Concat("  ", EdgeName(edge), "  ", EdgeLine(edge), "\n");
  if (response.edges().empty()) out += "  no edge is connected; each takes the revision when it connects\n";
  return out;
}

std::string ResultJson(const v1::ApplyResponse& response) {
  std::string out = Concat("{\"schema\":\"ccp.apply/v1\",\"revision\":", response.revision(),
                           ",\"digest\":", json::Quoted(Hex(response.digest())),
                           ",\"unchanged\":", response.unchanged() ? "true" : "false", ",\"changes\":[");
  for (int i = 0; i < response.changes_size(); ++i) out += (i == 0 ? "" : ",") + ChangeJson(response.changes(i));
  out += "],\"edges\":[";
  for (int i = 0; i < response.edges_size(); ++i) out += (i == 0 ? "" : ",") + EdgeJson(response.edges(i));
  return out + "]}\n";
}

std::string MissingKeyWarnings(const v1::ApplyResponse& response) {
  std::string out;
  for (const auto& edge : response.edges()) {
    for (const auto& key : edge.missing_keys()) {
      out += Concat("warning: edge ", EdgeName(edge), " has no ", key,
                    ": set it in the edge's --env-file, which is read again by itself, or in its environment and ",
                    "restart it; until then models that need it answer 403\n");
    }
  }
  return out;
}

Exit RolloutExit(const v1::ApplyResponse& response, Strictness strictness) {
  Exit exit = kOk;
  for (const auto& edge : response.edges()) {
    if (edge.sync() == v1::EdgeInfo::REJECTED) return kFailed;
    const bool silent = edge.connected() && edge.sync() != v1::EdgeInfo::SYNCED;
    if (silent && strictness == Strictness::kAllMustAnswer) exit = kTimedOut;
  }
  return exit;
}

}  // namespace ccp::ctl
