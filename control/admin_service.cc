#include "control/admin_service.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "ccp/v1/admin.grpc.pb.h"
#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/wire/convert.h"
#include "control/rpc.h"

namespace ccp::control {
namespace {

constexpr std::uint32_t kDefaultRevisions = 50;

v1::EdgeInfo::Sync ToProto(Rollout::Sync sync) {
  switch (sync) {
    case Rollout::Sync::kPending:
      return v1::EdgeInfo::PENDING;
    case Rollout::Sync::kSynced:
      return v1::EdgeInfo::SYNCED;
    case Rollout::Sync::kRejected:
      return v1::EdgeInfo::REJECTED;
    default:
      return v1::EdgeInfo::NOT_SENT;
  }
}

v1::EdgeInfo ToProto(const EdgeView& view) {
  v1::EdgeInfo info;
  info.set_edge_id(view.row.edge_id);
  info.set_name(view.row.name);
  info.set_connected(view.connected);
  info.set_draining(view.row.draining);
  info.set_sync(ToProto(view.sync));
  info.set_applied_revision(view.row.applied_revision);
  info.set_nack_reason(view.row.nack_reason);
  for (const std::string& key : view.missing_keys) info.add_missing_keys(key);
  info.set_build(view.row.build);
  info.set_http_address(view.row.http_address);
  info.set_first_seen_us(view.row.first_seen_us);
  info.set_last_seen_us(view.row.last_seen_us);
  info.set_open_requests(view.open_requests);
  info.set_usage_pending(view.row.usage_pending);
  return info;
}

v1::Revision ToProto(const RevisionRow& row) {
  v1::Revision revision;
  revision.set_revision(row.revision);
  revision.set_digest(row.digest);
  revision.set_created_us(row.created_us);
  revision.set_message(row.message);
  revision.set_file_name(row.file_name);
  revision.set_rollback_of(row.rollback_of);
  return revision;
}

v1::StatsRow ToProto(const UsageSum& sum) {
  const auto count = [](std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); };
  v1::StatsRow row;
  row.mutable_group()->insert(sum.group.begin(), sum.group.end());
  row.set_requests(count(sum.requests));
  row.set_attempts(count(sum.attempts));
  row.set_errors(count(sum.errors));
  row.mutable_tokens()->set_input(count(sum.tokens.input));
  row.mutable_tokens()->set_cache_read(count(sum.tokens.cache_read));
  row.mutable_tokens()->set_cache_write(count(sum.tokens.cache_write));
  row.mutable_tokens()->set_output(count(sum.tokens.output));
  row.mutable_tokens()->set_reasoning(count(sum.tokens.reasoning));
  row.set_cost_nano_usd(sum.cost_nano_usd);
  row.set_unpriced_attempts(count(sum.unpriced_attempts));
  row.set_estimated_attempts(count(sum.estimated_attempts));
  return row;
}

absl::Status FillStats(StoreReader& store, const v1::StatsRequest& request, v1::StatsResponse& response) {
  absl::StatusOr<std::int64_t> offset = ParseZoneOffset(request.time_zone_offset());
  if (!offset.ok()) return offset.status();
  const UsageQuery query{request.from_us(), request.to_us(), {request.group_by().begin(), request.group_by().end()}, *offset};
  absl::StatusOr<std::vector<UsageSum>> rows = store.SumUsage(query);
  if (!rows.ok()) return rows.status();
  const absl::StatusOr<std::uint64_t> lost = store.CountLost();
  if (!lost.ok()) return lost.status();
  response.set_lost_records(*lost);
  if (!query.group_by.empty()) {
    for (const UsageSum& row : *rows) *response.add_rows() = ToProto(row);
  }
  *response.mutable_total() = ToProto(AddUp(*rows));  // Of the same look at the ledger: edges go on reporting.
  return absl::OkStatus();
}

// To a caller, UNAVAILABLE means that nobody answered; a store that refuses (a full disk) is an answer.
grpc::Status ToAnswer(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return ToRpcStatus(absl::InternalError(status.message()));
  return ToRpcStatus(status);
}

// Calls `done` once: when the edges connected now have answered, or when the time is up. Lives until both registry and
// alarm have let go of it.
class SettleWait {
 public:
  static void Begin(Registry& registry, std::chrono::milliseconds limit, const std::function<void()>& done) {
    auto wait = std::make_shared<SettleWait>();
    const std::uint64_t ticket = registry.WhenSettled([wait, done] {
      done();
      wait->Settle();
    });
    // The alarm keeps its callback, and the callback would keep the alarm: so the callback gives `self` away when it
    // runs.
    wait->SetAlarm(limit, [self = wait, &registry, ticket](bool expired) mutable {
      const std::shared_ptr<SettleWait> last = std::move(self);
      last->NoteFired();
      if (expired) registry.GiveUp(ticket);
    });
  }

