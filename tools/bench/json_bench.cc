#include <benchmark/benchmark.h>

#include <string>

#include "common/json/document.h"
#include "common/json/write.h"
#include "tools/bench/claude_code_request.h"

namespace ccp::bench {
namespace {

void Bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

void ParseJson(benchmark::State& state, const std::string& text) {
  json::Document document;
  for (auto _ : state) {
    if (!document.Parse(text).ok()) state.SkipWithError("not valid JSON");
    benchmark::DoNotOptimize(document.root());
  }
  Bytes(state, text.size());
}

void BM_JsonIndexRequest(benchmark::State& state) {
  ParseJson(state, ClaudeCodeRequest(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_JsonIndexRequest)->Arg(kTypicalRequestBytes)->Arg(1'000'000);

void BM_JsonIndexStreamChunk(benchmark::State& state) { ParseJson(state, std::string(kStreamChunk)); }
BENCHMARK(BM_JsonIndexStreamChunk);

// Source code as a tool result carries it: an escape every 30 bytes or so.
std::string SourceCode() {
  json::Document document;
  const std::string request = ClaudeCodeRequest(kTypicalRequestBytes);
  if (!document.Parse(request).ok()) return {};
  std::string text;
  for (const json::Value message : document.root()["messages"].elements()) {
    for (const json::Value block : message["content"].elements()) block["content"].AppendStr(text);
  }
  return text;
}

void BM_JsonAppendEscaped(benchmark::State& state) {
  const std::string text = SourceCode();
  std::string out;
  for (auto _ : state) {
    out.clear();
    json::AppendEscaped(out, text);
    benchmark::DoNotOptimize(out.data());
  }
  Bytes(state, text.size());
}
BENCHMARK(BM_JsonAppendEscaped);

void BM_JsonAppendUnescaped(benchmark::State& state) {
  std::string escaped;
  json::AppendEscaped(escaped, SourceCode());
  std::string out;
  for (auto _ : state) {
    out.clear();
    json::AppendUnescaped(out, escaped);
    benchmark::DoNotOptimize(out.data());
  }
  Bytes(state, escaped.size());
}
BENCHMARK(BM_JsonAppendUnescaped);

}  // namespace
}  // namespace ccp::bench
