// rollout: history, and undo, which writes a new revision with old content: nothing is ever rewritten.
#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/apply_result.h"
#include "tools/ccpctl/commands.h"

namespace ccp::ctl {
namespace {

constexpr std::uint32_t kWaitMs = 2'000;

// The revision before the head, by number: so that plan and deed mean the same one even if the head moves in between.
absl::StatusOr<std::uint64_t> Previous(AdminClient& client) {
  const auto recent = client.ListRevisions(2);
  if (!recent.ok()) return recent.status();
  std::uint64_t head = 0, previous = 0;
  for (const auto& revision : recent->revisions()) {
    if (revision.head()) head = revision.revision();
    if (!revision.head()) previous = std::max(previous, revision.revision());
  }
  if (head == 0 || previous == 0) return NotFound("there is no earlier revision to go back to");
  return previous;
}

}  // namespace

Exit RolloutUndo(const Session& session, const UndoOptions& options) {
  AdminClient client(session.server, session.timeout);
  v1::RollbackRequest request;
  request.set_to_revision(options.to_revision);
  if (options.to_revision == 0) {
    const auto previous = Previous(client);
    if (!previous.ok()) return Report(session, previous.status());
    request.set_to_revision(*previous);
  }
  request.set_dry_run(true);
  const auto planned = client.Rollback(request);
  if (!planned.ok()) return Report(session, planned.status());
  if (planned->unchanged()) {
    session.err << "no changes: revision " << planned->revision() << " has that content already\n";
    if (session.format == Format::kJson) session.out << ResultJson(*planned);
    return kOk;
  }
  session.err << RenderPlan(ChangesOf(*planned), {planned->revision(), session.server, client.ConnectedEdges()},
                            session.paint);
  if (!options.yes) {
    if (!CanAsk()) return Report(session, InvalidArgument("nobody to ask here: pass --yes to undo"));
    if (!Confirm(session, "Undo?")) {
      session.err << "nothing was undone\n";
      return kFailed;
    }
  }
  request.set_dry_run(false);
  request.set_expected_revision(planned->revision());
  request.set_wait_ms(kWaitMs);
  request.set_idempotency_key(NewId("undo_"));
  const auto undone = client.Rollback(request);
  if (!undone.ok()) return Report(session, undone.status());
  session.out << (session.format == Format::kJson ? ResultJson(*undone) : ResultText(*undone));
  session.err << MissingKeyWarnings(*undone);
  return RolloutExit(*undone, Strictness::kNoneMayRefuse);
}

Exit RolloutHistory(const Session& session, std::uint32_t limit) {
  return Get(session, {.noun = "revisions", .name = {}, .revision = 0, .limit = limit});
}

}  // namespace ccp::ctl
