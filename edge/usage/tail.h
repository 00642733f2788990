// The journal's tail: frames on their way into its last segment, in memory that outlives kill -9.
//
// A small file that is mapped: a frame is copied there without a system call, and many go into the segment by one.
// What the tail held when its process was killed, the next one reads and appends to that segment. README.md here has
// the format.
//
// Ownership: owns the file and the mapping. Threading: none of its own; the journal's mutex.
// Durability: that of write(). What a power cut has left of it, pages of different age, is read as far as it is of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ccp::edge {

class Tail {
 public:
  // nullptr: there is none to be had here, and each frame takes a system call. Only file systems will do where nothing
  // can go wrong when a page that was written once is written to again: a full disk must be an error and no SIGBUS.
  static std::unique_ptr<Tail> Create(const std::string& directory, std::size_t bytes);
  ~Tail();  // Removes the file, unless it still holds frames.
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  bool Put(std::string_view frame);  // False: it is full.
  std::string_view frames() const;
  // All that it held has been written; what comes belongs into that segment at that offset.
  void Restart(std::uint64_t segment, std::uint64_t offset);

  // What a process that was killed has left in that directory: absent when there is nothing.
  struct Left {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::string frames;
  };
  static std::optional<Left> Read(const std::string& directory);
  static void Remove(const std::string& directory);

 private:
  Tail(std::string path, char* memory, std::size_t bytes);

  const std::string path_;
  char* const memory_;
  const std::size_t bytes_;
  std::size_t end_;    // Of the frames.
  std::size_t seals_;  // Where the last frame's seal stands.
  std::uint32_t seal_ = 0;
};

}  // namespace ccp::edge
