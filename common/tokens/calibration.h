// How far our token counts are off for one upstream model, learned from what the model reports of its prompts.
//
// Counts made here differ from a model's own by its tokenizer, its chat template and what translation leaves out: by much
// from model to model, by little from prompt to prompt. So one factor a model corrects most of it.
// Pure; values for one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ccp::tokens {

struct Calibration {
  double factor = 1.0;        // Reported tokens for one that we counted.
  std::uint32_t samples = 0;  // Answers it was learned from, here and before.
  bool operator==(const Calibration&) const = default;
};

// By upstream model: "provider/name".
using Calibrations = std::map<std::string, Calibration, std::less<>>;

// Learns from one more answer: the mean of the first answers, then one that forgets (EWMA). Prompts so small that the
// chat template is most of them say nothing, and single answers far off the mark say little.
void Learn(Calibration& calibration, std::int64_t counted, std::int64_t reported);

// What the model would report for `counted`; unchanged until a few answers were seen.
std::int64_t Calibrated(const Calibration& calibration, std::int64_t counted);

// One for several that were learned apart: their mean, weighted by answers up to what the moving mean remembers.
Calibrations Merge(const std::vector<Calibrations>& parts);

// What one worker knows: what it learned itself, beginning from what others told it.
class CalibrationBook {
 public:
  void Learn(std::string_view model, std::int64_t counted, std::int64_t reported);
  void Share(Calibrations of_all) { shared_ = std::move(of_all); }

  std::int64_t Calibrated(std::string_view model, std::int64_t counted) const;
  bool Knows(std::string_view model) const;  // Whether Calibrated() changes anything.
  const Calibrations& learned() const { return learned_; }
  std::uint64_t version() const { return version_; }  // Grows with each Learn().

 private:
  const Calibration* Find(std::string_view model) const;
  Calibrations learned_;
  Calibrations shared_;
  std::uint64_t version_ = 0;
};

// Whether a model counts its tokens with the o200k vocabulary, by its upstream name: OpenAI's since GPT-4o, and gpt-oss.
bool CountsWithO200k(std::string_view upstream_name);

}  // namespace ccp::tokens
