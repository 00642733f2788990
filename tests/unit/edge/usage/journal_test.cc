#include "edge/usage/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ccp/v1/usage.pb.h"
#include "edge/usage/reporter.h"
#include "tests/unit/temp_dir.h"

namespace {

std::atomic<int> syncs_to_fail = 0;
std::function<void()> while_a_sync_fails;

}  // namespace

// Stands in for the C library's: as the kernel does, it reports once that a disk has lost what it was given.
extern "C" int fdatasync(int fd) {
  if (syncs_to_fail == 0) return static_cast<int>(::syscall(SYS_fdatasync, fd));
  --syncs_to_fail;
  if (while_a_sync_fails) std::exchange(while_a_sync_fails, nullptr)();
  errno = EIO;
  return -1;
}

namespace ccp::edge {
namespace {

namespace fs = std::filesystem;

usage::Record Named(const std::string& request_id) {
  usage::Record record;
  record.request_id = request_id;
  record.winner = true;
  record.model = "m";
  record.tokens.output = 3;
  record.quality = usage::Quality::kReported;
  record.outcome = usage::Outcome::kOk;
  record.started_us = 1'000;
  return record;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// What control would do, without control: gives epochs by journal id, and takes records in order.
class FakeControl {
 public:
  void Meet(Journal& journal) {
    for (const Journal::Run& run : journal.Runs()) {
      auto [known, fresh] = epochs_.try_emplace(run.id, epochs_.size() + 1);
      journal.SetEpoch(run.id, known->second, acked_[known->second]);
    }
  }
  // Takes everything there is; `max_records` a batch.
  void Drain(Journal& journal, std::size_t max_records = 500) {
    journal.Sync();
    while (const std::optional<Journal::Batch> batch = journal.NextBatch(max_records, 1 << 20)) {
      ASSERT_EQ(batch->first_seq, acked_[batch->epoch] + 1);
      ASSERT_FALSE(batch->records.empty());
      for (const std::string& bytes : batch->records) {
        v1::UsageRecord record;
        ASSERT_TRUE(record.ParseFromString(bytes));
        rows_.push_back(bytes.empty() ? "lost"
                                      : record.request_id() + ":" + v1::Outcome_Name(record.outcome()).substr(8));
      }
      acked_[batch->epoch] += batch->records.size();
      journal.Acknowledge(batch->epoch, acked_[batch->epoch]);
    }
  }
  const std::vector<std::string>& rows() const { return rows_; }

 private:
  std::map<std::string, std::uint64_t> epochs_;
  std::map<std::uint64_t, std::uint64_t> acked_;
  std::vector<std::string> rows_;
};

// With the size of a tail as its parameter.
class JournalTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  JournalTest() { options_.tail_bytes = GetParam(); }
  std::unique_ptr<Journal> OpenJournal() { return OpenAt(dir_ / "journal"); }
  std::unique_ptr<Journal> OpenAt(const std::string& path) {
    Journal::Options options = options_;
    options.now_us = [this] { return now_us_; };
    absl::StatusOr<std::unique_ptr<Journal>> journal = Journal::Open(path, options);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return journal.ok() ? *std::move(journal) : nullptr;
  }
  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(dir_ / "journal")) {
      if (entry.path().extension() == ".segment") paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  // What a process wrote that was killed behind it. Nothing was synced but at its word: what counts is what was written.
  void RunToItsKill(void (*write)(Journal&)) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      options_.sync_interval = std::chrono::hours(1);
      auto journal = Journal::Open(dir_ / "journal", options_);
      if (!journal.ok()) ::_exit(1);
      write(**journal);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not open its journal";
  }
  using Rows = std::vector<std::string>;

