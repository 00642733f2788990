#include "control/config_service.h"

#include <algorithm>
#include <utility>

#include "ccp/v1/edge.pb.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/config/diff.h"
#include "common/config/load.h"
#include "common/wire/convert.h"

namespace ccp::control {
namespace {

absl::StatusOr<config::Catalog> ParseCatalog(const RevisionRow& row) {
  v1::Catalog proto;
  if (!proto.ParseFromString(row.catalog)) {
    return absl::DataLossError(Concat("store: the catalog of revision ", row.revision, " cannot be read"));
  }
  return wire::FromProto(proto);
}

v1::ApplyResponse HeadResponse(const std::optional<RevisionRow>& head) {
  v1::ApplyResponse response;
  if (!head) return response;
  response.set_revision(head->revision);
  response.set_digest(head->digest);
  return response;
}

bool HasError(const std::vector<config::Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const config::Diagnostic& diagnostic) {
    return diagnostic.severity == config::Diagnostic::Severity::kError;
  });
}

// Apply and Rollback alike: what the caller planned against must still be the head.
template <typename Request>
absl::Status CheckExpectedRevision(const Request& request, std::uint64_t head) {
  if (!request.has_expected_revision() || request.expected_revision() == head) return absl::OkStatus();
  return absl::AbortedError(Concat("revision conflict: expected ", request.expected_revision(), ", the head is ", head,
                                   "; look at what changed and try again"));
}

}  // namespace

v1::Snapshot MakeSnapshot(const RevisionRow& row, const std::string& lineage) {
  v1::Snapshot snapshot;
  snapshot.set_lineage(lineage);
  snapshot.set_revision(row.revision);
  snapshot.set_digest(row.digest);
  snapshot.set_catalog(row.catalog);
  snapshot.set_created_us(row.created_us);
  return snapshot;
}

void ConfigService::Publish(const RevisionRow& row) {
  v1::ConfigDown down;
  *down.mutable_snapshot() = MakeSnapshot(row, identity_.lineage);
  down.mutable_snapshot()->set_fleet_secret(identity_.fleet_secret);
  registry_.SetHead(
      std::make_shared<const EncodedSnapshot>(EncodedSnapshot{{row.revision, row.digest}, down.SerializeAsString()}));
}

absl::Status ConfigService::PublishHead() {
  absl::StatusOr<std::optional<RevisionRow>> head = store_.Head();
  if (!head.ok()) return head.status();
  if (head->has_value()) Publish(**head);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::ApplyResponse>> ConfigService::EarlierAnswer(const std::string& idempotency_key) {
  if (idempotency_key.empty()) return std::optional<v1::ApplyResponse>();
  absl::StatusOr<std::optional<std::string>> stored = store_.FindAnswer(idempotency_key);
  if (!stored.ok()) return stored.status();
  if (!stored->has_value()) return std::optional<v1::ApplyResponse>();
  v1::ApplyResponse answer;
  answer.ParseFromString(**stored);
  return std::optional(std::move(answer));
}

absl::StatusOr<v1::ApplyResponse> ConfigService::Apply(const v1::ApplyRequest& request) {
  absl::StatusOr<std::optional<v1::ApplyResponse>> earlier = EarlierAnswer(request.idempotency_key());
  if (!earlier.ok()) return earlier.status();
  if (earlier->has_value()) return **std::move(earlier);

  absl::StatusOr<std::optional<RevisionRow>> head = store_.Head();
  if (!head.ok()) return head.status();
  v1::ApplyResponse response = HeadResponse(*head);
  if (absl::Status status = CheckExpectedRevision(request, response.revision()); !status.ok()) return status;

  const config::LoadResult loaded = config::Load(request.source(), request.file_name());
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    *response.add_diagnostics() = wire::ToProto(diagnostic);
  }
  if (!loaded.catalog || HasError(loaded.diagnostics)) return response;

  Candidate candidate;
  candidate.row.catalog = wire::Serialize(*loaded.catalog);
  candidate.row.source = request.source();
  candidate.row.file_name = request.file_name();
  candidate.row.message = request.message();
  candidate.idempotency_key = request.idempotency_key();
  candidate.dry_run = request.dry_run();
  return Advance(*head, std::move(candidate), std::move(response));
}

absl::StatusOr<v1::ApplyResponse> ConfigService::Rollback(const v1::RollbackRequest& request) {
  absl::StatusOr<std::optional<v1::ApplyResponse>> earlier = EarlierAnswer(request.idempotency_key());
  if (!earlier.ok()) return earlier.status();
  if (earlier->has_value()) return **std::move(earlier);

  absl::StatusOr<std::optional<RevisionRow>> head = store_.Head();
  if (!head.ok()) return head.status();
  if (!head->has_value()) return NotFound("rollback: nothing was ever applied");
  if (absl::Status status = CheckExpectedRevision(request, (*head)->revision); !status.ok()) return status;
  const std::uint64_t to = request.to_revision() != 0 ? request.to_revision() : (*head)->revision - 1;
  absl::StatusOr<std::optional<RevisionRow>> old = store_.FindRevision(to);
  if (!old.ok()) return old.status();
  if (!old->has_value()) {
    return NotFound("rollback: there is no revision ", to, "; revisions go from 1 to ", (*head)->revision);
  }

  Candidate candidate;
  candidate.row = **std::move(old);
  candidate.row.message = Concat("rollback to revision ", to);
  candidate.row.rollback_of = to;
  candidate.idempotency_key = request.idempotency_key();
  candidate.dry_run = request.dry_run();
  v1::ApplyResponse response = HeadResponse(*head);
  return Advance(*head, std::move(candidate), std::move(response));
}

absl::StatusOr<v1::ApplyResponse> ConfigService::Advance(const std::optional<RevisionRow>& head, Candidate candidate,
                                                         v1::ApplyResponse response) {
  RevisionRow& row = candidate.row;
  row.digest = Sha256(row.catalog);
  if (head && head->digest == row.digest) {
    response.set_unchanged(true);
    return response;
  }
  absl::StatusOr<config::Catalog> before = head ? ParseCatalog(*head) : config::Catalog{};
  if (!before.ok()) return before.status();
  absl::StatusOr<config::Catalog> after = ParseCatalog(row);
  if (!after.ok()) return after.status();
  for (const config::Change& change : config::Diff(*before, *after)) *response.add_changes() = wire::ToProto(change);
  if (candidate.dry_run) return response;

  row.revision = head ? head->revision + 1 : 1;
  row.created_us = now_us_();
  response.set_revision(row.revision);
  response.set_digest(row.digest);
  absl::Status stored = store_.Transaction([&] {
    absl::Status status = store_.AddRevision(row);
    if (!status.ok() || candidate.idempotency_key.empty()) return status;
    return store_.AddAnswer(candidate.idempotency_key, response.SerializeAsString(), row.created_us);
  });
  if (!stored.ok()) return stored;
  log::Info(Concat("revision stored revision=", row.revision, " digest=", Hex(row.digest).substr(0, 12)));
  Publish(row);
  return response;
}

}  // namespace ccp::control
