#include "common/tokens/calibration.h"

#include <algorithm>
#include <cmath>

namespace ccp::tokens {
namespace {

constexpr std::int64_t kLeastTokens = 200;      // Of a prompt to learn from.
constexpr double kLeastRatio = 0.25;            // Beyond these something else than the tokenizer is at work.
constexpr double kLargestRatio = 4.0;
constexpr std::uint32_t kTrusted = 3;           // Answers before a factor is used.
constexpr std::uint32_t kRemembered = 32;       // The moving mean gives the newest answer 1/32.
constexpr std::uint32_t kMostSamples = 1u << 30;

}  // namespace

void Learn(Calibration& calibration, std::int64_t counted, std::int64_t reported) {
  if (counted < kLeastTokens || reported <= 0) return;
  const double ratio = std::clamp(static_cast<double>(reported) / static_cast<double>(counted), kLeastRatio, kLargestRatio);
  const std::uint32_t weight = std::min(calibration.samples, kRemembered - 1) + 1;
  calibration.factor += (ratio - calibration.factor) / weight;
  calibration.samples = std::min(calibration.samples + 1, kMostSamples);
}

std::int64_t Calibrated(const Calibration& calibration, std::int64_t counted) {
  if (calibration.samples < kTrusted) return counted;
  return std::llround(static_cast<double>(counted) * calibration.factor);
}

Calibrations Merge(const std::vector<Calibrations>& parts) {
  struct Sum {
    double factors = 0;
    double weights = 0;
    std::uint64_t samples = 0;
  };
  std::map<std::string, Sum, std::less<>> sums;
  for (const Calibrations& part : parts) {
    for (const auto& [model, calibration] : part) {
      if (calibration.samples == 0 || !(calibration.factor >= kLeastRatio && calibration.factor <= kLargestRatio)) continue;
      Sum& sum = sums[model];
      const double weight = std::min(calibration.samples, kRemembered);
      sum.factors += calibration.factor * weight;
      sum.weights += weight;
      sum.samples += calibration.samples;
    }
  }
  Calibrations merged;
  for (const auto& [model, sum] : sums) {
    merged[model] = {sum.factors / sum.weights,
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(sum.samples, kMostSamples))};
  }
  return merged;
}

void CalibrationBook::Learn(std::string_view model, std::int64_t counted, std::int64_t reported) {
  auto own = learned_.find(model);
  if (own == learned_.end()) {
    const auto known = shared_.find(model);
    own = learned_.emplace(model, known == shared_.end() ? Calibration{} : known->second).first;
  }
  tokens::Learn(own->second, counted, reported);
  ++version_;
}

std::int64_t CalibrationBook::Calibrated(std::string_view model, std::int64_t counted) const {
  const Calibration* calibration = Find(model);
  return calibration == nullptr ? counted : tokens::Calibrated(*calibration, counted);
}

bool CalibrationBook::Knows(std::string_view model) const {
  const Calibration* calibration = Find(model);
  return calibration != nullptr && calibration->samples >= kTrusted;
}

// Its own, as soon as that is to be trusted: it knows this worker's prompts best.
const Calibration* CalibrationBook::Find(std::string_view model) const {
  const auto own = learned_.find(model);
  if (own != learned_.end() && own->second.samples >= kTrusted) return &own->second;
  const auto shared = shared_.find(model);
  return shared == shared_.end() ? nullptr : &shared->second;
}

bool CountsWithO200k(std::string_view upstream_name) {
  const std::size_t slash = upstream_name.rfind('/');  // Gateways: "openai/gpt-5".
  if (slash != std::string_view::npos) upstream_name.remove_prefix(slash + 1);
  constexpr std::string_view kFamilies[] = {"gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "gpt-oss", "chatgpt-4o"};
  const bool in_family = std::any_of(std::begin(kFamilies), std::end(kFamilies),
                                     [&](std::string_view family) { return upstream_name.starts_with(family); });
  if (in_family) return true;
  // o1, o3-mini, o4 ...
  return upstream_name.size() >= 2 && upstream_name[0] == 'o' && upstream_name[1] >= '1' && upstream_name[1] <= '9' &&
         (upstream_name.size() == 2 || upstream_name[2] == '-');
}

}  // namespace ccp::tokens
