#include "edge/usage/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/json/utf8.h"
#include "common/wire/convert.h"

namespace ccp::edge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSegmentSuffix = ".segment";
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxLosses = 32;

std::int64_t SystemNowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string ErrnoText(int error) { return std::strerror(error); }

// Some texts come from clients: bounded, so that a record always fits its frame, and valid UTF-8, because protobuf
// refuses to parse anything else and one such record would block the report of all that follow.
std::string Bounded(std::string_view text) {
  std::string out;
  json::AppendValidUtf8(out, text.substr(0, kMaxTextBytes));
  return out;
}

bool IsBounded(const usage::Record& record) {
  for (const std::string* text : {&record.request_id, &record.model, &record.provider, &record.upstream_model,
                                  &record.requested_model, &record.route, &record.error, &record.session,
                                  &record.upstream_request_id}) {
    if (text->size() > kMaxTextBytes) return false;
  }
  const auto is_short = [](const std::string& loss) { return loss.size() <= kMaxTextBytes; };
  return record.losses.size() <= kMaxLosses && std::all_of(record.losses.begin(), record.losses.end(), is_short);
}

usage::Record BoundedRecord(usage::Record record) {
  for (std::string* text :
       {&record.request_id, &record.model, &record.provider, &record.upstream_model, &record.requested_model,
        &record.route, &record.error, &record.session, &record.upstream_request_id}) {
    *text = Bounded(*text);
  }
  if (record.losses.size() > kMaxLosses) record.losses.resize(kMaxLosses);
  for (std::string& loss : record.losses) loss = Bounded(loss);
  return record;
}

void AppendRecord(std::string& frame, const usage::Record& record) {
  if (IsBounded(record)) return wire::AppendSerialized(frame, record);
  wire::AppendSerialized(frame, BoundedRecord(record));
}

// The row of an attempt that never ended. It is what its client got, so it counts as the request's answer.
std::string EncodeCrash(const std::string& opening) {
  v1::UsageRecord record;
  if (!record.ParseFromString(opening)) record.Clear();
  record.set_winner(true);
  record.set_outcome(v1::OUTCOME_EDGE_CRASH);
  record.set_quality(v1::QUALITY_UNKNOWN);
  record.set_error("the edge ended before this attempt did");
  return record.SerializeAsString();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unavailable("usage journal: cannot read ", path, ": ", ErrnoText(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A file's first bytes, mapped and not copied: a reader touches only what it scans. Empty when it cannot be read.
class MappedFile {
 public:
  MappedFile(const std::string& path, std::size_t bytes) : bytes_(bytes) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    data_ = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
  }
  ~MappedFile() {
    if (data_ != MAP_FAILED) ::munmap(data_, bytes_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const {
    return data_ == MAP_FAILED ? std::string_view() : std::string_view(static_cast<const char*>(data_), bytes_);
  }

 private:
  std::size_t bytes_;
  void* data_ = MAP_FAILED;
};

absl::Status SyncDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Unavailable("usage journal: cannot open ", directory, ": ", ErrnoText(errno));
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) return Unavailable("usage journal: cannot sync ", directory, ": ", ErrnoText(error));
  return absl::OkStatus();
}

// Numbers of the segments that lie in the directory, in order.
std::vector<std::uint64_t> ListSegments(const std::string& directory) {
  std::vector<std::uint64_t> numbers;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    const std::string stem = entry.path().stem().string();
    const bool is_number = !stem.empty() && stem.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && entry.path().extension() == kSegmentSuffix)
      numbers.push_back(std::strtoull(stem.c_str(), nullptr, 10));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

// One segment open for appending. Shared, so that it can be synced without the mutex while another one has taken over.
class Journal::File {
 public:
  static std::shared_ptr<File> Create(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    return fd < 0 ? nullptr : std::shared_ptr<File>(new File(fd));
  }
  static std::shared_ptr<File> Continue(const std::string& path, std::size_t size) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    return fd < 0 ? nullptr : std::shared_ptr<File>(new File(fd, size));
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // All or nothing: what a full disk took of it is cut off again. 0 or errno.
  int Append(std::string_view bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t n = ::write(fd_, bytes.data() + written, bytes.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const int error = n < 0 ? errno : ENOSPC;
        // Should even this fail, the scanner steps over the torn frame.
        if (written > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) size_ += written;
        return error;
      }
      written += static_cast<std::size_t>(n);
    }
    size_ += bytes.size();
    return 0;
  }

  int Sync() { return ::fdatasync(fd_) == 0 ? 0 : errno; }
  std::size_t size() const { return size_; }

 private:
  explicit File(int fd, std::size_t size = 0) : fd_(fd), size_(size) {}
  int fd_;
  std::size_t size_;
};

// --- Opening ---

Journal::Journal(std::string directory, Options options)
    : directory_(std::move(directory)), options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& directory) {
  return Open(directory, Options{});
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& directory, Options options) {
  if (!options.now_us) options.now_us = SystemNowMicros;
  std::unique_ptr<Journal> journal(new Journal(directory, std::move(options)));
  if (absl::Status status = journal->Lock(); !status.ok()) return status;
  absl::StatusOr<std::vector<OpenAttempt>> orphans = journal->Recover();
  if (!orphans.ok()) return orphans.status();
  if (absl::Status status = journal->StartRun(); !status.ok()) return status;
  journal->AppendOrphans(*orphans);
  journal->StartTail();
  journal->RemoveOldSegments();
  journal->sync_thread_ = std::thread([raw = journal.get()] { raw->SyncLoop(); });
  return journal;
}

