#include "tools/bench/load/process_usage.h"

#include <time.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace ccp::bench {
namespace {

constexpr std::int64_t kBytesPerKilobyte = 1024;

std::int64_t Number(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? number : -1;
}

absl::StatusOr<std::string> ReadProc(pid_t process, std::string_view name) {
  const std::string path = Concat("/proc/", process, "/", name);
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.empty()) return NotFound(path, " cannot be read: is the process running, and yours?");
  return text;
}

}  // namespace

std::int64_t PssInRollup(std::string_view rollup) {
  for (const std::string_view line : Split(rollup, '\n')) {
    if (line.starts_with("Pss:")) return Number(Trim(line.substr(4))) * kBytesPerKilobyte;
  }
  return -1;
}

absl::StatusOr<std::chrono::nanoseconds> ProcessorTime(pid_t process) {
  clockid_t clock = 0;
  timespec time{};
  int error = clock_getcpuclockid(process, &clock);
  if (error == 0 && clock_gettime(clock, &time) != 0) error = errno;
  if (error != 0) return NotFound("the CPU clock of process ", process, " cannot be read: ", std::strerror(error));
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

absl::StatusOr<std::int64_t> ProportionalSetBytes(pid_t process) {
  const auto rollup = ReadProc(process, "smaps_rollup");
  if (!rollup.ok()) return rollup.status();
  return PssInRollup(*rollup);
}

}  // namespace ccp::bench
