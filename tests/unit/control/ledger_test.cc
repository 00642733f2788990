#include "control/ledger.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "control/store/sqlite_store.h"
#include "tests/unit/temp_dir.h"

namespace ccp::control {
namespace {

using Code = UsageAnswer::Code;

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Reopen();
    epoch_ = *EpochFor(*store_, "edge_1", "journal a", 1);
  }
  void Reopen() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(dir_ / "ccp.db");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // A report of the records first..last, each with one output token.
  UsageReport Report(std::uint64_t first, std::uint64_t last, std::uint64_t oldest = 1) const {
    UsageReport report{{"edge_1", epoch_}, first, oldest, {}};
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      usage::Record record;
      record.request_id = "req_" + std::to_string(seq);
      record.winner = true;
      record.tokens.output = 1;
      report.records.push_back(record);
    }
    return report;
  }
  std::int64_t Rows() const { return store_->SumUsage({})->at(0).tokens.output; }

  TempDir dir_;
  std::unique_ptr<Store> store_;
  std::uint64_t epoch_ = 0;
};

TEST_F(LedgerTest, TakesEachRecordOnce) {
  const struct {
    const char* name;
    std::uint64_t first, last, oldest;
    Code code;
    std::uint64_t acked;
    std::int64_t rows;
    std::uint64_t lost;
  } kSteps[] = {
      {"the first batch", 1, 3, 1, Code::kOk, 3, 3, 0},
      {"the same again: its acknowledgement was lost", 1, 3, 1, Code::kOk, 3, 3, 0},
      {"old and new together", 2, 5, 1, Code::kOk, 5, 5, 0},
      {"a gap", 8, 9, 1, Code::kGap, 5, 5, 0},
      {"from where control is", 6, 9, 1, Code::kOk, 9, 9, 0},
      {"an empty batch", 10, 9, 1, Code::kOk, 9, 9, 0},
      {"an old batch, all known", 1, 2, 1, Code::kOk, 9, 9, 0},
      {"what lies before is gone at the edge", 20, 21, 20, Code::kOk, 21, 11, 10},
      {"and on", 22, 22, 20, Code::kOk, 22, 12, 10},
  };
  for (const auto& step : kSteps) {
    Reopen();  // Nothing of it may depend on what a running control has in memory.
    const auto answer = Ingest(*store_, Report(step.first, step.last, step.oldest), 1);
    ASSERT_TRUE(answer.ok()) << step.name << ": " << answer.status();
    EXPECT_EQ(answer->code, step.code) << step.name;
    EXPECT_EQ(answer->acked_seq, step.acked) << step.name;
    EXPECT_EQ(Rows(), step.rows) << step.name;
    EXPECT_EQ((*store_->FindCursor({"edge_1", epoch_}))->lost, step.lost) << step.name;
    EXPECT_EQ(*store_->CountLost(), step.lost) << step.name;
  }
}

TEST_F(LedgerTest, RefusesAnEpochItNeverGave) {
  UsageReport report = Report(1, 1);
  report.key.epoch = 99;
  EXPECT_TRUE(absl::IsFailedPrecondition(Ingest(*store_, report, 1).status()));
}

TEST_F(LedgerTest, GivesAJournalItsEpochOnce) {
  EXPECT_EQ(*EpochFor(*store_, "edge_1", "journal a", 1), 1u);
  EXPECT_EQ(*EpochFor(*store_, "edge_1", "journal b", 1), 2u);
  EXPECT_EQ(*EpochFor(*store_, "edge_1", "journal a", 1), 1u) << "asked again after a lost answer";
  EXPECT_EQ(*EpochFor(*store_, "edge_2", "journal a", 1), 1u) << "each edge counts for itself";
  Reopen();
  EXPECT_EQ(*EpochFor(*store_, "edge_1", "journal c", 1), 3u);
}

TEST_F(LedgerTest, HoldsBackAbsurdCounters) {
  UsageReport report = Report(1, 2);
  report.records[0].tokens.input = std::numeric_limits<std::int64_t>::max();
  report.records[1].tokens.input = -5;
  ASSERT_TRUE(Ingest(*store_, report, 1).ok());
  EXPECT_EQ(store_->SumUsage({})->at(0).tokens.input, 1'000'000'000'000);
}

TEST_F(LedgerTest, StoresWhatWaitsTogetherAndAnswersEach) {
  TaskThread writer;
  Ledger ledger(*store_, writer, [] { return std::int64_t{1}; });
  std::promise<void> go;
  writer.Post([&] { go.get_future().wait(); });  // So that all of them are waiting.
  std::vector<std::promise<absl::StatusOr<UsageAnswer>>> answers(3);
  UsageReport unknown = Report(1, 1);
  unknown.key.epoch = 99;
  const UsageReport reports[] = {Report(1, 2), unknown, Report(3, 4)};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ledger.Submit(reports[i],
                  [&answers, i](absl::StatusOr<UsageAnswer> answer) { answers[i].set_value(std::move(answer)); });
  }
  go.set_value();
  EXPECT_EQ(answers[0].get_future().get()->acked_seq, 2u);
  EXPECT_TRUE(absl::IsFailedPrecondition(answers[1].get_future().get().status())) << "spoils nothing for the others";
  EXPECT_EQ(answers[2].get_future().get()->acked_seq, 4u);
  EXPECT_EQ(Rows(), 4);
}

TEST_F(LedgerTest, SaysOverloadedWhenTooMuchWaits) {
  TaskThread writer;
  Ledger ledger(*store_, writer, [] { return std::int64_t{1}; });
  std::promise<void> go;
  writer.Post([&] { go.get_future().wait(); });
  std::atomic<int> overloaded = 0;
  for (int i = 0; i < 1'010; ++i) {
    ledger.Submit(Report(1, 1), [&](const absl::StatusOr<UsageAnswer>& answer) {
      if (answer->code != Code::kOverloaded) return;
      EXPECT_GT(answer->retry_after.count(), 0);
      ++overloaded;
    });
  }
  EXPECT_EQ(overloaded, 10);
  go.set_value();
  writer.Stop();
  EXPECT_EQ(Rows(), 1);
}

}  // namespace
}  // namespace ccp::control