absl::Status Journal::Lock() {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) return Unavailable("usage journal: cannot create ", directory_, ": ", error.message());
  const std::string path = directory_ + "/LOCK";
  lock_fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) return Unavailable("usage journal: cannot open ", path, ": ", ErrnoText(errno));
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        Concat("usage journal: ", directory_, " is in use by another edge; give each edge its own --state-dir"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Journal::OpenAttempt>> Journal::Recover() {
  const std::vector<std::uint64_t> numbers = ListSegments(directory_);
  if (!numbers.empty()) {
    if (absl::Status status = WriteWhatTheTailHeld(numbers.back()); !status.ok()) return status;
  }
  Tail::Remove(directory_);
  std::vector<OpenAttempt> open;
  for (const std::uint64_t number : numbers) RecoverSegment(number, open);
  return open;
}

// Perhaps some of it, or all, was written before: then nothing but the rest is. A segment that holds something else at
// that place has a tail that is not its own.
absl::Status Journal::WriteWhatTheTailHeld(std::uint64_t last_segment) {
  const std::optional<Tail::Left> left = Tail::Read(directory_);
  if (!left || left->segment != last_segment) return absl::OkStatus();
  const std::string path = PathOf(last_segment);
  const absl::StatusOr<std::string> segment = ReadFile(path);
  if (!segment.ok() || segment->size() < left->offset) return absl::OkStatus();
  const std::string_view written = std::string_view(*segment).substr(left->offset);
  const std::string_view frames = left->frames;
  if (!frames.starts_with(written)) return absl::OkStatus();
  const std::shared_ptr<File> file = File::Continue(path, segment->size());
  if (file == nullptr) return Unavailable("usage journal: cannot open ", path, ": ", ErrnoText(errno));
  int error = file->Append(frames.substr(written.size()));
  if (error == 0) error = file->Sync();
  if (error != 0) return Unavailable("usage journal: cannot write ", path, ": ", ErrnoText(error));
  return absl::OkStatus();
}

void Journal::RecoverSegment(std::uint64_t number, std::vector<OpenAttempt>& open) {
  const std::string path = PathOf(number);
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  const std::optional<SegmentHeader> header = bytes.ok() ? DecodeHeader(*bytes) : std::nullopt;
  if (!header) {
    // Set aside and not deleted: a person may still want to look. Its records, if it had any, are lost.
    std::error_code ignored;
    fs::rename(path, path + ".damaged", ignored);
    if (bytes.ok()) damaged_bytes_ += bytes->size();
    log::Error(Concat("usage journal: unreadable segment set aside path=", path, ".damaged"));
    return;
  }

  Segment segment{number, *header, header->first_seq, bytes->size(), 0};
  FrameScanner scanner(*bytes);
  while (const std::optional<Frame> frame = scanner.Next()) {
    if (frame->type == FrameType::kOpen) {
      open.push_back({header->run_id, frame->number, std::string(frame->payload)});
      continue;
    }
    segment.next_seq = std::max(segment.next_seq, frame->number + 1);
    const std::optional<Ending> ending = DecodeEnding(*frame);
    if (!ending) continue;
    const std::string_view run_id = ending->run_id.empty() ? std::string_view(header->run_id) : ending->run_id;
    std::erase_if(open, [&](const OpenAttempt& o) { return o.handle == ending->handle && o.run_id == run_id; });
  }
  if (scanner.damaged_bytes() > 0) {
    damaged_bytes_ += scanner.damaged_bytes();
    log::Error(Concat("usage journal: damaged bytes stepped over path=", path, " bytes=", scanner.damaged_bytes()));
  }
  if (runs_.empty() || runs_.back().id != header->run_id) runs_.push_back({header->run_id, 0, 0, 1});
  runs_.back().durable_next_seq = segment.next_seq;
  segments_.push_back(std::move(segment));
}

absl::Status Journal::StartRun() {
  runs_.push_back({RandomBytes(kRunIdBytes), 0, 0, 1});
  return StartSegment();
}

// The tail must be empty: a killed edge's is read only if its segment is the last.
absl::Status Journal::StartSegment() {
  // Names of segments set aside stay taken: their number may not come back.
  std::uint64_t number = segments_.empty() ? 1 : segments_.back().number + 1;
  std::error_code ignored;  // Creating it will say what is wrong.
  while (fs::exists(PathOf(number), ignored) || fs::exists(PathOf(number) + ".damaged", ignored)) ++number;
  const std::uint64_t first_seq = active_ == nullptr ? 1 : segments_.back().next_seq;
  Segment segment{number, {runs_.back().id, first_seq, options_.now_us()}, first_seq, kSegmentHeaderBytes, 0};

  std::shared_ptr<File> file = File::Create(PathOf(number));
  if (file == nullptr) return Unavailable("usage journal: cannot create ", PathOf(number), ": ", ErrnoText(errno));
  if (const int error = file->Append(EncodeHeader(segment.header)); error != 0) {
    ::unlink(PathOf(number).c_str());
    return Unavailable("usage journal: cannot write ", PathOf(number), ": ", ErrnoText(error));
  }
  if (absl::Status status = SyncDirectory(directory_); !status.ok()) log::Warn(Message(status));
  segments_.push_back(std::move(segment));
  active_ = std::move(file);
  unsynced_.push_back(active_);
  if (tail_ != nullptr) tail_->Restart(number, active_->size());
  return absl::OkStatus();
}

void Journal::StartTail() {
  tail_ = Tail::Create(directory_, options_.tail_bytes);
  if (tail_ != nullptr) tail_->Restart(segments_.back().number, active_->size());
}

// Before anything is removed, these must be on disk: they are all that is left of segments that held nothing but OPENs.
void Journal::AppendOrphans(const std::vector<OpenAttempt>& orphans) {
  if (orphans.empty()) return;
  for (const OpenAttempt& orphan : orphans) {
    std::string frame;
    BeginFrame(frame);
    frame += orphan.run_id;
    AppendHandle(frame, orphan.handle);
    frame += EncodeCrash(orphan.record);
    if (Append(FrameType::kOrphan, last_seq_ + 1, frame)) ++last_seq_;
  }
  active_->Sync();
  runs_.back().durable_next_seq = segments_.back().next_seq;
  log::Warn(Concat("usage journal: attempts cut off by the last end of this edge, recorded as edge_crash count=",
                   orphans.size()));
}

Journal::~Journal() {
  if (sync_thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    sync_thread_.join();
  }
  tail_.reset();  // Its file is ours for as long as the lock is.
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

// --- Writing ---

std::uint64_t Journal::Open(const usage::Record& opening) {
  thread_local std::string frame;  // Each request writes two: it keeps its memory from one to the next.
  BeginFrame(frame);
  AppendRecord(frame, opening);
  const std::lock_guard lock(mutex_);
  const std::uint64_t handle = ++last_handle_;
  if (!Append(FrameType::kOpen, handle, frame)) return handle;
  open_handles_.emplace(handle, segments_.back().number);
  ++segments_.back().open_handles;
  return handle;
}

void Journal::Close(std::uint64_t handle, const usage::Record& record) {
  thread_local std::string frame;
  BeginFrame(frame);
  AppendHandle(frame, handle);
  AppendRecord(frame, record);
  const std::lock_guard lock(mutex_);
  if (Append(FrameType::kFinal, last_seq_ + 1, frame)) ++last_seq_;
  const auto opened = open_handles_.find(handle);
  if (opened == open_handles_.end()) return;
  for (Segment& segment : segments_) {
    if (segment.number == opened->second) --segment.open_handles;
  }
  open_handles_.erase(opened);
}

// Gives the frame its header. False: there is no room for it anywhere, and it took no number.
bool Journal::Append(FrameType type, std::uint64_t number, std::string& frame) {
  FinishFrame(frame, type, number);
  MarkDirty();
  const bool fits = backlog_size_ + frame.size() <= options_.backlog_bytes;
  if (!fits) WriteBacklog();  // Before anything is given up, the disk is asked once more.
  if (backlog_.empty() && Write(type, number, frame)) return true;
  if (backlog_size_ + frame.size() > options_.backlog_bytes) {
    ++dropped_;
    return false;
  }
  backlog_size_ += frame.size();
  backlog_.push_back({type, number, frame});
  return true;
}

bool Journal::Write(FrameType type, std::uint64_t number, std::string_view frame) {
  const std::size_t held = tail_ == nullptr ? 0 : tail_->frames().size();
  if (segments_.back().bytes + held + frame.size() > options_.segment_bytes) {
    // On failure the old segment goes on growing: better too long than lost.
    if (WriteTail() && StartSegment().ok()) RemoveOldSegments();
  }
  if (!Hold(frame)) {
    if (!WriteTail()) return false;
    if (!Hold(frame) && !WriteOut(frame)) return false;
  }
  if (type != FrameType::kOpen) held_next_seq_ = number + 1;
  if (!HoldsFrames()) segments_.back().next_seq = held_next_seq_;
  return true;
}

bool Journal::HoldsFrames() const { return tail_ != nullptr && !tail_->frames().empty(); }

bool Journal::Hold(std::string_view frame) { return tail_ != nullptr && tail_->Put(frame); }

bool Journal::WriteTail() {
  if (!HoldsFrames()) return true;
  if (!WriteOut(tail_->frames())) return false;
  segments_.back().next_seq = held_next_seq_;
  return true;
}

// The tail's frames, or one when it holds none.
bool Journal::WriteOut(std::string_view frames) {
  const int error = active_->Append(frames);
  if (error != 0) {
    if (!disk_refuses_)
      log::Error(Concat("usage journal: cannot write to ", directory_, ": ", ErrnoText(error),
                        "; records wait in memory until there is room"));
    disk_refuses_ = true;
    return false;
  }
  if (disk_refuses_) log::Info(Concat("usage journal: writing again to ", directory_, " dropped=", dropped_));
  disk_refuses_ = false;
  segments_.back().bytes = active_->size();
  if (tail_ == nullptr) return true;
  tail_->Restart(segments_.back().number, active_->size());
  return true;
}

void Journal::WriteBacklog() {
  while (!backlog_.empty() && Write(backlog_.front().type, backlog_.front().number, backlog_.front().bytes)) {
    backlog_size_ -= backlog_.front().bytes.size();
    backlog_.pop_front();
  }
}

// --- Syncing ---

void Journal::MarkDirty() {
  if (dirty_) return;
  dirty_ = true;
  changed_.notify_all();
}

void Journal::SyncLoop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return dirty_ || stopping_ || sync_wanted_ > sync_done_; });
    // The pause is the group: all that is written in it shares one fdatasync.
    changed_.wait_for(lock, options_.sync_interval, [this] { return stopping_ || sync_wanted_ > sync_done_; });
    SyncOnce(lock);
    if (stopping_) return;
  }
}

