#include "edge/usage/tail.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "edge/usage/frame.h"

namespace ccp::edge {
namespace {

std::string PathIn(const std::string& directory) { return directory + "/TAIL"; }

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Where a page once written has its block. Others copy on write, or refuse pages once they have shut down on an error.
bool KeepsItsBlocks(const std::string& directory) {
  struct statfs about {};
  if (::statfs(directory.c_str(), &about) != 0) return false;
  return about.f_type == EXT4_SUPER_MAGIC || about.f_type == TMPFS_MAGIC;
}

bool WriteZeros(int fd, std::size_t bytes) {
  const std::string zeros(bytes, '\0');
  return ::write(fd, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size());
}

// Resident: a page that went to the disk would have to be read again, from a disk that may be failing.
char* MapResident(int fd, std::size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return nullptr;
  if (::mlock(memory, bytes) == 0) return static_cast<char*>(memory);
  ::munmap(memory, bytes);
  return nullptr;
}

}  // namespace

std::unique_ptr<Tail> Tail::Create(const std::string& directory, std::size_t bytes) {
  if (bytes <= kTailHeaderBytes || !KeepsItsBlocks(directory)) return nullptr;
  const std::string path = PathIn(directory);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return nullptr;
  char* const memory = WriteZeros(fd, bytes) ? MapResident(fd, bytes) : nullptr;
  ::close(fd);
  if (memory != nullptr) return std::unique_ptr<Tail>(new Tail(path, memory, bytes));
  ::unlink(path.c_str());
  return nullptr;
}

Tail::Tail(std::string path, char* memory, std::size_t bytes)
    : path_(std::move(path)), memory_(memory), bytes_(bytes), end_(kTailHeaderBytes), seals_(bytes) {}

Tail::~Tail() {
  if (frames().empty()) ::unlink(path_.c_str());
  ::munmap(memory_, bytes_);
}

// Killed half-way it leaves a frame without its seal.
bool Tail::Put(std::string_view frame) {
  if (seals_ - end_ < frame.size() + kSealBytes) return false;
  std::memcpy(memory_ + end_, frame.data(), frame.size());
  end_ += frame.size();
  seals_ -= kSealBytes;
  seal_ = NextSeal(seal_, frame);
  WriteSeal(memory_ + seals_, seal_);
  return true;
}

std::string_view Tail::frames() const { return {memory_ + kTailHeaderBytes, end_ - kTailHeaderBytes}; }

// Killed half-way it leaves frames that are where they belong already, or none.
void Tail::Restart(std::uint64_t segment, std::uint64_t offset) {
  end_ = kTailHeaderBytes;
  seals_ = bytes_;
  const std::string header = EncodeTailHeader({segment, offset});
  std::memcpy(memory_, header.data(), header.size());
  seal_ = DecodeTailHeader({memory_, bytes_})->seal;
}

std::optional<Tail::Left> Tail::Read(const std::string& directory) {
  const std::string bytes = ReadAll(PathIn(directory));
  const std::string_view frames = SealedFrames(bytes);
  if (frames.empty()) return std::nullopt;
  const std::optional<TailHeader> header = DecodeTailHeader(bytes);
  return Left{header->segment, header->offset, std::string(frames)};
}

void Tail::Remove(const std::string& directory) { ::unlink(PathIn(directory).c_str()); }

}  // namespace ccp::edge