  TempDir dir_;
  Journal::Options options_;
  std::int64_t now_us_ = 1'000'000'000;
  FakeControl control_;
};

TEST_P(JournalTest, GivesBackWhatWasClosedInOrder) {
  auto journal = OpenJournal();
  const std::uint64_t a = journal->Open(Named("a"));
  const std::uint64_t b = journal->Open(Named("b"));
  EXPECT_NE(a, 0u);
  EXPECT_NE(a, b);
  journal->Close(b, Named("b"));
  journal->Close(0, Named("refused"));
  journal->Close(a, Named("a"));
  EXPECT_EQ(journal->pending(), 3u);

  EXPECT_FALSE(journal->NextBatch(10, 1 << 20)) << "without an epoch nothing can be reported";
  control_.Meet(*journal);
  control_.Drain(*journal, 2);
  EXPECT_EQ(control_.rows(), (Rows{"b:OK", "refused:OK", "a:OK"}));
  EXPECT_EQ(journal->pending(), 0u);
}

TEST_P(JournalTest, RepeatsABatchUntilItIsAcknowledged) {
  auto journal = OpenJournal();
  journal->Close(0, Named("a"));
  journal->Close(0, Named("b"));
  journal->Sync();
  control_.Meet(*journal);
  EXPECT_EQ(journal->NextBatch(1, 1 << 20)->records, journal->NextBatch(1, 1 << 20)->records);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"a:OK", "b:OK"}));
}

TEST_P(JournalTest, KeepsEverythingOverRestarts) {
  for (const char* id : {"a", "b", "c"}) {
    auto journal = OpenJournal();
    journal->Close(journal->Open(Named(id)), Named(id));
  }
  auto journal = OpenJournal();
  EXPECT_EQ(journal->pending(), 3u);
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"a:OK", "b:OK", "c:OK"}));
}

TEST_P(JournalTest, TurnsAnAttemptThatNeverEndedIntoOneRow) {
  {
    auto journal = OpenJournal();
    journal->Open(Named("cut"));
    journal->Close(journal->Open(Named("whole")), Named("whole"));
  }
  OpenJournal();  // Recovers; and again, which must add nothing.
  auto journal = OpenJournal();
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"whole:OK", "cut:EDGE_CRASH"}));
}

TEST_P(JournalTest, SurvivesKillMinusNine) {
  RunToItsKill([](Journal& journal) {
    journal.Open(Named("cut"));
    journal.Close(journal.Open(Named("whole")), Named("whole"));
  });
  auto journal = OpenJournal();
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"whole:OK", "cut:EDGE_CRASH"}));
}

TEST_P(JournalTest, RecoveryKilledBeforeItsRowsAreWrittenLosesNothing) {
  {
    auto journal = OpenJournal();
    journal->Open(Named("cut"));
  }
  const std::string before = ReadAll(Segments().at(0));
  const std::string first = Segments().at(0);
  OpenJournal();
  // As if the recovering edge had died after it began its segment: the old one still there, the new one torn at any
  // byte.
  const std::string second = Segments().back();
  const std::string recovered = ReadAll(second);
  for (std::size_t cut = 0; cut <= recovered.size(); ++cut) {
    fs::remove_all(dir_ / "journal");
    fs::create_directories(dir_ / "journal");
    WriteAll(first, before);
    WriteAll(second, recovered.substr(0, cut));
    FakeControl control;
    auto journal = OpenJournal();
    control.Meet(*journal);
    control.Drain(*journal);
    EXPECT_EQ(control.rows(), (Rows{"cut:EDGE_CRASH"})) << "cut at " << cut;
  }
}

TEST_P(JournalTest, SurvivesACutAtEveryByte) {
  {
    auto journal = OpenJournal();
    for (const char* id : {"a", "b", "c"}) journal->Close(journal->Open(Named(id)), Named(id));
  }
  const std::string path = Segments().at(0);
  const std::string whole = ReadAll(path);
  std::set<Rows> outcomes;
  for (std::size_t cut = kSegmentHeaderBytes; cut <= whole.size(); ++cut) {
    for (const std::string& other : Segments()) fs::remove(other);
    WriteAll(path, whole.substr(0, cut));
    FakeControl control;
    auto journal = OpenJournal();
    journal->Close(0, Named("new"));
    control.Meet(*journal);
    control.Drain(*journal);
    outcomes.insert(control.rows());
  }
  // Each attempt is there whole, or labelled, or had not begun.
  EXPECT_EQ(outcomes, (std::set<Rows>{{"new:OK"},
                                      {"a:EDGE_CRASH", "new:OK"},
                                      {"a:OK", "new:OK"},
                                      {"a:OK", "b:EDGE_CRASH", "new:OK"},
                                      {"a:OK", "b:OK", "new:OK"},
                                      {"a:OK", "b:OK", "c:EDGE_CRASH", "new:OK"},
                                      {"a:OK", "b:OK", "c:OK", "new:OK"}}));
}