void Journal::SyncOnce(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t wanted = sync_wanted_;
  dirty_ = false;
  WriteBacklog();
  if (!WriteTail() || !backlog_.empty()) dirty_ = true;  // Tried again after the next pause.
  const std::uint64_t next_seq = segments_.back().next_seq;
  const std::vector<std::shared_ptr<File>> files = std::exchange(unsynced_, {active_});

  lock.unlock();
  int error = 0;
  for (const std::shared_ptr<File>& file : files) {
    if (const int failed = file->Sync(); failed != 0) error = failed;
  }
  lock.lock();

  if (error != 0) {
    // The kernel may have thrown the unsynced pages away and will not say so twice: this file is not trusted further.
    log::Error(
        Concat("usage journal: cannot sync ", directory_, ": ", ErrnoText(error), "; going on in a new segment"));
    const absl::Status status = WriteTail() ? StartSegment() : absl::OkStatus();
    if (!status.ok()) log::Error(Message(status));
  }
  const bool news = runs_.back().durable_next_seq != next_seq;
  runs_.back().durable_next_seq = next_seq;
  sync_done_ = wanted;
  changed_.notify_all();
  if (!news || !on_synced_) return;
  on_synced_();
}

void Journal::Sync() {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++sync_wanted_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return sync_done_ >= ticket || stopping_; });
}

