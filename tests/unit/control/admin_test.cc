// Control whole, over gRPC, without edges: what operators see.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "ccp/v1/admin.grpc.pb.h"
#include "common/base/id.h"
#include "control/admin_service.h"
#include "control/app/app.h"
#include "control/store/sqlite.h"
#include "control/store/sqlite_store.h"
#include "tests/unit/temp_dir.h"

namespace ccp::control {
namespace {

std::string Yaml(const std::string& max_tokens) {
  return "models:\n  m:\n    api_base: https://api.example.com/v1\n    api_key_name: SOME_KEY\n    max_tokens: " +
         max_tokens + "\nrouting:\n  default: m\n";
}

class AdminTest : public ::testing::Test {
 protected:
  void SetUp() override { Restart(); }
  void Restart() {
    app_.reset();
    absl::StatusOr<std::unique_ptr<App>> app = App::Start({"127.0.0.1:0", "sqlite:" + (dir_ / "ccp.db"), ""});
    ASSERT_TRUE(app.ok()) << app.status();
    app_ = *std::move(app);
    stub_ = v1::Admin::NewStub(grpc::CreateChannel(app_->address(), grpc::InsecureChannelCredentials()));
  }
  grpc::Status Apply(const v1::ApplyRequest& request, v1::ApplyResponse& response) {
    grpc::ClientContext context;
    response.Clear();
    return stub_->Apply(&context, request, &response);
  }
  v1::ApplyResponse Apply(const v1::ApplyRequest& request) {
    v1::ApplyResponse response;
    const grpc::Status status = Apply(request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ApplyResponse Apply(const std::string& source) {
    v1::ApplyRequest request;
    request.set_source(source);
    request.set_file_name("models.yaml");
    return Apply(request);
  }
  std::uint64_t HeadRevision() { return GetConfig(0).revision(); }
  v1::GetConfigResponse GetConfig(std::uint64_t revision) {
    grpc::ClientContext context;
    v1::GetConfigRequest request;
    request.set_revision(revision);
    v1::GetConfigResponse response;
    EXPECT_TRUE(stub_->GetConfig(&context, request, &response).ok());
    return response;
  }

  TempDir dir_;
  std::unique_ptr<App> app_;
  std::unique_ptr<v1::Admin::Stub> stub_;
};

TEST_F(AdminTest, NumbersRevisionsAndSaysWhatChanged) {
  EXPECT_EQ(HeadRevision(), 0u);
  v1::ApplyResponse response = Apply(Yaml("8k"));
  EXPECT_EQ(response.revision(), 1u);
  EXPECT_FALSE(response.unchanged());
  ASSERT_FALSE(response.changes().empty());
  EXPECT_EQ(response.changes(0).path(), "models.m");
  EXPECT_EQ(response.changes(0).kind(), v1::Change::ADD);

  response = Apply(Yaml("16k"));
  EXPECT_EQ(response.revision(), 2u);
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).kind(), v1::Change::CHANGE);

