#include "tools/bench/load/process_usage.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace ccp::bench {
namespace {

// Fields behind the name of the program: the state is the first.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
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

std::int64_t TicksInStat(std::string_view stat) {
  // The name stands in parentheses and may hold anything, also more of them.
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return -1;
  const std::vector<std::string_view> fields = Split(stat.substr(name_end + 2), ' ');
  if (fields.size() <= kSystemTicks) return -1;
  return Number(fields[kUserTicks]) + Number(fields[kSystemTicks]);
}

std::int64_t PssInRollup(std::string_view rollup) {
  for (const std::string_view line : Split(rollup, '\n')) {
    if (line.starts_with("Pss:")) return Number(Trim(line.substr(4))) * kBytesPerKilobyte;
  }
  return -1;
}

absl::StatusOr<std::chrono::nanoseconds> ProcessorTime(pid_t process) {
  const auto stat = ReadProc(process, "stat");
  if (!stat.ok()) return stat.status();
  return std::chrono::nanoseconds(TicksInStat(*stat) * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
}

absl::StatusOr<std::int64_t> ProportionalSetBytes(pid_t process) {
  const auto rollup = ReadProc(process, "smaps_rollup");
  if (!rollup.ok()) return rollup.status();
  return PssInRollup(*rollup);
}

}  // namespace ccp::bench
