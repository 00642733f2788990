#include "control/registry.h"

#include <algorithm>
#include <utility>

namespace ccp::control {
namespace {

void CallAll(const std::vector<std::function<void()>>& calls) {
  for (const std::function<void()>& call : calls) call();
}

// What this edge refused last, as its stream remembers it: none after an ACK.
void CopyRejection(const Rollout::Rejection& rejection, EdgeRow& row) {
  row.rejected_digest = rejection.digest;
  row.rejected_build = rejection.build;
  row.nack_reason = rejection.reason;
}

}  // namespace

Registry::Registry(std::string lineage, std::function<std::int64_t()> now_us, std::vector<EdgeRow> known)
    : lineage_(std::move(lineage)), now_us_(std::move(now_us)) {
  for (EdgeRow& row : known) {
    std::string edge_id = row.edge_id;
    edges_.emplace(std::move(edge_id), std::move(row));
  }
}

void Registry::SetHead(std::shared_ptr<const EncodedSnapshot> head) {
  const std::lock_guard lock(mutex_);
  head_ = std::move(head);
  for (auto& [stream, connection] : connections_) {
    connection.rollout.SetTarget(head_->version);
    OfferIfDue(stream, connection);
  }
}

std::uint64_t Registry::head_revision() const {
  const std::lock_guard lock(mutex_);
  return head_ == nullptr ? 0 : head_->version.revision;
}

void Registry::OfferIfDue(ConfigStream* stream, Connection& connection) {
  if (head_ == nullptr || !connection.rollout.Due()) return;
  connection.rollout.OnSent();
  stream->Offer(head_);
}

EdgeRow& Registry::Touch(const std::string& edge_id) {
  EdgeRow& row = edges_[edge_id];
  row.edge_id = edge_id;
  row.last_seen_us = now_us_();
  if (row.first_seen_us == 0) row.first_seen_us = row.last_seen_us;
  changed_.insert(edge_id);
  return row;
}

void Registry::Register(std::string_view edge_id, std::string_view name, std::string_view build,
                        std::string_view http_address) {
  const std::lock_guard lock(mutex_);
  EdgeRow& row = Touch(std::string(edge_id));
  row.name = name;
  row.build = build;
  row.http_address = http_address;
  row.draining = false;
}

bool Registry::IsRegistered(std::string_view edge_id) const {
  const std::lock_guard lock(mutex_);
  return edges_.find(edge_id) != edges_.end();
}

void Registry::Connect(ConfigStream* stream, const Greeting& greeting) {
  const std::lock_guard lock(mutex_);
  EdgeRow& row = Touch(greeting.edge_id);
  row.build = greeting.build;
  Connection& connection = connections_[stream];
  connection.edge_id = greeting.edge_id;
  connection.rollout = Rollout({row.rejected_digest, row.rejected_build, row.nack_reason});
  connection.rollout.OnHello(greeting.applied, greeting.build, greeting.lineage == lineage_);
  connection.missing_keys = greeting.missing_keys;
  row.applied_revision = connection.rollout.applied().revision;
  if (closed_) return stream->Close();
  if (!calibrations_.empty()) stream->Heartbeat(News());  // So that a new edge need not learn anew.
  if (head_ == nullptr) return;
  connection.rollout.SetTarget(head_->version);
  OfferIfDue(stream, connection);
}

void Registry::OnAck(ConfigStream* stream, const Version& version, std::vector<std::string> missing_keys) {
  std::vector<std::function<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(stream);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    connection.rollout.OnAck(version);
    connection.missing_keys = std::move(missing_keys);
    EdgeRow& row = Touch(connection.edge_id);
    row.applied_revision = version.revision;
    CopyRejection(connection.rollout.rejection(), row);
    settled = TakeSettled();
  }
  CallAll(settled);
}

void Registry::OnNack(ConfigStream* stream, const Version& version, std::string_view reason) {
  std::vector<std::function<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(stream);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    connection.rollout.OnNack(version, reason);
    CopyRejection(connection.rollout.rejection(), Touch(connection.edge_id));
    settled = TakeSettled();
  }
  CallAll(settled);
}

void Registry::OnStatus(ConfigStream* stream, const EdgeStatus& status) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(stream);
  if (found == connections_.end()) return;
  found->second.status = status;
  if (status.missing_keys) found->second.missing_keys = *status.missing_keys;
  EdgeRow& row = Touch(found->second.edge_id);
  row.usage_pending = status.usage_pending;
  row.draining = status.draining;
  if (status.usage_pending == 0) row.usage_current_us = row.last_seen_us;
  if (!status.calibrations.empty()) calibrations_[row.edge_id] = status.calibrations;
}