void Journal::OnSynced(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  on_synced_ = std::move(call);
}

// --- Reading ---

std::vector<Journal::Run> Journal::Runs() const {
  const std::lock_guard lock(mutex_);
  std::vector<Run> runs;
  for (const RunState& run : runs_) runs.push_back({run.id, run.epoch});
  return runs;
}

void Journal::SetEpoch(std::string_view run_id, std::uint64_t epoch, std::uint64_t acked_seq) {
  const std::lock_guard lock(mutex_);
  RunState* run = FindRun(run_id);
  if (run == nullptr) return;
  run->epoch = epoch;
  run->acked_seq = acked_seq;
}

void Journal::Acknowledge(std::uint64_t epoch, std::uint64_t acked_seq) {
  const std::lock_guard lock(mutex_);
  for (RunState& run : runs_) {
    if (run.epoch == epoch) run.acked_seq = acked_seq;
  }
  RemoveOldSegments();
}

std::optional<Journal::Batch> Journal::NextBatch(std::size_t max_records, std::size_t max_bytes) {
  Segment segment;
  std::uint64_t epoch = 0, first_seq = 0, end_seq = 0, oldest_seq = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const RunState& run : runs_) {
      if (run.epoch == 0 || run.acked_seq + 1 >= run.durable_next_seq) continue;
      const Segment* found = SegmentOf(run, run.acked_seq + 1);
      if (found == nullptr) continue;
      segment = *found;
      epoch = run.epoch;
      oldest_seq = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) {
                     return s.header.run_id == run.id;
                   })->header.first_seq;
      // What is missing behind the oldest was damaged: left out, control would ask for it for ever.
      first_seq = std::max(run.acked_seq + 1, oldest_seq);
      end_seq = std::min({segment.next_seq, run.durable_next_seq, first_seq + max_records});
      break;
    }
  }
  if (epoch == 0) return std::nullopt;
  Batch batch = ReadBatch(segment, epoch, first_seq, end_seq, max_bytes);
  batch.oldest_seq = oldest_seq;
  return batch;
}

