#include "tools/bench/load/report.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace ccp::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kBytesPerMebibyte = 1024 * 1024;

double Micros(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }
double Seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

std::optional<double> MicrosPer(const std::optional<ServerUsage>& usage, std::int64_t count) {
  if (!usage.has_value() || count == 0) return std::nullopt;
  return Micros(usage->processor_time) / static_cast<double>(count);
}

Json OrNull(std::optional<double> number) { return number.has_value() ? Json(*number) : Json(nullptr); }

Json Distribution(const Histogram& times) {
  return {{"count", times.count()},
          {"mean", Micros(times.Mean())},
          {"p50", Micros(times.Percentile(50))},
          {"p90", Micros(times.Percentile(90))},
          {"p99", Micros(times.Percentile(99))},
          {"p99_9", Micros(times.Percentile(99.9))},
          {"max", Micros(times.max())}};
}

std::string DistributionLine(const char* name, const Histogram& times) {
  if (times.count() == 0) return "";
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "  %-12s p50 %10.1f   p90 %10.1f   p99 %10.1f   max %10.1f us\n", name,
                Micros(times.Percentile(50)), Micros(times.Percentile(90)), Micros(times.Percentile(99)),
                Micros(times.max()));
  return line.data();
}

}  // namespace

std::string ReportJson(const LoadResults& results, const std::optional<ServerUsage>& usage) {
  Json report = {{"seconds", Seconds(results.elapsed)},
                 {"right", results.right},
                 {"wrong", results.wrong_count()},
                 {"problems", results.wrong},
                 {"events", results.events},
                 {"body_bytes", results.body_bytes},
                 {"requests_per_second", static_cast<double>(results.right) / Seconds(results.elapsed)},
                 {"latency_us", Distribution(results.latency)},
                 {"first_event_us", Distribution(results.first_event)},
                 {"event_gap_us", Distribution(results.event_gap)},
                 {"transit_us", Distribution(results.transit)},
                 {"lateness_us", Distribution(results.lateness)},
                 {"cpu_us", usage.has_value() ? Json(Micros(usage->processor_time)) : Json(nullptr)},
                 {"cpu_us_per_request", OrNull(MicrosPer(usage, results.right))},
                 {"cpu_us_per_event", OrNull(MicrosPer(usage, results.events))},
                 {"pss_bytes", usage.has_value() ? Json(usage->memory_bytes) : Json(nullptr)}};
  return report.dump();
}

std::string ReportText(const LoadResults& results, const std::optional<ServerUsage>& usage) {
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(),
                "%lld right answers in %.2f s (%.0f a second), %lld events, %.1f MiB received\n",
                static_cast<long long>(results.right), Seconds(results.elapsed),
                static_cast<double>(results.right) / Seconds(results.elapsed), static_cast<long long>(results.events),
                static_cast<double>(results.body_bytes) / kBytesPerMebibyte);
  std::string text = line.data();
  for (const auto& [problem, times] : results.wrong) text += Concat("  WRONG: ", problem, ", ", times, " times\n");
  text += DistributionLine("latency", results.latency);
  text += DistributionLine("first event", results.first_event);
  text += DistributionLine("event gap", results.event_gap);
  text += DistributionLine("transit", results.transit);
  text += DistributionLine("lateness", results.lateness);
  if (!usage.has_value()) return text;
  std::snprintf(line.data(), line.size(), "  process: %.2f us CPU a request, %.3f us an event, %.1f MiB\n",
                MicrosPer(usage, results.right).value_or(0), MicrosPer(usage, results.events).value_or(0),
                static_cast<double>(usage->memory_bytes) / kBytesPerMebibyte);
  return text + line.data();
}

}  // namespace ccp::bench
