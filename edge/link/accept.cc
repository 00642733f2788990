#include "edge/link/accept.h"

#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/config/load.h"
#include "common/route/policy.h"
#include "common/wire/convert.h"

namespace ccp::edge {
namespace {

// Within a lineage revisions only rise. Going back is a new revision with old content; anything else is a control that
// has lost something, and an edge must not lose it too.
absl::Status CheckOrder(const v1::Snapshot& offered, const Snapshot* current) {
  if (current == nullptr || offered.lineage() != current->lineage) return absl::OkStatus();
  if (offered.revision() < current->revision) {
    return InvalidArgument("revision ", offered.revision(), " is older than ", current->revision, ", which runs here; ",
                           "was control restored from a backup? apply until its revision is higher");
  }
  if (offered.revision() == current->revision && offered.digest() != current->digest) {
    return InvalidArgument("revision ", offered.revision(), " already runs here with other content; ",
                           "was control restored from a backup? apply once more");
  }
  return absl::OkStatus();
}

absl::Status CheckValid(const config::Catalog& catalog) {
  for (const config::Diagnostic& finding : config::Validate(catalog)) {
    if (finding.severity != config::Diagnostic::Severity::kError) continue;
    return InvalidArgument("[", finding.code, "] ", finding.path, ": ", finding.message);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Snapshot>> Accept(const v1::Snapshot& offered, const Snapshot* current) {
  if (Sha256(offered.catalog()) != offered.digest()) {
    return InvalidArgument("revision ", offered.revision(), ": the digest does not fit the content");
  }
  if (absl::Status status = CheckOrder(offered, current); !status.ok()) return status;
  v1::Catalog proto;
  if (!proto.ParseFromString(offered.catalog())) {
    return InvalidArgument("revision ", offered.revision(), ": the catalog cannot be read");
  }
  absl::StatusOr<config::Catalog> catalog = wire::FromProto(proto);
  if (!catalog.ok()) return catalog.status();
  if (absl::Status status = CheckValid(*catalog); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<const route::Policy>> policy = route::Policy::Compile(*std::move(catalog));
  if (!policy.ok()) return policy.status();
  return std::make_shared<const Snapshot>(
      Snapshot{offered.lineage(), offered.revision(), offered.digest(), offered.fleet_secret(), *std::move(policy)});
}

}  // namespace ccp::edge
