// apply and diff: plan first, then (after a yes) one atomic revision, built on exactly the revision the plan was made
// for.
#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/config/load.h"
#include "common/wire/convert.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/apply_result.h"
#include "tools/ccpctl/commands.h"

namespace ccp::ctl {
namespace {

// Without --wait: edges usually answer within milliseconds, and their answers are worth showing.
constexpr std::chrono::milliseconds kUsualWait{2'000};

v1::ApplyRequest RequestFor(const std::string& file, std::string source) {
  v1::ApplyRequest request;
  request.set_file_name(file == "-" ? "stdin" : file);
  request.set_source(std::move(source));
  return request;
}

// Prints what control found wrong. kUsage if any of it is an error.
Exit ReportDiagnostics(const Session& session, const v1::ApplyResponse& response, std::string_view source) {
  const auto diagnostics = DiagnosticsOf(response);
  if (diagnostics.empty()) return kOk;
  session.err << config::Format(diagnostics, source);
  const bool failed = std::any_of(diagnostics.begin(), diagnostics.end(), [](const config::Diagnostic& diagnostic) {
    return diagnostic.severity == config::Diagnostic::Severity::kError;
  });
  return failed ? kUsage : kOk;
}

}  // namespace

Exit Apply(const Session& session, const ApplyOptions& options) {
  const auto source = ReadFile(options.file);
  if (!source.ok()) return Report(session, source.status());
  AdminClient client(session.server, session.timeout);

  v1::ApplyRequest request = RequestFor(options.file, *source);
  request.set_dry_run(true);
  const auto planned = client.Apply(request);
  if (!planned.ok()) return Report(session, planned.status());
  if (const Exit exit = ReportDiagnostics(session, *planned, *source); exit != kOk) return exit;
  if (planned->unchanged()) {
    session.err << "no changes: revision " << planned->revision() << " has the same content\n";
    if (session.format == Format::kJson) session.out << ResultJson(*planned);
    return kOk;
  }
  session.err << RenderPlan(ChangesOf(*planned), {planned->revision(), session.server, client.ConnectedEdges()},
                            session.paint);
  if (!options.yes) {
    if (!CanAsk()) return Report(session, InvalidArgument("nobody to ask here: pass --yes to apply this plan"));
    if (!Confirm(session, "Apply?")) {
      session.err << "nothing was applied\n";
      return kFailed;
    }
  }

  request.set_dry_run(false);
  request.set_expected_revision(planned->revision());
  request.set_idempotency_key(NewId("apply_"));
  request.set_message(options.message);
  request.set_wait_ms(static_cast<std::uint32_t>(options.wait.value_or(kUsualWait).count()));
  const auto applied = client.Apply(request);
  if (!applied.ok()) return Report(session, applied.status());
  session.out << (session.format == Format::kJson ? ResultJson(*applied) : ResultText(*applied));
  session.err << MissingKeyWarnings(*applied);
  return RolloutExit(*applied, options.wait ? Strictness::kAllMustAnswer : Strictness::kNoneMayRefuse);
}

Exit Diff(const Session& session, const std::string& file) {
  const auto source = ReadFile(file);
  if (!source.ok()) return Report(session, source.status());
  AdminClient client(session.server, session.timeout);
  v1::ApplyRequest request = RequestFor(file, *source);
  request.set_dry_run(true);
  const auto planned = client.Apply(request);
  if (!planned.ok()) return std::max(kUsage, Report(session, planned.status()));  // 1 would mean "differs".
  if (const Exit exit = ReportDiagnostics(session, *planned, *source); exit != kOk) return exit;
  if (session.format == Format::kJson) {
    session.out << ResultJson(*planned);
  } else if (!planned->unchanged()) {
    session.out << RenderPlan(ChangesOf(*planned), {planned->revision(), session.server, client.ConnectedEdges()},
                              session.paint);
  }
  return planned->unchanged() ? kOk : kFailed;
}

}  // namespace ccp::ctl
