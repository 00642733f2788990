#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "control/store/sqlite.h"
#include "control/store/sqlite_store.h"
#include "tests/unit/temp_dir.h"

namespace ccp::control {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> OpenStore() {
    absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(path_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  TempDir dir_;
  std::string path_ = dir_ / "new/folder/ccp.db";
};

TEST_F(StoreTest, MintsItsIdentityOnce) {
  Identity first = OpenStore()->identity();
  EXPECT_EQ(first.lineage.size(), 16u);
  EXPECT_EQ(first.fleet_secret.size(), 32u);
  const auto again = OpenStore();
  EXPECT_EQ(again->identity().lineage, first.lineage);
  EXPECT_EQ(again->identity().fleet_secret, first.fleet_secret);
}

TEST_F(StoreTest, IsReadableByItsOwnerOnly) {
  const auto store = OpenStore();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(std::filesystem::status(path_ + suffix).permissions() & others, std::filesystem::perms::none) << suffix;
  }
}

TEST_F(StoreTest, RefusesWhatIsNotItsOwn) {
  const struct {
    const char* name;
    std::function<void()> make;
    absl::StatusCode code;
    const char* says;
  } kCases[] = {
      {"noise", [&] { std::ofstream(path_) << std::string(5'000, 'x'); }, absl::StatusCode::kInvalidArgument,
       "not a ccp database"},
      {"another program's database",
       [&] {
         auto other = sqlite::Database::Open(path_, sqlite::Database::Mode::kWrite);
         ASSERT_TRUE((*other)->Script("CREATE TABLE t(x)").ok());
       },
       absl::StatusCode::kInvalidArgument, "not a ccp database"},
      {"a newer schema",
       [&] {
         OpenStore();
         auto ours = sqlite::Database::Open(path_, sqlite::Database::Mode::kWrite);
         ASSERT_TRUE((*ours)->Script("PRAGMA user_version = 99").ok());
       },
       absl::StatusCode::kInvalidArgument, "newer ccp-control"},
  };
  std::filesystem::create_directories(dir_ / "new/folder");
  for (const auto& row : kCases) {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path_ + suffix);
    row.make();
    const auto store = OpenSqliteStore(path_);
    ASSERT_FALSE(store.ok()) << row.name;
    EXPECT_EQ(store.status().code(), row.code) << row.name << ": " << store.status();
    EXPECT_NE(store.status().message().find(row.says), absl::string_view::npos) << row.name << ": " << store.status();
    EXPECT_NE(store.status().message().find(path_), absl::string_view::npos) << row.name << ": " << store.status();
  }
}

TEST_F(StoreTest, RefusesASecondControl) {
  const auto store = OpenStore();
  const auto second = OpenSqliteStore(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_NE(second.status().message().find("in use by another ccp-control"), absl::string_view::npos)
      << second.status();
}

// Also one that calls the file by another name.
TEST_F(StoreTest, RefusesASecondControlThroughALink) {
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  std::filesystem::create_directories(folder);
  const std::string link = dir_ / "link.db";
  std::filesystem::create_symlink(path_, link);
  std::filesystem::create_directory_symlink(folder, dir_ / "link");
  {
    const auto first = OpenSqliteStore(link);  // Makes the file that the link leads to.
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_TRUE(absl::IsAlreadyExists(OpenSqliteStore(path_).status()));
  }
  const auto store = OpenStore();
  for (const std::string& other : {link, dir_ / "link/ccp.db"}) {
    EXPECT_TRUE(absl::IsAlreadyExists(OpenSqliteStore(other).status())) << other;
  }
}

TEST_F(StoreTest, NoticesADamagedFile) {
  {
    const auto store = OpenStore();
    for (std::uint64_t i = 1; i <= 50; ++i) {
      RevisionRow row;
      row.revision = i;
      row.source = std::string(3'000, 'x');
      ASSERT_TRUE(store->AddRevision(row).ok());
    }
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 5; page < 20; ++page) {
      file.seekp(page * 4096);
      file << std::string(64, '\xFF');
    }
  }
  const auto store = OpenSqliteStore(path_);
  ASSERT_FALSE(store.ok());
  EXPECT_TRUE(absl::IsDataLoss(store.status())) << store.status();
}

TEST_F(StoreTest, KeepsRevisionsAndAnswers) {
  const RevisionRow row{7, "digest", std::string("cat\0alog", 8), "source", "models.yaml", "why", 3, 42};
  {
    const auto store = OpenStore();
    EXPECT_FALSE((*store->Head()).has_value());
    ASSERT_TRUE(store->AddRevision(row).ok());
    ASSERT_TRUE(store->AddAnswer("key", "answer", 1).ok());
    EXPECT_TRUE(absl::IsAborted(store->AddRevision(row))) << "a number is taken once: that is the compare-and-swap";
  }
  const auto store = OpenStore();
  for (const auto& found :
       {*store->Head(), *store->FindRevision(7), *store->ReadRevision(0), *store->ReadRevision(7)}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->revision, 7u);
    EXPECT_EQ(found->digest, row.digest);
    EXPECT_EQ(found->catalog, row.catalog);
    EXPECT_EQ(found->source, row.source);
    EXPECT_EQ(found->file_name, row.file_name);
    EXPECT_EQ(found->message, row.message);
    EXPECT_EQ(found->rollback_of, 3u);
    EXPECT_EQ(found->created_us, 42);
  }
  EXPECT_FALSE((*store->FindRevision(8)).has_value());
  EXPECT_EQ(**store->FindAnswer("key"), "answer");
  EXPECT_FALSE((*store->FindAnswer("other")).has_value());
}

TEST_F(StoreTest, RollsBackWhatFails) {
  const auto store = OpenStore();
  const absl::Status status = store->Transaction([&] {
    EXPECT_TRUE(store->AddAnswer("key", "answer", 1).ok());
    return absl::CancelledError("changed my mind");
  });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_FALSE((*store->FindAnswer("key")).has_value());
  EXPECT_TRUE(store->Transaction([] { return absl::OkStatus(); }).ok()) << "the next transaction can begin";
}

TEST_F(StoreTest, KeepsEdges) {
  EdgeRow row;
  row.edge_id = "edge_1";
  row.name = "laptop";
  row.rejected_digest = std::string("\0\1", 2);
  row.usage_pending = 4;
  row.draining = true;
  ASSERT_TRUE(OpenStore()->PutEdge(row).ok());
  row.name = "renamed";
  ASSERT_TRUE(OpenStore()->PutEdge(row).ok());
  const auto edges = OpenStore()->Edges();
  ASSERT_EQ(edges->size(), 1u);
  EXPECT_EQ((*edges)[0].name, "renamed");
  EXPECT_EQ((*edges)[0].rejected_digest, row.rejected_digest);
  EXPECT_EQ((*edges)[0].usage_pending, 4u);
  EXPECT_TRUE((*edges)[0].draining);
}

TEST_F(StoreTest, KeepsEveryFieldOfARecord) {
  usage::Record record;
  record.request_id = "req_1";
  record.attempt = 2;
  record.winner = true;
  record.model = "m";
  record.provider = "p";
  record.upstream_model = "u";
  record.requested_model = "r";
  record.route = "think";
  record.tokens = {1, 2, 3, 4, 5};
  record.quality = usage::Quality::kPartial;
  record.outcome = usage::Outcome::kTimeout;
  record.started_us = 6;
  record.duration_us = 7;
  record.first_byte_us = 8;
  record.config_revision = 9;
  record.cost_nano_usd = 10;
  record.http_status = 504;
  record.error = "too slow";
  record.streamed = true;
  record.losses = {"a", "b"};
  record.session = "s";
  record.upstream_request_id = "up_1";
  const auto store = OpenStore();
  ASSERT_TRUE(store->AddUsage({"edge_1", 1}, 1, record).ok());
  usage::Record unpriced = record;
  unpriced.attempt = 3;
  unpriced.cost_nano_usd.reset();
  unpriced.losses.clear();
  ASSERT_TRUE(store->AddUsage({"edge_1", 1}, 2, unpriced).ok());
  const auto attempts = store->ReadRequest("req_1");
  ASSERT_EQ(attempts->size(), 2u);
  EXPECT_EQ((*attempts)[0].edge_id, "edge_1");
  EXPECT_EQ((*attempts)[0].record, record);
  EXPECT_EQ((*attempts)[1].record, unpriced);
  EXPECT_TRUE(store->ReadRequest("req_2")->empty());
}

// --- Sums ---

constexpr std::int64_t kHour = 3'600'000'000;
// 2026-11-22 23:30 UTC, a Sunday.
constexpr std::int64_t kSundayNight = 1'795'390'200'000'000;

class SumTest : public StoreTest {
 protected:
  void SetUp() override {
    store_ = OpenStore();
    EdgeRow edge;
    edge.edge_id = "edge_1";
    edge.name = "laptop";
    ASSERT_TRUE(store_->PutEdge(edge).ok());
  }
  void Add(std::string_view edge_id, usage::Record record) {
    record.started_us = record.started_us == 0 ? kSundayNight : record.started_us;
    EXPECT_TRUE(store_->AddUsage({std::string(edge_id), 1}, ++seq_, record).ok());
  }
  static usage::Record Attempt(std::uint32_t attempt, bool winner, usage::Outcome outcome) {
    usage::Record record;
    record.attempt = attempt;
    record.winner = winner;
    record.outcome = outcome;
    return record;
  }
  UsageSum Total() { return store_->SumUsage({})->at(0); }

  std::unique_ptr<Store> store_;
  std::uint64_t seq_ = 0;
};

TEST_F(SumTest, CountsRequestsAttemptsAndErrors) {
  using usage::Outcome;
  Add("edge_1", Attempt(1, false, Outcome::kUpstreamError));  // Retried ...
  Add("edge_1", Attempt(2, true, Outcome::kOk));              // ... and answered.
  Add("edge_1", Attempt(1, true, Outcome::kTimeout));
  Add("edge_1", Attempt(0, true, Outcome::kRejected));
  Add("edge_1", Attempt(1, true, Outcome::kClientCancelled));
  EXPECT_EQ(Total().requests, 4);
  EXPECT_EQ(Total().attempts, 4);
  EXPECT_EQ(Total().errors, 2);
}

TEST_F(SumTest, AddsTokensAndCostAndSaysWhatHasNoPrice) {
  usage::Record priced = Attempt(1, true, usage::Outcome::kOk);
  priced.tokens = {1, 20, 300, 4'000, 50};
  priced.cost_nano_usd = 7;
  Add("edge_1", priced);
  usage::Record unpriced = priced;
  unpriced.cost_nano_usd.reset();
  unpriced.quality = usage::Quality::kEstimated;
  Add("edge_1", unpriced);
  usage::Record empty = unpriced;
  empty.tokens = {};
  empty.quality = usage::Quality::kUnknown;
  Add("edge_1", empty);
  const UsageSum total = Total();
  EXPECT_EQ(total.tokens, (usage::Tokens{2, 40, 600, 8'000, 100}));
  EXPECT_EQ(total.cost_nano_usd, 7);
  EXPECT_EQ(total.unpriced_attempts, 1);
  EXPECT_EQ(total.estimated_attempts, 1);
}

TEST_F(SumTest, OfNothingIsZero) {
  EXPECT_EQ(Total().requests, 0);
  EXPECT_TRUE(store_->SumUsage({0, 0, {"model"}, 0})->empty());
}

TEST_F(SumTest, GroupsByEveryName) {
  usage::Record record = Attempt(1, true, usage::Outcome::kCutMidStream);
  record.model = "m";
  record.provider = "p";
  record.upstream_model = "u";
  record.requested_model = "r";
  record.route = "think";
  record.session = "s";
  Add("edge_1", record);
  const struct {
    const char* group;
    std::int64_t zone_offset_us;
    const char* want;
  } kCases[] = {
      {"hour", 0, "2026-11-22T23:00"},
      {"hour", kHour, "2026-11-23T00:00"},
      {"day", 0, "2026-11-22"},
      {"day", kHour, "2026-11-23"},
      {"week", 0, "2026-11-16"},
      {"week", kHour, "2026-11-23"},
      {"month", 0, "2026-11"},
      {"month", 9 * 24 * kHour, "2026-12"},
      {"model", 0, "m"},
      {"provider", 0, "p"},
      {"upstream_model", 0, "u"},
      {"requested_model", 0, "r"},
      {"route", 0, "think"},
      {"session", 0, "s"},
      {"outcome", 0, "cut_mid_stream"},
      {"edge", 0, "laptop"},
  };
  std::set<std::string> covered;
  for (const auto& row : kCases) {
    const auto sums = store_->SumUsage({0, 0, {row.group}, row.zone_offset_us});
    ASSERT_TRUE(sums.ok()) << sums.status();
    ASSERT_EQ(sums->size(), 1u) << row.group;
    EXPECT_EQ(sums->at(0).group.at(row.group), row.want) << row.group << " " << row.zone_offset_us;
    covered.insert(row.group);
  }
  EXPECT_EQ(covered, std::set<std::string>(GroupNames().begin(), GroupNames().end()));
}

TEST_F(SumTest, GroupsAddUpToTheTotal) {
  for (const char* model : {"a", "b", "b"}) {
    usage::Record record = Attempt(1, true, usage::Outcome::kTimeout);
    record.model = model;
    record.quality = usage::Quality::kEstimated;
    record.tokens = {1, 20, 300, 4'000, 50};
    Add("edge_1", record);
    record.cost_nano_usd = 7;
    record.winner = false;
    Add("edge_2", record);
  }
  for (const char* group : {"model", "edge", "day"}) {
    EXPECT_EQ(AddUp(*store_->SumUsage({0, 0, {group}, 0})), Total()) << group;
  }
  EXPECT_EQ(AddUp({}), UsageSum());
}

TEST_F(SumTest, GroupsBySeveralNamesInOrder) {
  for (const char* model : {"b", "a", "a"}) {
    usage::Record record = Attempt(1, true, usage::Outcome::kOk);
    record.model = model;
    Add("edge_2", record);
  }
  const auto sums = store_->SumUsage({0, 0, {"edge", "model"}, 0});
  ASSERT_EQ(sums->size(), 2u);
  EXPECT_EQ(sums->at(0).group, (std::map<std::string, std::string>{{"edge", "edge_2"}, {"model", "a"}}));
  EXPECT_EQ(sums->at(0).requests, 2);
  EXPECT_EQ(sums->at(1).requests, 1);
}

TEST_F(SumTest, TakesFromInclusiveAndToExclusive) {
  for (const std::int64_t at : {100, 200, 300}) {
    usage::Record record = Attempt(1, true, usage::Outcome::kOk);
    record.started_us = at;
    Add("edge_1", record);
  }
  EXPECT_EQ(store_->SumUsage({200, 300, {}, 0})->at(0).requests, 1);
  EXPECT_EQ(store_->SumUsage({200, 0, {}, 0})->at(0).requests, 2);
}

TEST_F(SumTest, RefusesAnUnknownName) {
  const auto sums = store_->SumUsage({0, 0, {"model; DROP TABLE edge"}, 0});
  EXPECT_TRUE(absl::IsInvalidArgument(sums.status()));
}

}  // namespace
}  // namespace ccp::control