// Reads without the mutex: segments only grow, and one with records still to be reported is not removed.
Journal::Batch Journal::ReadBatch(const Segment& segment, std::uint64_t epoch, std::uint64_t first_seq,
                                  std::uint64_t end_seq, std::size_t max_bytes) {
  Batch batch{epoch, first_seq, 0, {}};
  const MappedFile file(PathOf(segment.number), segment.bytes);
  const bool continues = cursor_.segment == segment.number && cursor_.seq == first_seq;
  FrameScanner scanner(file.bytes(), continues ? cursor_.offset : kSegmentHeaderBytes);

  std::uint64_t next = first_seq;
  std::size_t behind_last = scanner.offset();
  std::size_t size = 0;
  while (next < end_seq && size < max_bytes) {
    const std::optional<Frame> frame = scanner.Next();
    if (!frame) break;
    if (frame->type == FrameType::kOpen || frame->number < next) continue;
    // A number that is missing here was damaged: it keeps its place, so that what follows can be counted.
    const std::uint64_t stop = std::min(frame->number, end_seq);
    for (; next < stop; ++next) batch.records.emplace_back();
    if (next == end_seq) break;
    const std::optional<Ending> ending = DecodeEnding(*frame);
    batch.records.emplace_back(ending ? ending->record : std::string_view());
    size += batch.records.back().size();
    behind_last = scanner.offset();
    ++next;
  }
  if (size < max_bytes) {
    for (; next < end_seq; ++next) batch.records.emplace_back();
  }
  cursor_ = {segment.number, next, behind_last};
  return batch;
}

