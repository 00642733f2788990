#include "control/edge_service.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <optional>
#include <utility>

#include "ccp/v1/edge.grpc.pb.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/calibrations.h"
#include "common/wire/convert.h"
#include "control/rpc.h"

namespace ccp::control {
namespace {

constexpr std::size_t kMaxIdBytes = 128;

// Shares the message's bytes instead of copying them: the slice keeps the snapshot alive.
grpc::ByteBuffer ShareBytes(std::shared_ptr<const EncodedSnapshot> snapshot) {
  auto owner = std::make_unique<std::shared_ptr<const EncodedSnapshot>>(std::move(snapshot));
  const std::string& message = (*owner)->message;
  const auto release = [](void* user_data) { delete static_cast<std::shared_ptr<const EncodedSnapshot>*>(user_data); };
  const grpc::Slice slice(const_cast<char*>(message.data()), message.size(), release, owner.get());
  owner.release();  // NOLINT(bugprone-unused-return-value): the slice owns it now.
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer StatusBytes(const ControlNews& news) {
  v1::ConfigDown down;
  down.mutable_status()->set_head_revision(news.head_revision);
  *down.mutable_status()->mutable_calibrations() = wire::ToProto(news.calibrations);
  const grpc::Slice slice(down.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

EdgeStatus ToStatus(const v1::EdgeStatus& said) {
  EdgeStatus status{said.open_requests(), said.usage_pending(), said.draining(), wire::FromProto(said.calibrations())};
  const auto& names = said.missing_keys().names();
  if (said.has_missing_keys()) status.missing_keys.emplace(names.begin(), names.end());
  return status;
}

// One edge's configuration stream. At most one read and one write are under way, one snapshot waits (the latest wins).
class WatchStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>, public ConfigStream {
 public:
  explicit WatchStream(Registry& registry) : registry_(registry) { StartRead(&incoming_); }

  // --- What the registry asks for; it is locked meanwhile.
  void Offer(std::shared_ptr<const EncodedSnapshot> snapshot) override {
    const std::lock_guard lock(mutex_);
    waiting_snapshot_ = std::move(snapshot);
    WriteNext();
  }
  void Heartbeat(const ControlNews& news) override {
    const std::lock_guard lock(mutex_);
    waiting_news_ = news;
    WriteNext();
  }
  void Close() override { FinishOnce(grpc::Status(grpc::StatusCode::UNAVAILABLE, "control is stopping")); }

  // --- What gRPC tells.
  void OnReadDone(bool ok) override {
    if (!ok) return FinishOnce(grpc::Status::OK);
    v1::ConfigUp up;
    if (!grpc::SerializationTraits<v1::ConfigUp>::Deserialize(&incoming_, &up).ok()) {
      return FinishOnce(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "not a ConfigUp message"));
    }
    if (const grpc::Status status = Handle(up); !status.ok()) return FinishOnce(status);
    StartRead(&incoming_);
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) WriteNext();
  }
  void OnDone() override {
    registry_.Disconnect(this);
    delete this;
  }

 private:
  grpc::Status Handle(const v1::ConfigUp& up) {
    if (up.has_hello() == greeted_) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "a stream begins with one Hello"};
    }
    switch (up.message_case()) {
      case v1::ConfigUp::kHello:
        return Greet(up.hello());
      case v1::ConfigUp::kAck:
        registry_.OnAck(this, {up.ack().revision(), up.ack().digest()},
                        {up.ack().missing_keys().begin(), up.ack().missing_keys().end()});
        break;
      case v1::ConfigUp::kNack:
        log::Warn(Concat("edge refuses a revision edge=", edge_id_, " revision=", up.nack().revision(),
                         " reason=", up.nack().reason()));
        registry_.OnNack(this, {up.nack().revision(), up.nack().digest()}, up.nack().reason());
        break;
      case v1::ConfigUp::kStatus:
        registry_.OnStatus(this, ToStatus(up.status()));
        break;
      case v1::ConfigUp::MESSAGE_NOT_SET:
        break;  // Something a newer edge says.
    }
    return grpc::Status::OK;
  }

  grpc::Status Greet(const v1::Hello& hello) {
    if (!registry_.IsRegistered(hello.edge_id())) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "this edge is unknown here; register first"};
    }
    greeted_ = true;
    edge_id_ = hello.edge_id();
    registry_.Connect(this, {hello.edge_id(),
                             hello.build(),
                             hello.lineage(),
                             {hello.applied_revision(), hello.applied_digest()},
                             {hello.missing_keys().begin(), hello.missing_keys().end()}});
    return grpc::Status::OK;
  }

  void WriteNext() {  // With the mutex held.
    if (writing_ || finished_) return;
    if (waiting_snapshot_ != nullptr) {
      outgoing_ = ShareBytes(std::exchange(waiting_snapshot_, nullptr));
    } else if (waiting_news_) {
      outgoing_ = StatusBytes(*std::exchange(waiting_news_, std::nullopt));
    } else {
      return;
    }
    writing_ = true;
    StartWrite(&outgoing_);
  }

  void FinishOnce(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  Registry& registry_;
  std::string edge_id_;
  bool greeted_ = false;
  grpc::ByteBuffer incoming_;

  std::mutex mutex_;
  grpc::ByteBuffer outgoing_;
  bool writing_ = false;
  bool finished_ = false;
  std::shared_ptr<const EncodedSnapshot> waiting_snapshot_;
  std::optional<ControlNews> waiting_news_;
};

