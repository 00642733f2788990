// Edge and control together in one process, over real gRPC on loopback: configuration comes down, usage goes up.
#include "edge/link/control_link.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ccp/v1/admin.grpc.pb.h"
#include "control/app/app.h"
#include "edge/link/last_good.h"
#include "edge/usage/journal.h"
#include "tests/unit/temp_dir.h"

namespace ccp::edge {
namespace {

constexpr std::chrono::seconds kLong{60};  // Never reached unless something is broken.

std::string Yaml(const std::string& max_tokens) {
  return "models:\n  m:\n    api_base: https://api.example.com/v1\n    api_key_name: SOME_KEY\n    max_tokens: " +
         max_tokens + "\nrouting:\n  default: m\n";
}

// A control that can go away and come back at the same address.
class Control {
 public:
  explicit Control(const TempDir& dir) : store_("sqlite:" + (dir / "control/ccp.db")) { Start(); }
  void Start() {
    // Only while a test run holds the port in another process could this fail for long.
    const auto limit = std::chrono::steady_clock::now() + kLong;
    while (std::chrono::steady_clock::now() < limit) {
      absl::StatusOr<std::unique_ptr<control::App>> app = control::App::Start({listen_, store_, ""});
      if (!app.ok()) continue;
      app_ = *std::move(app);
      listen_ = app_->address();
      stub_ = v1::Admin::NewStub(grpc::CreateChannel(listen_, grpc::InsecureChannelCredentials()));
      return;
    }
    FAIL() << "control does not start";
  }
  void Stop() { app_.reset(); }
  const std::string& address() const { return listen_; }

  v1::ApplyResponse Apply(const std::string& source) {
    grpc::ClientContext context;
    v1::ApplyRequest request;
    request.set_source(source);
    request.set_wait_ms(60'000);
    v1::ApplyResponse response;
    const grpc::Status status = stub_->Apply(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ListEdgesResponse Edges() {
    grpc::ClientContext context;
    v1::ListEdgesResponse response;
    EXPECT_TRUE(stub_->ListEdges(&context, v1::ListEdgesRequest(), &response).ok());
    return response;
  }
  v1::GetRequestResponse Request(const std::string& request_id) {
    grpc::ClientContext context;
    v1::GetRequestRequest request;
    request.set_request_id(request_id);
    v1::GetRequestResponse response;
    stub_->GetRequest(&context, request, &response).IgnoreError();
    return response;
  }
  v1::StatsResponse Stats() {
    grpc::ClientContext context;
    v1::StatsResponse response;
    EXPECT_TRUE(stub_->Stats(&context, v1::StatsRequest(), &response).ok());
    return response;
  }

 private:
  std::string store_;
  std::string listen_ = "127.0.0.1:0";
  std::unique_ptr<control::App> app_;
  std::unique_ptr<v1::Admin::Stub> stub_;
};

// An edge without HTTP: journal and link, and a place where snapshots arrive.
class TestEdge {
 public:
  TestEdge(std::string state_dir, std::string control)
      : state_dir_(std::move(state_dir)), control_(std::move(control)) {
    Start();
  }
  void Start() {
    absl::StatusOr<std::unique_ptr<Journal>> journal = Journal::Open(state_dir_ + "/journal");
    ASSERT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
    ControlLink::Options options;
    options.control = control_;
    options.state_dir = state_dir_;
    options.name = "laptop";
    options.http_address = "127.0.0.1:8082";
    options.on_snapshot = [this](std::shared_ptr<const Snapshot> snapshot) {
      const std::lock_guard lock(mutex_);
      snapshot_ = std::move(snapshot);
      changed_.notify_all();
    };
    options.missing_keys = [](const config::Catalog& catalog) {
      return std::vector<std::string>{catalog.models.at(0).api_key_name};
    };
    options.counters = [this] { return EdgeCounters{2, 9, draining, learned}; };
    options.on_calibrations = [this](tokens::Calibrations calibrations) {
      const std::lock_guard lock(mutex_);
      shared_ = std::move(calibrations);
      changed_.notify_all();
    };
    auto last_good = ControlLink::LoadLastGood(state_dir_);
    {
      const std::lock_guard lock(mutex_);
      snapshot_ = last_good;
    }
    absl::StatusOr<std::unique_ptr<ControlLink>> link = ControlLink::Create(options, *journal_, std::move(last_good));
    ASSERT_TRUE(link.ok()) << link.status();
    link_ = *std::move(link);
    link_->Start();
  }
  void Stop() {
    link_.reset();
    journal_.reset();
  }
  void Record(const std::string& request_id) {
    usage::Record record;
    record.request_id = request_id;
    record.winner = true;
    record.outcome = usage::Outcome::kOk;
    record.started_us = 1;
    record.tokens.output = 1;
    journal_->Close(journal_->Open(record), record);
  }
  bool WaitForRevision(std::uint64_t revision) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return snapshot_ != nullptr && snapshot_->revision == revision; });
  }
  bool WaitForCalibrations(const tokens::Calibrations& wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return shared_ == wanted; });
  }
  std::uint64_t revision() {
    const std::lock_guard lock(mutex_);
    return snapshot_ == nullptr ? 0 : snapshot_->revision;
  }
  ControlLink& link() { return *link_; }
  Journal& journal() { return *journal_; }
  bool draining = false;
  tokens::Calibrations learned;  // Set before Start().

