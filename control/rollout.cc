#include "control/rollout.h"

namespace ccp::control {

void Rollout::OnHello(Version applied, std::string_view build, bool same_lineage) {
  build_ = build;
  sent_ = {};
  applied_ = same_lineage ? std::move(applied) : Version{};
}

bool Rollout::Due() const {
  return target_.revision != 0 && applied_ != target_ && sent_ != target_ && !TargetRejected();
}

void Rollout::OnAck(const Version& version) {
  applied_ = version;
  if (rejection_.digest == version.digest) rejection_ = {};
}

void Rollout::OnNack(const Version& version, std::string_view reason) {
  rejection_ = {version.digest, build_, std::string(reason)};
}

Rollout::Sync Rollout::sync() const {
  if (target_.revision == 0) return Sync::kNotSent;
  if (applied_ == target_) return Sync::kSynced;
  if (TargetRejected()) return Sync::kRejected;
  return sent_ == target_ ? Sync::kPending : Sync::kNotSent;
}

}  // namespace ccp::control
