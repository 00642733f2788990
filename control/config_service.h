// Configuration as a transaction: a source becomes a numbered revision, or nothing changes anywhere.
//
// Threading: the store's writer thread only. Errors: kAborted when the head is not the revision the caller expects;
//   kNotFound for a revision that does not exist; an invalid source is no error but an answer with diagnostics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "ccp/v1/admin.pb.h"
#include "control/registry.h"
#include "control/store/store.h"

namespace ccp::control {

class ConfigService {
 public:
  ConfigService(StoreWriter& store, Identity identity, Registry& registry, std::function<std::int64_t()> now_us)
      : store_(store), identity_(std::move(identity)), registry_(registry), now_us_(std::move(now_us)) {}

  absl::Status PublishHead();  // At start: what the store has becomes what edges get.
  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request);
  absl::StatusOr<v1::ApplyResponse> Rollback(const v1::RollbackRequest& request);

 private:
  struct Candidate {
    RevisionRow row;  // Without a number.
    std::string idempotency_key;
    bool dry_run = false;
  };
  absl::StatusOr<std::optional<v1::ApplyResponse>> EarlierAnswer(const std::string& idempotency_key);
  // Compares with the head and, unless nothing changes, stores and publishes.
  absl::StatusOr<v1::ApplyResponse> Advance(const std::optional<RevisionRow>& head, Candidate candidate,
                                            v1::ApplyResponse response);
  void Publish(const RevisionRow& row);

  StoreWriter& store_;
  const Identity identity_;
  Registry& registry_;
  const std::function<std::int64_t()> now_us_;
};

// As it goes to edges and, without the secret, to operators.
v1::Snapshot MakeSnapshot(const RevisionRow& row, const std::string& lineage);

}  // namespace ccp::control
