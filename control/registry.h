// Which edges there are, which are connected, what each runs; and what to send to whom.
//
// Ownership: streams are borrowed from Connect() to Disconnect(); the head snapshot is shared by all streams.
// Threading: thread-safe. ConfigStream methods are called with the registry locked: they must only hand over. Callbacks
//   of WhenSettled() are called without the lock, on the thread of the event that settled it.
// Persistence: memory is the truth while running; TakeChanged() gives the rows to store now and then. Nothing is lost
//   that an edge does not say again when it reconnects. Calibrations are in memory only: edges keep their own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/tokens/calibration.h"
#include "control/rollout.h"
#include "control/store/store.h"

namespace ccp::control {

// A revision ready to be sent, encoded once for all streams.
struct EncodedSnapshot {
  Version version;
  std::string message;  // A serialized ccp.v1.ConfigDown.
};

// What each heartbeat tells an edge.
struct ControlNews {
  std::uint64_t head_revision = 0;
  tokens::Calibrations calibrations;  // What all edges learned of token counts.
};

class ConfigStream {
 public:
  virtual ~ConfigStream() = default;
  virtual void Offer(std::shared_ptr<const EncodedSnapshot> snapshot) = 0;  // Takes the place of one not yet written.
  virtual void Heartbeat(const ControlNews& news) = 0;
  virtual void Close() = 0;
};

struct Greeting {
  std::string edge_id;
  std::string build;
  std::string lineage;
  Version applied;
  std::vector<std::string> missing_keys;
};

struct EdgeStatus {
  std::uint64_t open_requests = 0;
  std::uint64_t usage_pending = 0;
  bool draining = false;
  tokens::Calibrations calibrations = {};  // What it learned.
  std::optional<std::vector<std::string>> missing_keys = {};
};

struct EdgeView {
  EdgeRow row;
  bool connected = false;
  Rollout::Sync sync = Rollout::Sync::kNotSent;
  std::vector<std::string> missing_keys;
  std::uint64_t open_requests = 0;
};

// How complete a usage report can be.
struct Completeness {
  std::int64_t through_us = 0;  // Everything that ended before this is in the ledger.
  std::uint64_t edges_total = 0;
  std::uint64_t edges_current = 0;  // Nothing pending, as they last said.
  std::uint64_t pending_records = 0;
};

class Registry {
 public:
  Registry(std::string lineage, std::function<std::int64_t()> now_us, std::vector<EdgeRow> known);

  void SetHead(std::shared_ptr<const EncodedSnapshot> head);
  std::uint64_t head_revision() const;

  void Register(std::string_view edge_id, std::string_view name, std::string_view build, std::string_view http_address);
  bool IsRegistered(std::string_view edge_id) const;

  void Connect(ConfigStream* stream, const Greeting& greeting);
  void OnAck(ConfigStream* stream, const Version& version, std::vector<std::string> missing_keys);
  void OnNack(ConfigStream* stream, const Version& version, std::string_view reason);
  void OnStatus(ConfigStream* stream, const EdgeStatus& status);
  void Disconnect(ConfigStream* stream);

  // Calls `done` once, when each edge connected now has answered to the head or has gone; at once if all have,
  // or there is no head yet.
  // Returns a ticket for GiveUp(), which makes the call happen now if it has not yet.
  std::uint64_t WhenSettled(std::function<void()> done);
  void GiveUp(std::uint64_t ticket);

  std::vector<EdgeView> List() const;  // By name; an edge with several connections is there several times.
  Completeness UsageCompleteness() const;
  std::vector<EdgeRow> TakeChanged();
  void Heartbeat();
  void CloseAll();  // Ends all streams and waits; later waits end at once.

 private:
  struct Connection {
    std::string edge_id;
    Rollout rollout;
    std::vector<std::string> missing_keys;
    EdgeStatus status;
  };
  struct Waiter {
    std::set<ConfigStream*> streams;
    std::function<void()> done;
  };

  void OfferIfDue(ConfigStream* stream, Connection& connection);
  EdgeRow& Touch(const std::string& edge_id);
  ControlNews News() const;
  EdgeView View(const EdgeRow& row, const Connection* connection) const;
  bool IsSettled(const Waiter& waiter) const;
  std::vector<std::function<void()>> TakeSettled();

  const std::string lineage_;
  const std::function<std::int64_t()> now_us_;
  mutable std::mutex mutex_;
  std::shared_ptr<const EncodedSnapshot> head_;
  std::map<std::string, EdgeRow, std::less<>> edges_;
  std::map<ConfigStream*, Connection> connections_;
  std::map<std::string, tokens::Calibrations, std::less<>> calibrations_;  // By edge, also of those that are away.
  std::set<std::string> changed_;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t last_ticket_ = 0;
  bool closed_ = false;
};

}  // namespace ccp::control