ControlNews Registry::News() const {
  std::vector<tokens::Calibrations> learned;
  for (const auto& [edge_id, calibrations] : calibrations_) learned.push_back(calibrations);
  return {head_ == nullptr ? 0 : head_->version.revision, tokens::Merge(learned)};
}

void Registry::Disconnect(ConfigStream* stream) {
  std::vector<std::function<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(stream);
    if (found == connections_.end()) return;
    Touch(found->second.edge_id);
    connections_.erase(found);
    settled = TakeSettled();
  }
  CallAll(settled);
}

std::uint64_t Registry::WhenSettled(std::function<void()> done) {
  std::uint64_t ticket = 0;
  std::vector<std::function<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++last_ticket_;
    Waiter& waiter = waiters_[ticket];
    waiter.done = std::move(done);
    for (const auto& [stream, connection] : connections_) waiter.streams.insert(stream);
    settled = TakeSettled();
  }
  CallAll(settled);
  return ticket;
}

void Registry::GiveUp(std::uint64_t ticket) {
  std::function<void()> done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(ticket);
    if (found == waiters_.end()) return;
    done = std::move(found->second.done);
    waiters_.erase(found);
  }
  done();
}

bool Registry::IsSettled(const Waiter& waiter) const {
  if (closed_ || head_ == nullptr) return true;  // Without a head there is nothing to answer to.
  return std::none_of(waiter.streams.begin(), waiter.streams.end(), [&](ConfigStream* stream) {
    const auto found = connections_.find(stream);
    if (found == connections_.end()) return false;
    const Rollout::Sync sync = found->second.rollout.sync();
    return sync == Rollout::Sync::kPending || sync == Rollout::Sync::kNotSent;
  });
}

std::vector<std::function<void()>> Registry::TakeSettled() {
  std::vector<std::function<void()>> settled;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    if (!IsSettled(it->second)) {
      ++it;
      continue;
    }
    settled.push_back(std::move(it->second.done));
    it = waiters_.erase(it);
  }
  return settled;
}

EdgeView Registry::View(const EdgeRow& row, const Connection* connection) const {
  EdgeView view;
  view.row = row;
  if (connection != nullptr) {
    view.connected = true;
    view.sync = connection->rollout.sync();
    view.missing_keys = connection->missing_keys;
    view.open_requests = connection->status.open_requests;
    view.row.applied_revision = connection->rollout.applied().revision;
    return view;
  }
  if (head_ == nullptr) return view;
  const bool refused =
      !row.rejected_digest.empty() && row.rejected_digest == head_->version.digest && row.rejected_build == row.build;
  if (refused) view.sync = Rollout::Sync::kRejected;
  if (row.applied_revision == head_->version.revision) view.sync = Rollout::Sync::kSynced;
  return view;
}

std::vector<EdgeView> Registry::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<EdgeView> views;
  std::set<std::string_view> connected;
  for (const auto& [stream, connection] : connections_) {
    connected.insert(connection.edge_id);
    views.push_back(View(edges_.at(connection.edge_id), &connection));
  }
  for (const auto& [edge_id, row] : edges_) {
    if (!connected.contains(edge_id)) views.push_back(View(row, nullptr));
  }
  std::sort(views.begin(), views.end(), [](const EdgeView& a, const EdgeView& b) {
    return std::tie(a.row.name, a.row.edge_id) < std::tie(b.row.name, b.row.edge_id);
  });
  return views;
}

Completeness Registry::UsageCompleteness() const {
  const std::lock_guard lock(mutex_);
  Completeness completeness;
  completeness.through_us = now_us_();
  completeness.edges_total = edges_.size();
  std::set<std::string_view> connected;
  for (const auto& [stream, connection] : connections_) connected.insert(connection.edge_id);
  for (const auto& [edge_id, row] : edges_) {
    completeness.pending_records += row.usage_pending;
    // One that said good-bye with nothing left holds nothing back, however long it stays away.
    const bool left_clean = row.draining && row.usage_pending == 0;
    if (left_clean || (row.usage_pending == 0 && connected.contains(edge_id))) ++completeness.edges_current;
    if (!left_clean) completeness.through_us = std::min(completeness.through_us, row.usage_current_us);
  }
  return completeness;
}

std::vector<EdgeRow> Registry::TakeChanged() {
  const std::lock_guard lock(mutex_);
  std::vector<EdgeRow> rows;
  for (const std::string& edge_id : changed_) rows.push_back(edges_.at(edge_id));
  changed_.clear();
  return rows;
}

void Registry::Heartbeat() {
  const std::lock_guard lock(mutex_);
  const ControlNews news = News();
  for (auto& [stream, connection] : connections_) stream->Heartbeat(news);
}

void Registry::CloseAll() {
  std::vector<std::function<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& [stream, connection] : connections_) stream->Close();
    settled = TakeSettled();
  }
  CallAll(settled);
}

}  // namespace ccp::control