 private:
  std::string state_dir_;
  std::string control_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<ControlLink> link_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Snapshot> snapshot_;
  tokens::Calibrations shared_;
};

class ControlLinkTest : public ::testing::Test {
 protected:
  TempDir dir_;
  Control control_{dir_};
};

TEST_F(ControlLinkTest, SharesAndKeepsWhatWasLearnedOfTokens) {
  const tokens::Calibrations learned{{"p/m", {1.25, 9}}};
  TestEdge first(dir_ / "first", control_.address());
  first.Stop();
  first.learned = learned;
  first.Start();
  TestEdge second(dir_ / "second", control_.address());
  EXPECT_TRUE(second.WaitForCalibrations(learned)) << "through control, at the latest with its heartbeat";
  first.Stop();
  TestEdge again(dir_ / "first", "127.0.0.1:1");
  EXPECT_TRUE(again.WaitForCalibrations(learned)) << "from its own state directory, without control";
}

TEST_F(ControlLinkTest, BringsTheConfigurationAndShowsTheAnswer) {
  control_.Apply(Yaml("8k"));
  TestEdge edge(dir_ / "edge", control_.address());
  ASSERT_TRUE(edge.WaitForRevision(1));
  const v1::ApplyResponse applied = control_.Apply(Yaml("16k"));  // Waits for the ACK.
  EXPECT_EQ(edge.revision(), 2u) << "handed over before it is acknowledged";
  ASSERT_EQ(applied.edges_size(), 1);
  EXPECT_EQ(applied.edges(0).name(), "laptop");
  EXPECT_EQ(applied.edges(0).sync(), v1::EdgeInfo::SYNCED);
  EXPECT_EQ(applied.edges(0).applied_revision(), 2u);
  ASSERT_EQ(applied.diagnostics_size(), 1);
  EXPECT_EQ(applied.diagnostics(0).message(), "edge laptop has no SOME_KEY");
  EXPECT_EQ(applied.diagnostics(0).severity(), v1::Diagnostic::WARNING);
  EXPECT_EQ(ReadLastGood(dir_ / "edge")->revision, 2u) << "kept before it is acknowledged";

  const v1::ListEdgesResponse edges = control_.Edges();
  EXPECT_EQ(edges.head_revision(), 2u);
  ASSERT_EQ(edges.edges_size(), 1);
  EXPECT_TRUE(edges.edges(0).connected());
  EXPECT_EQ(edges.edges(0).http_address(), "127.0.0.1:8082");
}

TEST_F(ControlLinkTest, GivesAllEdgesTheSameSecretAndLineage) {
  control_.Apply(Yaml("8k"));
  TestEdge a(dir_ / "a", control_.address());
  TestEdge b(dir_ / "b", control_.address());
  ASSERT_TRUE(a.WaitForRevision(1));
  ASSERT_TRUE(b.WaitForRevision(1));
  EXPECT_EQ(ReadLastGood(dir_ / "a")->fleet_secret.size(), 32u);
  EXPECT_EQ(ReadLastGood(dir_ / "a")->fleet_secret, ReadLastGood(dir_ / "b")->fleet_secret);
  EXPECT_EQ(control_.Apply(Yaml("16k")).edges_size(), 2);
}

