// stats: who used which model, how many tokens, what it cost.
#include <algorithm>

#include "common/base/text.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/commands.h"
#include "tools/ccpctl/usage_table.h"
#include "tools/ccpctl/when.h"

namespace ccp::ctl {
namespace {

const std::vector<std::string> kGroups = {"day",   "hour",     "week",           "month",
                                          "model", "provider", "upstream_model", "route",
                                          "edge",  "session",  "outcome",        "requested_model"};

absl::StatusOr<v1::StatsRequest> RequestFor(const StatsOptions& options, const Clock& clock) {
  v1::StatsRequest request;
  const auto from = ParseWhen(options.since, clock);
  if (!from.ok()) return InvalidArgument("--since: ", Message(from.status()));
  const auto to = ParseWhen(options.until, clock);
  if (!to.ok()) return InvalidArgument("--until: ", Message(to.status()));
  request.set_from_us(*from);
  request.set_to_us(options.until == "now" ? 0 : *to);
  request.set_time_zone_offset(ZoneOffset(clock));
  for (const std::string_view part : Split(options.by, ',')) {
    const std::string group(Trim(part));
    if (std::find(kGroups.begin(), kGroups.end(), group) == kGroups.end()) {
      const std::string nearest = NearestName(group, kGroups);
      return InvalidArgument("--by: there is no \"", group, "\", want some of ", Join(kGroups, ","),
                             nearest.empty() ? "" : Concat(". Did you mean \"", nearest, "\"?"));
    }
    const auto& groups = request.group_by();
    if (std::find(groups.begin(), groups.end(), group) != groups.end())
      return InvalidArgument("--by: \"", group, "\" stands there twice");
    request.add_group_by(group);
  }
  return request;
}

}  // namespace

Exit Stats(const Session& session, const StatsOptions& options) {
  const auto request = RequestFor(options, SystemClock());
  if (!request.ok()) return Report(session, request.status());
  AdminClient client(session.server, session.timeout);
  const auto stats = client.Stats(*request);
  if (!stats.ok()) return Report(session, stats.status());

  const bool for_people = session.format == Format::kTable || session.format == Format::kWide;
  if (stats->rows().empty() && for_people) {
    session.err << "no requests since " << options.since << "\n";
  } else {
    const std::vector<std::string> group_by(request->group_by().begin(), request->group_by().end());
    session.out << Render(UsageTable(*stats, group_by), session.format);
  }
  session.err << Completeness(*stats);
  return kOk;
}

}  // namespace ccp::ctl