TEST_P(JournalTest, SurvivesAFlippedByteAnywhere) {
  {
    auto journal = OpenJournal();
    for (const char* id : {"a", "b", "c"}) journal->Close(journal->Open(Named(id)), Named(id));
  }
  const std::string path = Segments().at(0);
  const std::string whole = ReadAll(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    fs::remove_all(dir_ / "journal");
    fs::create_directories(dir_ / "journal");
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x5A);
    WriteAll(path, bad);
    FakeControl control;
    auto journal = OpenJournal();
    journal->Close(0, Named("new"));
    control.Meet(*journal);
    control.Drain(*journal);
    const Rows& rows = control.rows();
    EXPECT_EQ(rows.back(), "new:OK") << "byte " << at;
    if (at < kSegmentHeaderBytes) {
      EXPECT_EQ(rows.size(), 1u) << "byte " << at;
      EXPECT_GT(journal->damaged_bytes(), 0u);
      continue;
    }
    // One frame is gone. An OPEN is not missed; a FINAL in the middle keeps its place as a lost row, and its attempt is
    // recovered from its OPEN; a FINAL at the end is as if it had not been written.
    const auto count = [&](const char* row) { return std::count(rows.begin(), rows.end(), row); };
    EXPECT_GE(count("a:OK") + count("b:OK") + count("c:OK"), 2) << "byte " << at;
    for (const std::string id : {"a", "b", "c"}) {
      EXPECT_EQ(count((id + ":OK").c_str()) + count((id + ":EDGE_CRASH").c_str()), 1) << id << " byte " << at;
    }
    EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), rows.size()) << "byte " << at;
  }
}

TEST_P(JournalTest, RefusesASecondProcess) {
  auto journal = OpenJournal();
  const auto second = Journal::Open(dir_ / "journal");
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("in use by another edge"), absl::string_view::npos) << second.status();
}

TEST_P(JournalTest, SaysWhichDirectoryItCannotUse) {
  WriteAll(dir_ / "file", "");
  const auto journal = Journal::Open(dir_ / "file");
  ASSERT_FALSE(journal.ok());
  EXPECT_NE(journal.status().message().find(dir_ / "file"), absl::string_view::npos) << journal.status();
}

TEST_P(JournalTest, ACopyCountsNothingTwiceAndLosesNothing) {
  {
    auto journal = OpenJournal();
    journal->Close(0, Named("before"));
  }
  fs::copy(dir_ / "journal", dir_ / "copy");
  auto original = OpenJournal();
  auto copy = OpenAt(dir_ / "copy");
  original->Close(0, Named("in original"));
  copy->Close(0, Named("in copy"));
  control_.Meet(*original);
  control_.Drain(*original);
  control_.Meet(*copy);
  control_.Drain(*copy);
  EXPECT_EQ(control_.rows(), (Rows{"before:OK", "in original:OK", "in copy:OK"}));
}

TEST_P(JournalTest, ReportsAgainWhatControlHasLost) {
  auto journal = OpenJournal();
  for (const char* id : {"a", "b", "c"}) journal->Close(0, Named(id));
  control_.Meet(*journal);
  control_.Drain(*journal);
  FakeControl restored;  // From a backup that knows nothing of this edge.
  restored.Meet(*journal);
  restored.Drain(*journal);
  EXPECT_EQ(restored.rows(), control_.rows());
}

TEST_P(JournalTest, RollsSegmentsAndRemovesOnlyOldAcknowledgedOnes) {
  options_.segment_bytes = 1'000;
  options_.keep_time = std::chrono::hours(1);
  auto journal = OpenJournal();
  const std::uint64_t still_open = journal->Open(Named("long"));
  Rows want;
  for (int i = 0; i < 100; ++i) {
    journal->Close(0, Named(std::to_string(i)));
    want.push_back(std::to_string(i) + ":OK");
  }
  const std::size_t segments = Segments().size();
  EXPECT_GT(segments, 3u);

  now_us_ += 2 * 3'600'000'000LL;
  control_.Meet(*journal);
  control_.Drain(*journal, 7);
  EXPECT_EQ(control_.rows(), want);
  EXPECT_EQ(Segments().size(), segments) << "the first segment holds an attempt that is still open";

  journal->Close(still_open, Named("long"));
  control_.Drain(*journal);
  EXPECT_EQ(Segments().size(), 1u);
}