TEST_F(ControlLinkTest, FindsControlAgainAfterItsRestart) {
  control_.Apply(Yaml("8k"));
  TestEdge edge(dir_ / "edge", control_.address());
  ASSERT_TRUE(edge.WaitForRevision(1));
  control_.Stop();
  EXPECT_EQ(edge.revision(), 1u);
  control_.Start();
  control_.Apply(Yaml("16k"));
  EXPECT_TRUE(edge.WaitForRevision(2));
}

TEST_F(ControlLinkTest, StartsFromItsLastGoodFileWithoutControl) {
  control_.Apply(Yaml("8k"));
  TestEdge edge(dir_ / "edge", control_.address());
  ASSERT_TRUE(edge.WaitForRevision(1));
  control_.Apply(Yaml("16k"));
  edge.Stop();
  control_.Stop();
  edge.Start();
  EXPECT_EQ(edge.revision(), 2u);
  EXPECT_FALSE(edge.link().connected());
}

TEST_F(ControlLinkTest, RefusesWhatARewoundControlSendsAndSaysWhy) {
  control_.Apply(Yaml("1k"));
  control_.Stop();
  std::filesystem::copy(dir_ / "control", dir_ / "backup");
  control_.Start();
  control_.Apply(Yaml("2k"));
  control_.Apply(Yaml("3k"));
  TestEdge edge(dir_ / "edge", control_.address());
  ASSERT_TRUE(edge.WaitForRevision(3));

  control_.Stop();
  std::filesystem::remove_all(dir_ / "control");
  std::filesystem::rename(dir_ / "backup", dir_ / "control");
  control_.Start();
  // Flush() returns once the edge is connected again and has nothing left to say.
  edge.Record("req_1");
  ASSERT_TRUE(edge.link().Flush(60));
  const struct {
    const char* size;
    std::uint64_t revision;
    v1::EdgeInfo::Sync sync;
    const char* reason;
  } kSteps[] = {
      {"20k", 2, v1::EdgeInfo::REJECTED, "older than 3"},
      {"30k", 3, v1::EdgeInfo::REJECTED, "other content"},
      {"40k", 4, v1::EdgeInfo::SYNCED, ""},
  };
  for (const auto& step : kSteps) {
    const v1::ApplyResponse applied = control_.Apply(Yaml(step.size));
    ASSERT_EQ(applied.revision(), step.revision);
    ASSERT_EQ(applied.edges_size(), 1) << step.size;
    EXPECT_EQ(applied.edges(0).sync(), step.sync) << step.size;
    EXPECT_NE(applied.edges(0).nack_reason().find(step.reason), std::string::npos) << applied.edges(0).nack_reason();
    EXPECT_EQ(applied.edges(0).applied_revision(), step.sync == v1::EdgeInfo::SYNCED ? step.revision : 3);
  }
  EXPECT_EQ(edge.revision(), 4u);
}

TEST_F(ControlLinkTest, ReportsUsageOnceOverRestartsOfEitherSide) {
  TestEdge edge(dir_ / "edge", control_.address());
  int recorded = 0;
  const auto record = [&](int count) {
    for (int i = 0; i < count; ++i) edge.Record("req_" + std::to_string(++recorded));
  };
  record(700);  // More than a batch.
  ASSERT_TRUE(edge.link().Flush(60));
  EXPECT_EQ(control_.Stats().total().requests(), 700u);

  record(10);
  control_.Stop();
  record(10);
  edge.Stop();
  edge.Start();
  record(10);
  control_.Start();
  ASSERT_TRUE(edge.link().Flush(60));
  EXPECT_EQ(control_.Stats().total().requests(), 730u);

  edge.Stop();
  edge.Start();  // Registers a new run; the old ones are already counted.
  record(1);
  ASSERT_TRUE(edge.link().Flush(60));
  EXPECT_EQ(control_.Stats().total().requests(), 731u);
  EXPECT_EQ(control_.Stats().total().tokens().output(), 731u);
}

