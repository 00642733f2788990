#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "common/base/text.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/messages_request.h"
#include "edge/translate/reply.h"
#include "tools/bench/claude_code_request.h"

namespace ccp::bench {
namespace {

using translate::MessagesRequest;

constexpr const char* kDialect = "openai";

// From the client's bytes to the upstream's: what a turn pays for its request.
void BM_TranslateRequest(benchmark::State& state) {
  const std::string text = ClaudeCodeRequest(static_cast<std::size_t>(state.range(0)));
  config::Model model;
  model.name = model.upstream_name = "bench";
  model.dialect = kDialect;
  translate::ChatRequestOptions options;
  options.model = &model;
  options.dialect = translate::FindDialect(kDialect);
  for (auto _ : state) {
    const auto request = MessagesRequest::Parse(text, MessagesRequest::Endpoint::kMessages);
    if (!request.ok()) return state.SkipWithError(request.error().message.c_str());
    const auto chat = translate::ToChatRequest(**request, options);
    if (!chat.ok()) return state.SkipWithError(chat.error().message.c_str());
    benchmark::DoNotOptimize(chat->body.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_TranslateRequest)->Arg(kTypicalRequestBytes)->Arg(1'000'000);

// Stream chunks of 300 bytes into text deltas, so many of them in each read. Time is for one event.
void BM_TranslateEvent(benchmark::State& state) {
  json::Document scratch;
  translate::ReplyContext context;
  context.requested_model = "claude-sonnet-4-5";
  context.message_id = "msg_bench";
  context.dialect = translate::FindDialect(kDialect);
  context.scratch = &scratch;
  const auto reply = translate::MakeChatReply(context);
  std::string chunks;
  for (std::int64_t i = 0; i < state.range(0); ++i) chunks += Concat("data: ", kStreamChunk, "\n\n");
  std::string out;
  for (auto _ : state) {
    out.clear();
    reply->Feed(chunks, out);
    benchmark::DoNotOptimize(out.data());
  }
  if (reply->phase() != translate::Reply::Phase::kContent) return state.SkipWithError("the stream did not go on");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TranslateEvent)->ArgName("a_read")->Arg(1)->Arg(100);

}  // namespace
}  // namespace ccp::bench