Journal::RunState* Journal::FindRun(std::string_view run_id) {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const RunState& run) { return run.id == run_id; });
  return found == runs_.end() ? nullptr : &*found;
}

const Journal::RunState* Journal::FindRun(std::string_view run_id) const {
  return const_cast<Journal*>(this)->FindRun(run_id);
}

// The segment that holds `seq`, or the first one behind it if that is gone.
const Journal::Segment* Journal::SegmentOf(const RunState& run, std::uint64_t seq) const {
  for (const Segment& segment : segments_) {
    if (segment.header.run_id == run.id && segment.next_seq > std::max(seq, segment.header.first_seq)) return &segment;
  }
  return nullptr;
}

// --- Removing ---

void Journal::RemoveOldSegments() {
  std::size_t kept_bytes = 0;
  for (const Segment& segment : segments_) kept_bytes += segment.bytes;
  if (!WriteTail() || !backlog_.empty()) return;  // A row that stands for an OPEN in here may still be in memory only.
  // From the oldest on, and no further than the first that must stay: a recovered row may stand for an OPEN before it.
  while (segments_.size() > 1 && Removable(segments_.front(), kept_bytes)) {
    kept_bytes -= segments_.front().bytes;
    ::unlink(PathOf(segments_.front().number).c_str());
    segments_.pop_front();
  }
  while (runs_.size() > 1 && runs_.front().id != segments_.front().header.run_id) runs_.pop_front();
}

bool Journal::Removable(const Segment& segment, std::size_t kept_bytes) const {
  if (segment.open_handles > 0) return false;
  if (segment.next_seq == segment.header.first_seq) return true;  // Holds no record.
  const RunState* run = FindRun(segment.header.run_id);
  if (run == nullptr || run->acked_seq + 1 < segment.next_seq) return false;
  const auto age = std::chrono::microseconds(options_.now_us() - segment.header.created_us);
  return kept_bytes > options_.keep_bytes || age > options_.keep_time;
}

// --- Figures ---

std::uint64_t Journal::pending() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t pending = 0;
  for (const RunState& run : runs_) {
    const std::uint64_t last = &run == &runs_.back() ? last_seq_ : run.durable_next_seq - 1;
    if (last > run.acked_seq) pending += last - run.acked_seq;
  }
  return pending;
}

std::uint64_t Journal::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t Journal::damaged_bytes() const {
  const std::lock_guard lock(mutex_);
  return damaged_bytes_;
}

std::string Journal::PathOf(std::uint64_t number) const {
  char name[32];
  std::snprintf(name, sizeof(name), "%012llu", static_cast<unsigned long long>(number));
  return Concat(directory_, "/", name, kSegmentSuffix);
}

}  // namespace ccp::edge
