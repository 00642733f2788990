// Counts durations in buckets of less than 2 % width, from a nanosecond to a quarter of an hour. Pure.
//
// Threading: thread-compatible. Memory: 18 KB, whatever is recorded. Units: std::chrono::nanoseconds everywhere.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ccp::bench {

class Histogram {
 public:
  // A negative value counts as 0, one beyond the range as the largest.
  void Record(std::chrono::nanoseconds value);

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }
  std::chrono::nanoseconds Mean() const;  // 0 when empty.

  // The smallest value that at least `percent` of all do not exceed (0 to 100); at most 2 % too large, never above
  // max(). 0 when empty.
  std::chrono::nanoseconds Percentile(double percent) const;

 private:
  // Up to 64 ns each value has a bucket; above, each power of two has 64.
  static constexpr int kLinearBits = 6;
  static constexpr int kValueBits = 40;
  static constexpr std::size_t kBuckets = std::size_t{kValueBits - kLinearBits + 1} << kLinearBits;
  static std::size_t BucketOf(std::uint64_t value);
  static std::uint64_t LargestIn(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace ccp::bench