TEST_P(JournalTest, KeepsAcknowledgedSegmentsOnlyUpToASize) {
  options_.segment_bytes = 1'000;
  options_.keep_bytes = 3'000;
  auto journal = OpenJournal();
  for (int i = 0; i < 100; ++i) journal->Close(0, Named(std::to_string(i)));
  EXPECT_GT(Segments().size(), 4u) << "not acknowledged: nothing may go";
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_LE(Segments().size(), 3u);
  // What is left is still reported from its own beginning.
  journal->SetEpoch(journal->Runs().back().id, 1, 0);
  const std::optional<Journal::Batch> batch = journal->NextBatch(10, 1 << 20);
  ASSERT_TRUE(batch);
  EXPECT_GT(batch->first_seq, 1u);
  EXPECT_EQ(batch->first_seq, batch->oldest_seq);
}

TEST_P(JournalTest, RemovesSegmentsOfRunsThatWroteNothing) {
  for (int i = 0; i < 5; ++i) OpenJournal();
  EXPECT_EQ(Segments().size(), 1u);
}

TEST_P(JournalTest, BoundsTextsAndMakesThemValid) {
  usage::Record record = Named("id");
  record.error = std::string(100'000, 'x');
  record.requested_model = "bad \xFF utf-8";
  record.losses.assign(1'000, "loss");
  auto journal = OpenJournal();
  journal->Close(0, record);
  journal->Sync();
  control_.Meet(*journal);
  v1::UsageRecord out;
  ASSERT_TRUE(out.ParseFromString(journal->NextBatch(1, 1 << 20)->records.at(0)));
  EXPECT_EQ(out.error().size(), 1024u);
  EXPECT_EQ(out.requested_model(), "bad \xEF\xBF\xBD utf-8");
  EXPECT_EQ(out.losses_size(), 32);
}

// A file size limit stands in for a full disk: write() fails half-way and then altogether.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit before_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_P(JournalTest, WaitsInMemoryWhileTheDiskIsFull) {
  auto journal = OpenJournal();
  Rows want;
  {
    const FullDisk full(500);
    for (int i = 0; i < 50; ++i) {
      const std::string id = std::to_string(i);
      journal->Close(journal->Open(Named(id)), Named(id));
      want.push_back(id + ":OK");
    }
    journal->Sync();
    EXPECT_LE(fs::file_size(Segments().at(0)), 500u);
  }
  journal->Sync();
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), want);
  EXPECT_EQ(journal->dropped(), 0u);
}

TEST_P(JournalTest, GoesOnInANewSegmentWhenTheDiskFailsToSync) {
  options_.sync_interval = std::chrono::hours(1);  // Only when it is told to.
  auto journal = OpenJournal();
  journal->Close(0, Named("before"));
  const std::uint64_t open = journal->Open(Named("open"));
  while_a_sync_fails = [&] { journal->Close(0, Named("meanwhile")); };
  syncs_to_fail = 1;
  journal->Sync();
  EXPECT_EQ(syncs_to_fail, 0);
  EXPECT_EQ(Segments().size(), 2u);
  journal->Close(open, Named("open"));
  journal->Close(0, Named("after"));
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"before:OK", "meanwhile:OK", "open:OK", "after:OK"}));
  EXPECT_EQ(Segments().size(), 2u) << "it was a single failure";
}

TEST_P(JournalTest, SurvivesKillMinusNineBehindAFailedSync) {
  RunToItsKill([](Journal& journal) {
    const std::uint64_t open = journal.Open(Named("open"));
    journal.Open(Named("cut"));
    syncs_to_fail = 1;
    journal.Sync();
    journal.Close(open, Named("open"));
    journal.Close(0, Named("after"));
  });
  auto journal = OpenJournal();
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows(), (Rows{"open:OK", "after:OK", "cut:EDGE_CRASH"}));
}