  response = Apply("# only a comment more\n" + Yaml("16k"));
  EXPECT_EQ(response.revision(), 2u);
  EXPECT_TRUE(response.unchanged());
}

TEST_F(AdminTest, StoresNothingOfAnInvalidSource) {
  Apply(Yaml("8k"));
  const v1::ApplyResponse response = Apply(Yaml("many") + "unknown: 1\n");
  EXPECT_EQ(response.revision(), 1u);
  int errors = 0;
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) {
    if (diagnostic.severity() == v1::Diagnostic::ERROR) ++errors;
    EXPECT_GT(diagnostic.line(), 0u);
    EXPECT_EQ(diagnostic.file(), "models.yaml");
  }
  EXPECT_EQ(errors, 2);
  EXPECT_EQ(HeadRevision(), 1u);
}

TEST_F(AdminTest, ChangesNothingInADryRun) {
  v1::ApplyRequest request;
  request.set_source(Yaml("8k"));
  request.set_dry_run(true);
  const v1::ApplyResponse response = Apply(request);
  EXPECT_EQ(response.revision(), 0u);
  EXPECT_FALSE(response.changes().empty());
  EXPECT_EQ(HeadRevision(), 0u);
}

TEST_F(AdminTest, RefusesToOverwriteWhatTheCallerHasNotSeen) {
  Apply(Yaml("8k"));
  Apply(Yaml("16k"));
  v1::ApplyRequest request;
  request.set_source(Yaml("32k"));
  request.set_expected_revision(1);
  v1::ApplyResponse response;
  const grpc::Status status = Apply(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_NE(status.error_message().find("expected 1, the head is 2"), std::string::npos) << status.error_message();
  request.set_expected_revision(2);
  EXPECT_EQ(Apply(request).revision(), 3u);
}

TEST_F(AdminTest, GivesARepeatedRequestItsFirstAnswer) {
  v1::ApplyRequest request;
  request.set_source(Yaml("8k"));
  request.set_idempotency_key("once");
  request.set_expected_revision(0);
  EXPECT_EQ(Apply(request).revision(), 1u);
  Apply(Yaml("16k"));
  Restart();
  const v1::ApplyResponse again = Apply(request);
  EXPECT_EQ(again.revision(), 1u);
  EXPECT_FALSE(again.changes().empty());
  EXPECT_EQ(HeadRevision(), 2u);
}

TEST_F(AdminTest, RollsBackByANewRevision) {
  Apply(Yaml("8k"));
  Apply(Yaml("16k"));
  grpc::ClientContext context;
  v1::ApplyResponse response;
  ASSERT_TRUE(stub_->Rollback(&context, v1::RollbackRequest(), &response).ok());
  EXPECT_EQ(response.revision(), 3u);
  EXPECT_EQ(GetConfig(3).source(), Yaml("8k"));
  EXPECT_EQ(GetConfig(3).snapshot().digest(), GetConfig(1).snapshot().digest());

  grpc::ClientContext list;
  v1::ListRevisionsResponse revisions;
  ASSERT_TRUE(stub_->ListRevisions(&list, v1::ListRevisionsRequest(), &revisions).ok());
  ASSERT_EQ(revisions.revisions_size(), 3);
  EXPECT_EQ(revisions.revisions(0).rollback_of(), 1u);
  EXPECT_TRUE(revisions.revisions(0).head());
  EXPECT_FALSE(revisions.revisions(1).head());
}

TEST_F(AdminTest, SaysWhichRevisionsThereAreToGoBackTo) {
  Apply(Yaml("8k"));
  grpc::ClientContext context;
  v1::RollbackRequest request;
  request.set_to_revision(7);
  v1::ApplyResponse response;
  const grpc::Status status = stub_->Rollback(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(status.error_message().find("revisions go from 1 to 1"), std::string::npos) << status.error_message();
}

TEST_F(AdminTest, RollsBackOnlyWhatTheCallerHasSeen) {
  Apply(Yaml("8k"));
  Apply(Yaml("16k"));
  grpc::ClientContext context;
  v1::RollbackRequest request;
  request.set_expected_revision(1);
  v1::ApplyResponse response;
  const grpc::Status status = stub_->Rollback(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_NE(status.error_message().find("expected 1, the head is 2"), std::string::npos) << status.error_message();
  EXPECT_EQ(HeadRevision(), 2u);
}

TEST_F(AdminTest, LosesNothingInARestart) {
  Apply(Yaml("8k"));
  const v1::GetConfigResponse before = GetConfig(0);
  Restart();
  EXPECT_EQ(GetConfig(0).SerializeAsString(), before.SerializeAsString());
}

TEST_F(AdminTest, NeverShowsTheFleetSecret) {
  Apply(Yaml("8k"));
  const v1::GetConfigResponse config = GetConfig(0);
  EXPECT_TRUE(config.snapshot().fleet_secret().empty());
  EXPECT_EQ(config.snapshot().lineage().size(), 16u);
  EXPECT_EQ(config.snapshot().digest(), Sha256(config.snapshot().catalog()));
}

TEST_F(AdminTest, AnswersStatsOfAnEmptyLedger) {
  grpc::ClientContext context;
  v1::StatsRequest request;
  request.add_group_by("model");
  v1::StatsResponse response;
  ASSERT_TRUE(stub_->Stats(&context, request, &response).ok());
  EXPECT_EQ(response.rows_size(), 0);
  EXPECT_EQ(response.total().requests(), 0u);
  EXPECT_EQ(response.edges_total(), 0u);
}

TEST_F(AdminTest, TellsHowManyRecordsWereLost) {
  app_.reset();
  {
    const auto store = OpenSqliteStore(dir_ / "ccp.db");
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->AddCursor("edge_1", {.epoch = 1, .journal_id = "a", .acked_seq = 9, .lost = 4}, 1).ok());
    ASSERT_TRUE((*store)->AddCursor("edge_2", {.epoch = 1, .journal_id = "b", .acked_seq = 5, .lost = 3}, 1).ok());
  }
  Restart();
  grpc::ClientContext context;
  v1::StatsResponse response;
  ASSERT_TRUE(stub_->Stats(&context, v1::StatsRequest(), &response).ok());
  EXPECT_EQ(response.lost_records(), 7u);
}

TEST_F(AdminTest, RefusesGroupsAndZonesItDoesNotKnow) {
  v1::StatsRequest group;
  group.add_group_by("colour");
  v1::StatsRequest zone;
  zone.set_time_zone_offset("Berlin");
  for (const v1::StatsRequest& request : {group, zone}) {
    grpc::ClientContext context;
    v1::StatsResponse response;
    EXPECT_EQ(stub_->Stats(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(AdminTest, TellsAStoreThatFailsFromAControlThatIsNotThere) {
  auto other = sqlite::Database::Open(dir_ / "ccp.db", sqlite::Database::Mode::kWrite);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->Script("DROP TABLE revision").ok());
  v1::ApplyRequest request;
  request.set_source(Yaml("8k"));
  v1::ApplyResponse response;
  const grpc::Status applied = Apply(request, response);
  grpc::ClientContext context;
  v1::ListRevisionsResponse revisions;
  const grpc::Status listed = stub_->ListRevisions(&context, v1::ListRevisionsRequest(), &revisions);
  for (const grpc::Status& status : {applied, listed}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
    EXPECT_NE(status.error_message().find("no such table"), std::string::npos) << status.error_message();
  }
}

TEST_F(AdminTest, StopsTwiceAndStartsAgain) {
  app_->Stop();
  app_->Stop();
  Restart();
  EXPECT_EQ(HeadRevision(), 0u);
}

TEST(ControlApp, WritesItsAddressToThePortFile) {
  TempDir dir;
  const auto app = App::Start({"127.0.0.1:0", "sqlite:" + (dir / "ccp.db"), dir / "port"});
  ASSERT_TRUE(app.ok()) << app.status();
  std::string line;
  std::getline(std::ifstream(dir / "port") >> std::ws, line);
  EXPECT_EQ(line, (*app)->address());
}

TEST(ControlApp, RefusesWhatItMustNotListenOn) {
  TempDir dir;
  const struct {
    const char* listen;
    const char* says;
  } kCases[] = {
      {"0.0.0.0:0", "not a loopback address"},
      {"[::]:0", "not a loopback address"},
      {"10.0.0.1:7443", "not a loopback address"},
      {"example.com:7443", "not a loopback address"},
      {"127.0.0.1.example.com:7443", "not a loopback address"},
      {"7443", "want ADDRESS:PORT"},
      {"127.0.0.1:", "want ADDRESS:PORT"},
      {"127.0.0.1:99999", "want ADDRESS:PORT"},
      {":7443", "want ADDRESS:PORT"},
  };
  for (const auto& row : kCases) {
    const auto app = App::Start({row.listen, "sqlite:" + (dir / "ccp.db"), ""});
    ASSERT_FALSE(app.ok()) << row.listen;
    EXPECT_NE(app.status().message().find(row.says), absl::string_view::npos) << app.status();
  }
}

TEST(ControlApp, SaysThatThePortIsTaken) {
  TempDir dir;
  const auto first = App::Start({"127.0.0.1:0", "sqlite:" + (dir / "a.db"), ""});
  ASSERT_TRUE(first.ok());
  const auto second = App::Start({(*first)->address(), "sqlite:" + (dir / "b.db"), ""});
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  EXPECT_NE(second.status().message().find("is it in use?"), absl::string_view::npos) << second.status();
}

TEST(ZoneOffset, IsReadAsPeopleWriteIt) {
  constexpr std::int64_t kMinute = 60'000'000;
  const struct {
    const char* text;
    std::optional<std::int64_t> want;
  } kCases[] = {
      {"", 0},
      {"Z", 0},
      {"+00:00", 0},
      {"+02:00", 120 * kMinute},
      {"-03:30", -210 * kMinute},
      {"+0530", 330 * kMinute},
      {"02:00", {}},
      {"+2", {}},
      {"+25:00", {}},
      {"+02:60", {}},
      {"+02:00x", {}},
      {"UTC", {}},
      {"-", {}},
  };
  for (const auto& row : kCases) {
    const absl::StatusOr<std::int64_t> got = ParseZoneOffset(row.text);
    EXPECT_EQ(got.ok() ? std::optional(*got) : std::nullopt, row.want) << row.text;
  }
}

}  // namespace
}  // namespace ccp::control
