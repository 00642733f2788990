#include "control/registry.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ccp::control {
namespace {

class FakeStream final : public ConfigStream {
 public:
  void Offer(std::shared_ptr<const EncodedSnapshot> snapshot) override {
    offered.push_back(snapshot->version.revision);
  }
  void Heartbeat(const ControlNews& news) override {
    heartbeats.push_back(news.head_revision);
    calibrations = news.calibrations;
  }
  void Close() override { closed = true; }
  std::vector<std::uint64_t> offered;
  std::vector<std::uint64_t> heartbeats;
  tokens::Calibrations calibrations;
  bool closed = false;
};

class RegistryTest : public ::testing::Test {
 protected:
  static Version At(std::uint64_t revision) { return {revision, "digest " + std::to_string(revision)}; }
  void Head(std::uint64_t revision) {
    registry_.SetHead(std::make_shared<const EncodedSnapshot>(EncodedSnapshot{At(revision), "bytes"}));
  }
  void Join(ConfigStream& stream, const std::string& edge_id, Version applied = {}) {
    registry_.Register(edge_id, "name of " + edge_id, "build 1", "127.0.0.1:8082");
    registry_.Connect(&stream, {edge_id, "build 1", "lineage", std::move(applied), {}});
  }
  std::int64_t now_us_ = 1'000;
  Registry registry_{"lineage", [this] { return now_us_; }, {}};
  FakeStream a_, b_;
};

TEST_F(RegistryTest, SendsTheHeadToThoseWhoLackIt) {
  Head(1);
  Join(a_, "a");
  Join(b_, "b", At(1));
  EXPECT_EQ(a_.offered, (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(b_.offered.empty());
  Head(2);
  EXPECT_EQ(a_.offered, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(b_.offered, (std::vector<std::uint64_t>{2}));
}

TEST_F(RegistryTest, ShowsAnEdgeAsItsAnswersSay) {
  Head(1);
  Join(a_, "a");
  EXPECT_EQ(registry_.List().at(0).sync, Rollout::Sync::kPending);
  registry_.OnAck(&a_, At(1), {"SOME_KEY"});
  registry_.OnStatus(&a_, {5, 7, false});
  EdgeView view = registry_.List().at(0);
  EXPECT_EQ(view.sync, Rollout::Sync::kSynced);
  EXPECT_EQ(view.row.applied_revision, 1u);
  EXPECT_EQ(view.missing_keys, std::vector<std::string>{"SOME_KEY"});
  EXPECT_EQ(view.open_requests, 5u);
  EXPECT_EQ(view.row.usage_pending, 7u);
  registry_.OnStatus(&a_, {5, 7, false, {}, std::vector<std::string>{}});
  EXPECT_TRUE(registry_.List().at(0).missing_keys.empty()) << "the key has come without a new revision";

  Head(2);
  registry_.OnNack(&a_, At(2), "too new");
  registry_.Disconnect(&a_);
  view = registry_.List().at(0);
  EXPECT_FALSE(view.connected);
  EXPECT_EQ(view.sync, Rollout::Sync::kRejected);
  EXPECT_EQ(view.row.nack_reason, "too new");
  EXPECT_EQ(view.row.applied_revision, 1u);
}

TEST_F(RegistryTest, DoesNotOfferARefusedRevisionAfterARestartOfControl) {
  Head(1);
  Join(a_, "a");
  registry_.OnNack(&a_, At(1), "no");
  Registry restarted(
      "lineage", [this] { return now_us_; }, registry_.TakeChanged());
  restarted.SetHead(std::make_shared<const EncodedSnapshot>(EncodedSnapshot{At(1), "bytes"}));
  FakeStream stream;
  restarted.Connect(&stream, {"a", "build 1", "lineage", {}, {}});
  EXPECT_TRUE(stream.offered.empty());
  FakeStream newer;
  restarted.Connect(&newer, {"a", "build 2", "lineage", {}, {}});
  EXPECT_EQ(newer.offered, (std::vector<std::uint64_t>{1}));
}

TEST_F(RegistryTest, WaitsForThoseConnectedAndNoLonger) {
  int done = 0;
  registry_.WhenSettled([&] { ++done; });
  EXPECT_EQ(done, 1) << "nobody to wait for";

  Join(a_, "a");
  Join(b_, "b");
  Head(1);
  registry_.WhenSettled([&] { ++done; });
  registry_.OnAck(&a_, At(1), {});
  EXPECT_EQ(done, 1);
  registry_.OnNack(&b_, At(1), "no");
  EXPECT_EQ(done, 2) << "a refusal is an answer";

  Head(2);
  registry_.WhenSettled([&] { ++done; });
  registry_.OnAck(&a_, At(2), {});
  EXPECT_EQ(done, 2);
  registry_.Disconnect(&b_);
  EXPECT_EQ(done, 3) << "who is gone will not answer";
}

TEST_F(RegistryTest, WaitsForNobodyWithoutAHead) {
  Join(a_, "a");
  int done = 0;
  registry_.WhenSettled([&] { ++done; });
  EXPECT_EQ(done, 1) << "nothing was sent that could be answered";
}

TEST_F(RegistryTest, GivesUpOnceOnly) {
  Join(a_, "a");
  Head(1);
  int done = 0;
  const std::uint64_t ticket = registry_.WhenSettled([&] { ++done; });
  registry_.GiveUp(ticket);
  EXPECT_EQ(done, 1);
  registry_.OnAck(&a_, At(1), {});
  registry_.GiveUp(ticket);
  EXPECT_EQ(done, 1);
}

TEST_F(RegistryTest, EndsStreamsAndWaits) {
  Join(a_, "a");
  Head(1);
  int done = 0;
  registry_.WhenSettled([&] { ++done; });
  registry_.CloseAll();
  EXPECT_TRUE(a_.closed);
  EXPECT_EQ(done, 1);
  Join(b_, "b");
  EXPECT_TRUE(b_.closed) << "who comes late is sent away too";
}

TEST_F(RegistryTest, KeepsTwoConnectionsOfACopiedEdgeApart) {
  Head(1);
  Join(a_, "same");
  Join(b_, "same");
  registry_.OnAck(&a_, At(1), {});
  EXPECT_EQ(registry_.List().size(), 2u);
  registry_.Disconnect(&a_);
  ASSERT_EQ(registry_.List().size(), 1u);
  EXPECT_EQ(registry_.List().at(0).sync, Rollout::Sync::kPending);
}

TEST_F(RegistryTest, SaysHowCompleteUsageIs) {
  Join(a_, "a");
  Join(b_, "b");
  now_us_ = 2'000;
  registry_.OnStatus(&a_, {0, 0, false});
  registry_.OnStatus(&b_, {0, 0, false});
  now_us_ = 3'000;
  registry_.OnStatus(&b_, {0, 41, false});
  registry_.OnStatus(&a_, {0, 0, false});
  now_us_ = 4'000;
  Completeness completeness = registry_.UsageCompleteness();
  EXPECT_EQ(completeness.through_us, 2'000);
  EXPECT_EQ(completeness.edges_total, 2u);
  EXPECT_EQ(completeness.edges_current, 1u);
  EXPECT_EQ(completeness.pending_records, 41u);

  registry_.OnStatus(&b_, {0, 0, true});
  registry_.Disconnect(&b_);
  registry_.OnStatus(&a_, {0, 0, false});
  now_us_ = 9'000;
  completeness = registry_.UsageCompleteness();
  EXPECT_EQ(completeness.through_us, 4'000) << "b said good-bye with nothing left and holds nothing back";
  EXPECT_EQ(completeness.edges_current, 2u);
}

TEST_F(RegistryTest, BeatsWithTheHeadRevision) {
  Join(a_, "a");
  registry_.Heartbeat();
  Head(3);
  registry_.Heartbeat();
  EXPECT_EQ(a_.heartbeats, (std::vector<std::uint64_t>{0, 3}));
}

TEST_F(RegistryTest, SharesWhatEdgesLearnedOfTokens) {
  Join(a_, "a");
  EXPECT_TRUE(a_.heartbeats.empty());
  registry_.OnStatus(&a_, {0, 0, false, {{"p/m", {1.0, 8}}}});
  registry_.OnStatus(&a_, {0, 0, false, {{"p/m", {1.2, 16}}}});
  registry_.OnStatus(&a_, {0, 0, true, {}});
  registry_.Disconnect(&a_);
  Join(b_, "b");
  EXPECT_EQ(b_.calibrations, (tokens::Calibrations{{"p/m", {1.2, 16}}})) << "at once, and of an edge that is gone";
  registry_.OnStatus(&b_, {0, 0, false, {{"p/m", {1.4, 16}}, {"p/n", {1.0, 5}}}});
  registry_.Heartbeat();
  EXPECT_EQ(b_.calibrations.size(), 2u);
  EXPECT_DOUBLE_EQ(b_.calibrations.at("p/m").factor, 1.3);
}

TEST_F(RegistryTest, HandsOutChangedRowsOnce) {
  Join(a_, "a");
  EXPECT_EQ(registry_.TakeChanged().size(), 1u);
  EXPECT_TRUE(registry_.TakeChanged().empty());
}

}  // namespace
}  // namespace ccp::control