// A directory that cannot even be looked at: what is open goes on being written to.
TEST_P(JournalTest, GoesOnInItsSegmentWhereNoOtherCanBeMade) {
  options_.segment_bytes = 1'000;
  auto journal = OpenJournal();
  fs::rename(dir_ / "journal", dir_ / "elsewhere");
  fs::create_symlink("journal", dir_ / "journal");
  for (int i = 0; i < 40; ++i) journal->Close(0, Named(std::to_string(i)));
  journal->Sync();
  fs::remove(dir_ / "journal");
  fs::rename(dir_ / "elsewhere", dir_ / "journal");
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows().size(), 40u);
  EXPECT_EQ(journal->dropped(), 0u);
}

TEST_P(JournalTest, DropsAndCountsWhenMemoryIsFullToo) {
  options_.backlog_bytes = 2'000;
  options_.tail_bytes = std::min<std::size_t>(options_.tail_bytes, 512);
  auto journal = OpenJournal();
  {
    const FullDisk full(0);
    for (int i = 0; i < 200; ++i) journal->Close(0, Named("x"));
  }
  EXPECT_GT(journal->dropped(), 0u);
  journal->Close(0, Named("after"));
  journal->Sync();
  control_.Meet(*journal);
  control_.Drain(*journal);
  EXPECT_EQ(control_.rows().size() + journal->dropped(), 201u);
  EXPECT_EQ(control_.rows().back(), "after:OK") << "numbers have no gap";
}

TEST_P(JournalTest, TakesRecordsFromManyThreads) {
  options_.segment_bytes = 20'000;
  auto journal = OpenJournal();
  control_.Meet(*journal);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&journal, t] {
      for (int i = 0; i < 500; ++i) {
        const usage::Record record = Named(std::to_string(t) + "." + std::to_string(i));
        journal->Close(journal->Open(record), record);
      }
    });
  }
  while (control_.rows().size() < 1'000) control_.Drain(*journal, 50);  // Reads while they write.
  for (std::thread& thread : threads) thread.join();
  control_.Drain(*journal);
  EXPECT_EQ(std::set<std::string>(control_.rows().begin(), control_.rows().end()).size(), 2'000u);
  EXPECT_EQ(control_.rows().size(), 2'000u);
}

TEST_P(JournalTest, TellsWhenRecordsAreDurable) {
  auto journal = OpenJournal();
  std::atomic<int> calls = 0;
  journal->OnSynced([&] { ++calls; });
  journal->Close(0, Named("a"));
  journal->Sync();
  EXPECT_EQ(calls, 1);
  journal->Sync();
  EXPECT_EQ(calls, 1) << "no news, no call";
  journal->OnSynced(nullptr);
}

TEST_P(JournalTest, ReporterPutsALabelledRowInPlaceOfALostOne) {
  {
    auto journal = OpenJournal();
    for (const char* id : {"a", "b", "c"}) journal->Close(0, Named(id));
  }
  const std::string path = Segments().at(0);
  std::string bytes = ReadAll(path);
  const std::size_t frame_bytes = (bytes.size() - kSegmentHeaderBytes) / 3;
  bytes[kSegmentHeaderBytes + frame_bytes + frame_bytes / 2] ^= 0x5A;
  WriteAll(path, bytes);

  auto journal = OpenJournal();
  control_.Meet(*journal);
  Reporter reporter("edge_x", *journal);
  const v1::UsageBatch* batch = reporter.Next();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->records_size(), 3);
  EXPECT_EQ(batch->edge_id(), "edge_x");
  EXPECT_EQ(batch->first_seq(), 1u);
  EXPECT_EQ(batch->records(0).request_id(), "a");
  EXPECT_EQ(batch->records(1).request_id(), "lost_1_2");
  EXPECT_EQ(batch->records(1).outcome(), v1::OUTCOME_EDGE_CRASH);
  EXPECT_FALSE(batch->records(1).winner());
  EXPECT_EQ(batch->records(2).request_id(), "c");
  EXPECT_EQ(batch->records(2).seq(), 3u);
}

// Where a batch ends, the reader has already met the record behind the damage: that belongs to the next batch.
TEST_P(JournalTest, LosesNothingButTheDamagedRecordAtTheEndOfABatch) {
  {
    auto journal = OpenJournal();
    for (const char* id : {"a", "b", "c", "d"}) journal->Close(0, Named(id));
  }
  const std::string path = Segments().at(0);
  std::string bytes = ReadAll(path);
  const std::size_t frame_bytes = (bytes.size() - kSegmentHeaderBytes) / 4;
  bytes[kSegmentHeaderBytes + frame_bytes + frame_bytes / 2] ^= 0x5A;
  WriteAll(path, bytes);

  auto journal = OpenJournal();
  control_.Meet(*journal);
  control_.Drain(*journal, 2);
  EXPECT_EQ(control_.rows(), (Rows{"a:OK", "lost", "c:OK", "d:OK"}));
}

// Control waits for what an edge still seems to have: a segment that is gone must not keep out all that follow.
TEST_P(JournalTest, LabelsTheRecordsOfASegmentThatIsGone) {
  options_.segment_bytes = 1'000;
  {
    auto journal = OpenJournal();
    for (int i = 0; i < 100; ++i) journal->Close(0, Named(std::to_string(i)));
  }
  ASSERT_GT(Segments().size(), 2u);
  std::string bytes = ReadAll(Segments().at(1));
  bytes[0] ^= 0x5A;
  WriteAll(Segments().at(1), bytes);

  auto journal = OpenJournal();
  control_.Meet(*journal);
  control_.Drain(*journal, 7);
  Rows rows = control_.rows();
  EXPECT_EQ(rows.size(), 100u);
  EXPECT_EQ(rows.front(), "0:OK");
  EXPECT_EQ(rows.back(), "99:OK");
  EXPECT_GT(std::erase(rows, "lost"), 3u);
  EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), rows.size());
}

