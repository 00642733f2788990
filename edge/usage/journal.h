// The usage journal: what workers write of each upstream attempt, kept on disk until control has it for good.
//
// A directory of append-only segments (README.md here has the format). Each opening of the journal begins a new *run*
// with a random id and its own sequence 1, 2, ...; control gives every run an epoch when it first hears of it. So
// records can be written before control was ever reached, and a copied, restored or rewound disk can never reuse a
// sequence number that control has already counted.
//
// Ownership: owns its files and the thread that syncs them; one process at a time (flock on the directory).
// Threading: thread-safe. Open() and Close() copy some hundred bytes under a short mutex (tail.h), or write() them
//   where no tail is to be had. The reading side (NextBatch, SetEpoch, Acknowledge) is for one caller at a time.
// Durability: what Close() wrote survives kill -9 at once and a power cut after `sync_interval`. NextBatch() hands out
//   only what is synced, so control never holds a record that a power cut could take back.
// Errors: opening fails when the directory cannot be used or another process has it. Later nothing fails: while the
//   disk refuses writes, frames wait in memory; beyond `backlog_bytes` they are dropped and counted; it is logged once.
//   Damage found in old segments is reported and becomes labelled rows.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "edge/usage/frame.h"
#include "edge/usage/sink.h"
#include "edge/usage/tail.h"

namespace ccp::edge {

class Journal final : public UsageSink {
 public:
  struct Options {
    std::size_t segment_bytes = 8 << 20;
    std::size_t keep_bytes = 256 << 20;    // Acknowledged segments are kept so much and so long: if control comes
    std::chrono::hours keep_time{7 * 24};  // back from an older backup, they are reported again.
    std::size_t backlog_bytes = 4 << 20;
    std::size_t tail_bytes = 128 << 10;    // 0: none.
    std::chrono::milliseconds sync_interval{50};
    std::function<std::int64_t()> now_us;  // Unix time; default: the system clock.
  };

  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& directory);
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& directory, Options options);
  ~Journal() override;  // Syncs.

  std::uint64_t Open(const usage::Record& opening) override;
  void Close(std::uint64_t handle, const usage::Record& record) override;

  struct Run {
    std::string id;
    std::uint64_t epoch = 0;  // 0: control has not been asked yet.
  };
  std::vector<Run> Runs() const;  // Oldest first; the last is the current one.
  // Control's word on a run: its epoch, and how far it has it. May go back, when control lost something.
  void SetEpoch(std::string_view run_id, std::uint64_t epoch, std::uint64_t acked_seq);

  struct Batch {
    std::uint64_t epoch = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t oldest_seq = 0;      // Of this run still held here.
    std::vector<std::string> records;  // Serialized ccp.v1.UsageRecord without seq, contiguous from first_seq.
  };                                   // An empty one stands for a record whose bytes were damaged.
  // The next records that are synced and not acknowledged, of the oldest run that has an epoch. Asking again without
  // Acknowledge() gives the same ones.
  std::optional<Batch> NextBatch(std::size_t max_records, std::size_t max_bytes);
  void Acknowledge(std::uint64_t epoch, std::uint64_t acked_seq);

  void Sync();  // Returns when everything written so far is synced.
  // `call` is called on the sync thread after new records became durable. It must only notify: the journal is locked.
  // Replacing it waits for a call that is under way.
  void OnSynced(std::function<void()> call);

  std::uint64_t pending() const;        // Written, not acknowledged.
  std::uint64_t dropped() const;        // Lost because the disk refused them for too long.
  std::uint64_t damaged_bytes() const;  // Found at opening.

 private:
  class File;
  struct Segment {
    std::uint64_t number = 0;
    SegmentHeader header;
    std::uint64_t next_seq = 0;
    std::size_t bytes = 0;
    std::size_t open_handles = 0;
  };
  struct RunState {
    std::string id;
    std::uint64_t epoch = 0;
    std::uint64_t acked_seq = 0;
    std::uint64_t durable_next_seq = 1;
  };
  struct OpenAttempt {
    std::string run_id;
    std::uint64_t handle = 0;
    std::string record;
  };
  struct Waiting {  // A frame that the disk has not taken yet.
    FrameType type;
    std::uint64_t number;
    std::string bytes;
  };
  struct Cursor {  // Where the record `seq` begins, so that reading on does not scan the segment again.
    std::uint64_t segment = 0;
    std::uint64_t seq = 0;
    std::size_t offset = 0;
  };

  Journal(std::string directory, Options options);
  absl::Status Lock();
  absl::StatusOr<std::vector<OpenAttempt>> Recover();
  absl::Status WriteWhatTheTailHeld(std::uint64_t last_segment);
  void RecoverSegment(std::uint64_t number, std::vector<OpenAttempt>& open);
  absl::Status StartRun();
  absl::Status StartSegment();
  void AppendOrphans(const std::vector<OpenAttempt>& orphans);
  void StartTail();
  bool Append(FrameType type, std::uint64_t number, std::string& frame);
  bool Write(FrameType type, std::uint64_t number, std::string_view frame);
  bool Hold(std::string_view frame);
  bool HoldsFrames() const;
  bool WriteOut(std::string_view frames);
  bool WriteTail();
  void WriteBacklog();
  void MarkDirty();
  void SyncLoop();
  void SyncOnce(std::unique_lock<std::mutex>& lock);
  void RemoveOldSegments();
  bool Removable(const Segment& segment, std::size_t kept_bytes) const;
  RunState* FindRun(std::string_view run_id);
  const RunState* FindRun(std::string_view run_id) const;
  const Segment* SegmentOf(const RunState& run, std::uint64_t seq) const;
  Batch ReadBatch(const Segment& segment, std::uint64_t epoch, std::uint64_t first_seq, std::uint64_t end_seq,
                  std::size_t max_bytes);
  std::string PathOf(std::uint64_t number) const;

  const std::string directory_;
  const Options options_;
  int lock_fd_ = -1;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Segment> segments_;  // Oldest first; the last is written to.
  std::deque<RunState> runs_;
  std::shared_ptr<File> active_;
  std::vector<std::shared_ptr<File>> unsynced_;
  std::unique_ptr<Tail> tail_;        // Of the active segment.
  std::uint64_t held_next_seq_ = 1;   // Behind what the segment and the tail hold together.
  std::unordered_map<std::uint64_t, std::uint64_t> open_handles_;  // Handle -> number of the segment of its OPEN.
  std::uint64_t last_handle_ = 0;
  std::uint64_t last_seq_ = 0;  // Given out; what is on disk is segments_.back().next_seq - 1.
  std::deque<Waiting> backlog_;
  std::size_t backlog_size_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  bool disk_refuses_ = false;
  bool dirty_ = false;
  bool stopping_ = false;
  std::uint64_t sync_wanted_ = 0;  // Sync() calls: wanted and done.
  std::uint64_t sync_done_ = 0;
  std::function<void()> on_synced_;
  Cursor cursor_;  // The reading side's alone.
  std::thread sync_thread_;
};

}  // namespace ccp::edge
