// get: models, routes, edges, revisions and the configuration itself.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/wire/convert.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/commands.h"
#include "tools/ccpctl/lists.h"
#include "tools/ccpctl/remote_catalog.h"
#include "tools/ccpctl/when.h"

namespace ccp::ctl {
namespace {

Exit Print(const Session& session, Listing listing, const std::string& name, std::string_view when_empty) {
  const auto chosen = OnlyNamed(std::move(listing), name);
  if (!chosen.ok()) return Report(session, chosen.status());
  const bool for_people = session.format == Format::kTable || session.format == Format::kWide;
  if (chosen->rows.empty() && for_people) {
    session.err << when_empty << "\n";
    return kOk;
  }
  session.out << Render(*chosen, session.format);
  return kOk;
}

Exit GetModels(const Session& session, AdminClient& client, const GetOptions& options) {
  const auto remote = FetchCatalog(client, options.revision);
  if (!remote.ok()) return Report(session, remote.status());
  const auto edges = client.ListEdges();
  if (!edges.ok()) return Report(session, edges.status());
  return Print(session, ModelsList(remote->catalog, *edges), options.name, "no models");
}

Exit GetRoutes(const Session& session, AdminClient& client, const GetOptions& options) {
  const auto remote = FetchCatalog(client, options.revision);
  if (!remote.ok()) return Report(session, remote.status());
  return Print(session, RoutesList(remote->catalog), options.name, "no routes");
}

Exit GetEdges(const Session& session, AdminClient& client, const GetOptions& options) {
  const auto edges = client.ListEdges();
  if (!edges.ok()) return Report(session, edges.status());
  const Exit exit = Print(session, EdgesList(*edges, SystemClock().now_us), options.name,
                          "no edge has registered yet. Start one: ccp-edge --control " + session.server);
  for (const auto& edge : edges->edges()) {
    if (edge.sync() == v1::EdgeInfo::REJECTED && edge.connected()) {
      session.err << Concat("warning: ", edge.name(), " refuses revision ", edges->head_revision(), ": ",
                            edge.nack_reason(), "\n");
    }
  }
  return exit;
}

Exit GetRevisions(const Session& session, AdminClient& client, const GetOptions& options) {
  const auto revisions = client.ListRevisions(options.limit);
  if (!revisions.ok()) return Report(session, revisions.status());
  return Print(session, RevisionsList(*revisions, SystemClock().now_us), options.name,
               "nothing was ever applied. Begin with: ccpctl apply -f models.yaml");
}

// The source as it was written; with -o json the catalog it compiled to.
Exit GetConfig(const Session& session, AdminClient& client, const GetOptions& options) {
  const auto remote = FetchCatalog(client, options.revision);
  if (!remote.ok()) return Report(session, remote.status());
  if (session.format != Format::kJson) {
    session.out << remote->source;
    return kOk;
  }
  google::protobuf::util::JsonPrintOptions print;
  print.add_whitespace = true;
  print.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(wire::ToProto(remote->catalog), &text, print);
  if (!status.ok()) return Report(session, Internal("cannot print the configuration: ", status.ToString()));
  session.out << text;
  return kOk;
}

struct Noun {
  std::array<std::string_view, 3> names;  // Plural, singular, short.
  Exit (*get)(const Session&, AdminClient&, const GetOptions&);
};

constexpr std::array<Noun, 5> kNouns{{{{"models", "model", "mo"}, GetModels},
                                      {{"routes", "route", "ro"}, GetRoutes},
                                      {{"edges", "edge", "ed"}, GetEdges},
                                      {{"revisions", "revision", "rev"}, GetRevisions},
                                      {{"config", "configuration", "cfg"}, GetConfig}}};

}  // namespace

Exit Get(const Session& session, const GetOptions& options) {
  std::vector<std::string> known;
  for (const Noun& noun : kNouns) {
    if (std::find(noun.names.begin(), noun.names.end(), options.noun) != noun.names.end()) {
      AdminClient client(session.server, session.timeout);
      return noun.get(session, client, options);
    }
    known.emplace_back(noun.names.front());
  }
  const std::string nearest = NearestName(options.noun, known);
  return Report(session, InvalidArgument("get: there is no \"", options.noun, "\", want one of ", Join(known, ", "),
                                         nearest.empty() ? "" : Concat(". Did you mean \"", nearest, "\"?")));
}

}  // namespace ccp::ctl