TEST_P(JournalTest, ReporterFollowsControlsAnswers) {
  auto journal = OpenJournal();
  for (const char* id : {"a", "b"}) journal->Close(0, Named(id));
  journal->Sync();
  control_.Meet(*journal);
  Reporter reporter("edge_x", *journal);
  EXPECT_EQ(reporter.Next()->records_size(), 2);

  v1::UsageAck overloaded;
  overloaded.set_epoch(1);
  overloaded.set_code(v1::UsageAck::OVERLOADED);
  overloaded.set_retry_after_ms(250);
  EXPECT_EQ(reporter.OnAck(overloaded), std::chrono::milliseconds(250));
  EXPECT_EQ(reporter.Next()->records_size(), 2) << "nothing was stored";

  v1::UsageAck ok;
  ok.set_epoch(1);
  ok.set_acked_seq(1);
  EXPECT_EQ(reporter.OnAck(ok), std::chrono::milliseconds(0));
  EXPECT_EQ(reporter.Next()->first_seq(), 2u);

  v1::UsageAck gap;
  gap.set_epoch(1);
  gap.set_acked_seq(0);
  gap.set_code(v1::UsageAck::GAP);
  reporter.OnAck(gap);
  EXPECT_EQ(reporter.Next()->first_seq(), 1u) << "sent again from where control is";
}

INSTANTIATE_TEST_SUITE_P(Tails, JournalTest, ::testing::Values(0, Journal::Options().tail_bytes),
                         [](const auto& tail) { return tail.param == 0 ? "WithoutTail" : "WithTail"; });