TEST_F(ControlLinkTest, MakesARequestFindableByItsId) {
  TestEdge edge(dir_ / "edge", control_.address());
  edge.Record("req_1");
  edge.Record("req_2");
  ASSERT_TRUE(edge.link().Flush(60));
  const v1::GetRequestResponse found = control_.Request("req_2");
  ASSERT_EQ(found.attempts_size(), 1);
  EXPECT_EQ(found.attempts(0).edge_id(), control_.Edges().edges(0).edge_id());
  EXPECT_EQ(found.attempts(0).record().request_id(), "req_2");
  EXPECT_EQ(found.attempts(0).record().outcome(), v1::OUTCOME_OK);
  EXPECT_EQ(control_.Request("req_3").attempts_size(), 0);
}

// Power cuts and restored disks: every run has its own sequence, so two edges that began as one disk do not collide.
TEST_F(ControlLinkTest, CountsACopiedEdgeForItself) {
  TestEdge original(dir_ / "edge", control_.address());
  original.Record("req_1");
  ASSERT_TRUE(original.link().Flush(60));
  original.Stop();
  std::filesystem::copy(dir_ / "edge", dir_ / "copy", std::filesystem::copy_options::recursive);
  original.Start();
  TestEdge copy(dir_ / "copy", control_.address());
  original.Record("req_2");
  copy.Record("req_3");
  ASSERT_TRUE(original.link().Flush(60));
  ASSERT_TRUE(copy.link().Flush(60));
  EXPECT_EQ(control_.Stats().total().requests(), 3u);
  EXPECT_EQ(control_.Edges().edges_size(), 2) << "one id, two connections";
}

TEST_F(ControlLinkTest, CountsWhatWasRecordedBeforeControlWasEverReached) {
  const std::string address = control_.address();
  control_.Stop();
  TestEdge edge(dir_ / "edge", address);
  for (int run = 0; run < 3; ++run) {
    edge.Record("req_" + std::to_string(run));
    edge.Stop();
    edge.Start();
  }
  EXPECT_FALSE(edge.link().Flush(0));
  control_.Start();
  ASSERT_TRUE(edge.link().Flush(60));
  EXPECT_EQ(control_.Stats().total().requests(), 3u);
}

TEST_F(ControlLinkTest, FillsALedgerThatWasLost) {
  TestEdge edge(dir_ / "edge", control_.address());
  for (int i = 0; i < 5; ++i) edge.Record("req_" + std::to_string(i));
  ASSERT_TRUE(edge.link().Flush(60));
  control_.Stop();
  std::filesystem::remove_all(dir_ / "control");
  control_.Start();
  edge.Record("req_5");
  // The five come again once the edge has registered anew, which is when the sixth can be sent too.
  const auto limit = std::chrono::steady_clock::now() + kLong;
  while (control_.Stats().total().requests() < 6 && std::chrono::steady_clock::now() < limit) edge.link().Flush(1);
  EXPECT_EQ(control_.Stats().total().requests(), 6u);
}

TEST_F(ControlLinkTest, SaysGoodbyeSoThatTheLedgerCountsAsComplete) {
  TestEdge edge(dir_ / "edge", control_.address());
  edge.Record("req_1");
  edge.draining = true;
  ASSERT_TRUE(edge.link().Flush(60));
  edge.Stop();
  // The stream's end reaches control a moment after the edge let go of it.
  const auto limit = std::chrono::steady_clock::now() + kLong;
  while (control_.Edges().edges(0).connected() && std::chrono::steady_clock::now() < limit) continue;
  const v1::StatsResponse stats = control_.Stats();
  EXPECT_EQ(stats.pending_records(), 0u);
  EXPECT_EQ(stats.edges_current(), 1u);
  EXPECT_TRUE(control_.Edges().edges(0).draining());
}

TEST_F(ControlLinkTest, EndsAtOnceWhileControlIsOutOfReach) {
  control_.Stop();
  TestEdge edge(dir_ / "edge", control_.address());
  edge.Record("req_1");
  edge.Stop();  // The test's time limit is the assertion.
}

}  // namespace
}  // namespace ccp::edge
