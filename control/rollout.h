// What one edge runs, what it was sent, what it refused: decides what to send next. Pure.
//
// Level-triggered: SetTarget() says where the edge should be, OnHello/OnAck/OnNack say where it is, and Due() compares.
// State changes only by what the edge says, never because something was sent. A digest that this build of the edge
// refused is not sent to it again; another build may try.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ccp::control {

struct Version {
  std::uint64_t revision = 0;  // 0: none.
  std::string digest;
  bool operator==(const Version&) const = default;
};

class Rollout {
 public:
  enum class Sync : std::uint8_t {
    kNotSent,   // There is nothing to send, or it was not sent yet.
    kPending,   // Sent, no answer yet.
    kSynced,    // Runs the target.
    kRejected,  // Refused the target and stays on what it has.
  };
  struct Rejection {
    std::string digest;
    std::string build;
    std::string reason;
    bool operator==(const Rejection&) const = default;
  };

  Rollout() = default;
  // As remembered from an earlier connection.
  explicit Rollout(Rejection rejection) : rejection_(std::move(rejection)) {}

  // A new stream: whatever was under way on the one before is void. `applied` counts only if it is of our lineage.
  void OnHello(Version applied, std::string_view build, bool same_lineage);
  void SetTarget(Version target) { target_ = std::move(target); }
  bool Due() const;  // The target should be sent now.
  void OnSent() { sent_ = target_; }
  void OnAck(const Version& version);
  void OnNack(const Version& version, std::string_view reason);

  Sync sync() const;
  const Version& applied() const { return applied_; }
  const Rejection& rejection() const { return rejection_; }

 private:
  bool TargetRejected() const { return rejection_.digest == target_.digest && rejection_.build == build_; }

  std::string build_;
  Version target_;
  Version sent_;
  Version applied_;
  Rejection rejection_;
};

}  // namespace ccp::control
