#include "tools/bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ccp::bench {

std::size_t Histogram::BucketOf(std::uint64_t value) {
  const int width = static_cast<int>(std::bit_width(value));
  const int shift = std::max(0, width - kLinearBits - 1);  // What is left is 64 to 127, or below 64 unshifted.
  return (static_cast<std::size_t>(shift) << kLinearBits) + (value >> shift);
}

std::uint64_t Histogram::LargestIn(std::size_t bucket) {
  constexpr std::size_t kLinear = std::size_t{1} << kLinearBits;
  if (bucket < 2 * kLinear) return bucket;
  const std::size_t shift = (bucket >> kLinearBits) - 1;
  return ((bucket - (shift << kLinearBits) + 1) << shift) - 1;
}

void Histogram::Record(std::chrono::nanoseconds value) {
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << kValueBits) - 1;
  const std::uint64_t nanos = std::min(kLargest, static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count())));
  ++buckets_[BucketOf(nanos)];
  ++count_;
  sum_ += nanos;
  max_ = std::max(max_, nanos);
}

std::chrono::nanoseconds Histogram::Mean() const { return std::chrono::nanoseconds(count_ == 0 ? 0 : sum_ / count_); }

std::chrono::nanoseconds Histogram::Percentile(double percent) const {
  if (count_ == 0) return {};
  const double exact_rank = std::ceil(static_cast<double>(count_) * percent / 100);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact_rank), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::chrono::nanoseconds(std::min(max_, LargestIn(bucket)));
  }
  return max();
}

}  // namespace ccp::bench
