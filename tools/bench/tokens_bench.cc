#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "common/json/document.h"
#include "common/tokens/count.h"
#include "common/tokens/vocabulary_file.h"
#include "tools/bench/claude_code_request.h"

namespace ccp::bench {
namespace {

// Null where no vocabulary is installed.
std::shared_ptr<const tokens::Vocabulary> InstalledVocabulary() {
  const std::string file = tokens::FindVocabularyFile();
  if (file.empty()) return nullptr;
  auto vocabulary = tokens::LoadVocabulary(file);
  return vocabulary.ok() ? *vocabulary : nullptr;
}

void CountTypicalRequest(benchmark::State& state, const tokens::Vocabulary* vocabulary) {
  const std::string text = ClaudeCodeRequest(kTypicalRequestBytes);
  json::Document document;
  if (!document.Parse(text).ok()) return state.SkipWithError("not valid JSON");
  for (auto _ : state) benchmark::DoNotOptimize(tokens::CountRequest(document.root(), vocabulary));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["tokens"] = static_cast<double>(tokens::CountRequest(document.root(), vocabulary));
}

void BM_EstimateRequest(benchmark::State& state) { CountTypicalRequest(state, nullptr); }
BENCHMARK(BM_EstimateRequest);

void BM_CountRequest(benchmark::State& state) {
  const auto vocabulary = InstalledVocabulary();
  if (vocabulary == nullptr) return state.SkipWithError("no vocabulary: deploy/install-tokenizer.sh");
  CountTypicalRequest(state, vocabulary.get());
}
BENCHMARK(BM_CountRequest);

}  // namespace
}  // namespace ccp::bench