UsageReport ToReport(const v1::UsageBatch& batch) {
  UsageReport report{{batch.edge_id(), batch.epoch()}, batch.first_seq(), batch.oldest_seq(), {}};
  report.records.reserve(static_cast<std::size_t>(batch.records_size()));
  for (const v1::UsageRecord& record : batch.records()) report.records.push_back(wire::FromProto(record));
  return report;
}

v1::UsageAck ToAck(std::uint64_t epoch, const UsageAnswer& answer) {
  v1::UsageAck ack;
  ack.set_epoch(epoch);
  ack.set_acked_seq(answer.acked_seq);
  ack.set_retry_after_ms(static_cast<std::uint32_t>(answer.retry_after.count()));
  switch (answer.code) {
    case UsageAnswer::Code::kOk:
      ack.set_code(v1::UsageAck::OK);
      break;
    case UsageAnswer::Code::kGap:
      ack.set_code(v1::UsageAck::GAP);
      break;
    case UsageAnswer::Code::kOverloaded:
      ack.set_code(v1::UsageAck::OVERLOADED);
      break;
  }
  return ack;
}

// One edge's usage stream: read a batch, have it stored, acknowledge, read the next. So a slow store slows the edge
// down.
class UsageStream final : public grpc::ServerBidiReactor<v1::UsageBatch, v1::UsageAck> {
 public:
  explicit UsageStream(Ledger& ledger) : ledger_(ledger) { StartRead(&batch_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    // This object lives until Finish(), which is not called while an answer is due.
    ledger_.Submit(ToReport(batch_), [this](const absl::StatusOr<UsageAnswer>& answer) { OnAnswer(answer); });
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&batch_);
  }
  void OnDone() override { delete this; }

 private:
  void OnAnswer(const absl::StatusOr<UsageAnswer>& answer) {
    if (!answer.ok()) return Finish(ToRpcStatus(answer.status()));
    ack_ = ToAck(batch_.epoch(), *answer);
    StartWrite(&ack_);
  }

  Ledger& ledger_;
  v1::UsageBatch batch_;
  v1::UsageAck ack_;
};

absl::Status CheckRegistration(const v1::RegisterRequest& request) {
  if (request.edge_id().empty() || request.edge_id().size() > kMaxIdBytes) {
    return InvalidArgument("register: edge_id: got ", request.edge_id().size(), " bytes, want 1 to ", kMaxIdBytes);
  }
  if (request.journal_id().empty() || request.journal_id().size() > kMaxIdBytes) {
    return InvalidArgument("register: journal_id: got ", request.journal_id().size(), " bytes, want 1 to ",
                           kMaxIdBytes);
  }
  return absl::OkStatus();
}

absl::Status FillRegistration(StoreWriter& store, const v1::RegisterRequest& request, std::int64_t now_us,
                              v1::RegisterResponse& response) {
  return store.Transaction([&]() -> absl::Status {
    absl::StatusOr<std::uint64_t> epoch = EpochFor(store, request.edge_id(), request.journal_id(), now_us);
    if (!epoch.ok()) return epoch.status();
    absl::StatusOr<std::vector<CursorRow>> cursors = store.Cursors(request.edge_id());
    if (!cursors.ok()) return cursors.status();
    response.set_epoch(*epoch);
    for (const CursorRow& cursor : *cursors) {
      v1::JournalAck& ack = *response.add_acks();
      ack.set_epoch(cursor.epoch);
      ack.set_acked_seq(cursor.acked_seq);
      ack.set_journal_id(cursor.journal_id);
    }
    return absl::OkStatus();
  });
}

using Base = v1::Edge::WithCallbackMethod_Register<
    v1::Edge::WithRawCallbackMethod_WatchConfig<v1::Edge::WithCallbackMethod_ReportUsage<v1::Edge::Service>>>;

class EdgeService final : public Base {
 public:
  explicit EdgeService(EdgeServiceParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* context, const v1::RegisterRequest* request,
                                     v1::RegisterResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (const absl::Status status = CheckRegistration(*request); !status.ok()) {
      reactor->Finish(ToRpcStatus(status));
      return reactor;
    }
    parts_.writer.Post([this, reactor, request, response] {
      const absl::Status status = FillRegistration(parts_.store, *request, parts_.now_us(), *response);
      if (status.ok()) {
        parts_.registry.Register(request->edge_id(), request->name(), request->build(), request->http_address());
      }
      reactor->Finish(ToRpcStatus(status));
    });
    return reactor;
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* WatchConfig(grpc::CallbackServerContext*) override {
    return new WatchStream(parts_.registry);
  }

  grpc::ServerBidiReactor<v1::UsageBatch, v1::UsageAck>* ReportUsage(grpc::CallbackServerContext*) override {
    return new UsageStream(parts_.ledger);
  }

 private:
  EdgeServiceParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEdgeService(EdgeServiceParts parts) {
  return std::make_unique<EdgeService>(std::move(parts));
}

}  // namespace ccp::control