// What lies on the disk when an edge is killed whose tail holds all it wrote.
class JournalTailTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Journal::Options options;
    options.sync_interval = std::chrono::hours(1);
    auto journal = Journal::Open(dir_ / "journal", options);
    ASSERT_TRUE(journal.ok()) << journal.status();
    if (!fs::exists(tail_)) GTEST_SKIP() << "no tail on this file system";
    for (const char* id : {"a", "b"}) (*journal)->Close((*journal)->Open(Named(id)), Named(id));
    (*journal)->Open(Named("c"));
    whole_tail_ = ReadAll(tail_);
    segment_bytes_ = ReadAll(segment_);
    ASSERT_EQ(segment_bytes_.size(), kSegmentHeaderBytes) << "all the rest is to be in the tail";
    frames_ = SealedFrames(whole_tail_);
    ASSERT_GT(frames_.size(), 5 * kFrameHeaderBytes);
  }

  using Rows = std::vector<std::string>;
  Rows RowsAfter(const std::string& segment, const std::string& tail) const {
    fs::remove_all(dir_ / "journal");
    fs::create_directories(dir_ / "journal");
    WriteAll(segment_, segment);
    WriteAll(tail_, tail);
    auto journal = Journal::Open(dir_ / "journal");
    EXPECT_TRUE(journal.ok()) << journal.status();
    FakeControl control;
    control.Meet(**journal);
    control.Drain(**journal);
    return control.rows();
  }
  std::string WithHeader(std::uint64_t segment, std::uint64_t offset) const {
    return EncodeTailHeader({segment, offset}) + whole_tail_.substr(kTailHeaderBytes);
  }

  TempDir dir_;
  std::string tail_ = dir_ / "journal" + "/TAIL";
  std::string segment_ = dir_ / "journal" + "/000000000001.segment";
  std::string whole_tail_;
  std::string frames_;
  std::string segment_bytes_;
};

TEST_F(JournalTailTest, IsWrittenOnceHoweverMuchOfItWasWrittenBefore) {
  for (std::size_t written = 0; written <= frames_.size(); ++written) {
    const Rows rows = RowsAfter(segment_bytes_ + frames_.substr(0, written), whole_tail_);
    EXPECT_EQ(rows, (Rows{"a:OK", "b:OK", "c:EDGE_CRASH"})) << written << " bytes of it";
  }
}

TEST_F(JournalTailTest, SurvivesACutAtEveryByte) {
  std::set<Rows> outcomes;
  for (std::size_t cut = 0; cut <= frames_.size(); ++cut) {
    std::string torn = whole_tail_;
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(kTailHeaderBytes + cut), frames_.size() - cut, '\0');
    outcomes.insert(RowsAfter(segment_bytes_, torn));
  }
  EXPECT_EQ(outcomes, (std::set<Rows>{{},
                                      {"a:EDGE_CRASH"},
                                      {"a:OK"},
                                      {"a:OK", "b:EDGE_CRASH"},
                                      {"a:OK", "b:OK"},
                                      {"a:OK", "b:OK", "c:EDGE_CRASH"}}));
}

TEST_F(JournalTailTest, EndsWhereASealIsBroken) {
  std::vector<std::size_t> rows;
  for (std::size_t seal = 5; seal > 0; --seal) {
    std::string bad = whole_tail_;
    bad[bad.size() - seal * kSealBytes] ^= 0x5A;
    rows.push_back(RowsAfter(segment_bytes_, bad).size());
  }
  EXPECT_EQ(rows, (std::vector<std::size_t>{2, 2, 1, 1, 0})) << "two frames a row";
}

TEST_F(JournalTailTest, IsNotReadWhereItDoesNotBelong) {
  EXPECT_EQ(RowsAfter(segment_bytes_, WithHeader(1, kSegmentHeaderBytes)).size(), 3u);
  EXPECT_EQ(RowsAfter(segment_bytes_ + "12345", WithHeader(1, kSegmentHeaderBytes + 5)), Rows{})
      << "of an earlier filling";
  EXPECT_EQ(RowsAfter(segment_bytes_, WithHeader(2, kSegmentHeaderBytes)), Rows{}) << "of a segment that is gone";
  EXPECT_EQ(RowsAfter(segment_bytes_.substr(0, 20), whole_tail_), Rows{}) << "of a segment that is shorter";
  EXPECT_EQ(RowsAfter(segment_bytes_ + "something else", whole_tail_), Rows{}) << "of a segment that went on";
  for (std::size_t at = 0; at < kTailHeaderBytes; ++at) {
    std::string bad = whole_tail_;
    bad[at] = static_cast<char>(bad[at] ^ 0x5A);
    EXPECT_EQ(RowsAfter(segment_bytes_, bad), Rows{}) << "byte " << at;
  }
}

TEST_F(JournalTailTest, IsRemovedWhenAllIsWritten) {
  RowsAfter(segment_bytes_, whole_tail_);
  EXPECT_FALSE(fs::exists(tail_));
}

}  // namespace
}  // namespace ccp::edge