 private:
  void Settle() {
    const std::lock_guard lock(mutex_);
    settled_ = true;
    if (!fired_) alarm_.Cancel();
  }
  void NoteFired() {
    const std::lock_guard lock(mutex_);
    fired_ = true;
  }
  void SetAlarm(std::chrono::milliseconds limit, std::function<void(bool)> callback) {
    const std::lock_guard lock(mutex_);
    if (!settled_) alarm_.Set(std::chrono::system_clock::now() + limit, std::move(callback));
  }

  std::mutex mutex_;
  bool settled_ = false;
  bool fired_ = false;
  grpc::Alarm alarm_;
};

// Names the variables that edges miss, so that the operator learns it now and not from the first failing request.
void AddEdges(const Registry& registry, v1::ApplyResponse& response) {
  for (const EdgeView& view : registry.List()) {
    if (!view.connected) continue;
    *response.add_edges() = ToProto(view);
    for (const std::string& key : view.missing_keys) {
      v1::Diagnostic& warning = *response.add_diagnostics();
      warning.set_severity(v1::Diagnostic::WARNING);
      warning.set_code(std::string(config::code::kEdgeLacksKey));
      warning.set_message(Concat("edge ", view.row.name, " has no ", key));
      warning.set_hint(Concat("set ", key, " in that edge's environment, or in its --env-file"));
    }
  }
}

class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(AdminServiceParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Apply(grpc::CallbackServerContext* context, const v1::ApplyRequest* request,
                                  v1::ApplyResponse* response) override {
    return Change(context, request->wait_ms(), request->dry_run(), response,
                  [this, request] { return parts_.config.Apply(*request); });
  }

  grpc::ServerUnaryReactor* Rollback(grpc::CallbackServerContext* context, const v1::RollbackRequest* request,
                                     v1::ApplyResponse* response) override {
    return Change(context, request->wait_ms(), request->dry_run(), response,
                  [this, request] { return parts_.config.Rollback(*request); });
  }

  grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* context, const v1::GetConfigRequest* request,
                                      v1::GetConfigResponse* response) override {
    return Read(context, [this, request, response]() -> absl::Status {
      absl::StatusOr<std::optional<RevisionRow>> row = parts_.store.ReadRevision(request->revision());
      if (!row.ok()) return row.status();
      if (!row->has_value() && request->revision() == 0)
        return absl::OkStatus();  // Nothing was ever applied: revision 0.
      if (!row->has_value()) return NotFound("there is no revision ", request->revision());
      response->set_revision((*row)->revision);
      response->set_source((*row)->source);
      response->set_file_name((*row)->file_name);
      *response->mutable_snapshot() = MakeSnapshot(**row, parts_.lineage);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListRevisions(grpc::CallbackServerContext* context, const v1::ListRevisionsRequest* request,
                                          v1::ListRevisionsResponse* response) override {
    return Read(context, [this, request, response]() -> absl::Status {
      const std::uint32_t limit = request->limit() == 0 ? kDefaultRevisions : request->limit();
      absl::StatusOr<std::vector<RevisionRow>> rows = parts_.store.ReadRevisions(limit);
      if (!rows.ok()) return rows.status();
      for (const RevisionRow& row : *rows) *response->add_revisions() = ToProto(row);
      if (response->revisions_size() > 0) response->mutable_revisions(0)->set_head(true);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListEdges(grpc::CallbackServerContext* context, const v1::ListEdgesRequest*,
                                      v1::ListEdgesResponse* response) override {
    for (const EdgeView& view : parts_.registry.List()) *response->add_edges() = ToProto(view);
    response->set_head_revision(parts_.registry.head_revision());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* Stats(grpc::CallbackServerContext* context, const v1::StatsRequest* request,
                                  v1::StatsResponse* response) override {
    return Read(context, [this, request, response]() -> absl::Status {
      // First: what arrives while the sums are made may be in them, but is not promised.
      const Completeness completeness = parts_.registry.UsageCompleteness();
      response->set_complete_through_us(completeness.through_us);
      response->set_edges_total(completeness.edges_total);
      response->set_edges_current(completeness.edges_current);
      response->set_pending_records(completeness.pending_records);
      return FillStats(parts_.store, *request, *response);
    });
  }

  grpc::ServerUnaryReactor* GetRequest(grpc::CallbackServerContext* context, const v1::GetRequestRequest* request,
                                       v1::GetRequestResponse* response) override {
    return Read(context, [this, request, response]() -> absl::Status {
      absl::StatusOr<std::vector<LedgerAttempt>> attempts = parts_.store.ReadRequest(request->request_id());
      if (!attempts.ok()) return attempts.status();
      if (attempts->empty()) {
        return NotFound("no request ", request->request_id(),
                        " in the ledger; one that has just ended may still arrive");
      }
      for (const LedgerAttempt& attempt : *attempts) {
        v1::RequestAttempt& out = *response->add_attempts();
        out.set_edge_id(attempt.edge_id);
        *out.mutable_record() = wire::ToProto(attempt.record);
      }
      return absl::OkStatus();
    });
  }

 private:
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, std::function<absl::Status()> body) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    parts_.reader.Post([reactor, body = std::move(body)] { reactor->Finish(ToAnswer(body())); });
    return reactor;
  }

  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context, std::uint32_t wait_ms, bool dry_run,
                                   v1::ApplyResponse* response,
                                   std::function<absl::StatusOr<v1::ApplyResponse>()> change) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    parts_.writer.Post([this, wait_ms, dry_run, reactor, response, change = std::move(change)] {
      absl::StatusOr<v1::ApplyResponse> changed = change();
      if (!changed.ok()) return reactor->Finish(ToAnswer(changed.status()));
      *response = *std::move(changed);
      if (dry_run) return reactor->Finish(grpc::Status::OK);
      const auto limit = std::min(std::chrono::milliseconds(wait_ms), kMaxWait);
      SettleWait::Begin(parts_.registry, limit, [this, reactor, response] {
        AddEdges(parts_.registry, *response);
        reactor->Finish(grpc::Status::OK);
      });
    });
    return reactor;
  }

  AdminServiceParts parts_;
};

}  // namespace

absl::StatusOr<std::int64_t> ParseZoneOffset(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  const auto invalid = [&] { return InvalidArgument("time zone offset: got \"", text, "\", want +HH:MM or -HH:MM"); };
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c != ':') digits.push_back(c);
  }
  const bool has_sign = text[0] == '+' || text[0] == '-';
  const bool four_digits = digits.size() == 4 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!has_sign || !four_digits) return invalid();
  const int hours = std::stoi(digits.substr(0, 2));
  const int minutes = std::stoi(digits.substr(2));
  if (hours > 15 || minutes > 59) return invalid();
  const std::int64_t offset_us = (hours * 60LL + minutes) * 60'000'000LL;
  return text[0] == '-' ? -offset_us : offset_us;
}

std::unique_ptr<grpc::Service> MakeAdminService(AdminServiceParts parts) {
  return std::make_unique<AdminService>(std::move(parts));
}

}  // namespace ccp::control
