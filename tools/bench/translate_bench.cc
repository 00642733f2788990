#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/json/write.h"
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

translate::ReplyContext ContextFor(std::string_view dialect, json::Document& scratch) {
  translate::ReplyContext context;
  context.requested_model = "claude-sonnet-4-5";
  context.message_id = "msg_bench";
  context.dialect = translate::FindDialect(dialect);
  context.scratch = &scratch;
  return context;
}

// Stream chunks of 300 bytes into text deltas, so many of them in each read. Time is for one event.
void BM_TranslateEvent(benchmark::State& state) {
  json::Document scratch;
  const auto reply = translate::MakeChatReply(ContextFor(kDialect, scratch));
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
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * chunks.size()));
}
BENCHMARK(BM_TranslateEvent)->ArgName("a_read")->Arg(1)->Arg(100);

// Pieces of a text as models give it: from one character to a line, with escapes, characters of several bytes and code.
constexpr std::array<std::string_view, 24> kPieces{
    " the", ",", " a", "\\n", ".", " function", " returns", "\\n\\n", "`", "std::string", " \\\"", "  ", "é", " 12", "日本",
    "();\\n", " which", " not", "()", "\\u2014", " and then goes on to the next of them", "}", "\\t", " it"};

enum Content : std::int64_t { kAnswer, kReasoning, kArguments };

std::string Piece(std::mt19937& random) { return std::string(kPieces[random() % kPieces.size()]); }

std::string Chunk(std::string_view delta, std::string_view finish = "null") {
  return Concat("data: {\"id\":\"chatcmpl-8f1d0c2b7a9e4d5f9b0a1c2d3e4f5a6b\",\"object\":\"chat.completion.chunk\",",
                "\"created\":1763800000,\"model\":\"bench\",\"system_fingerprint\":\"fp_3a5770e1b4_prod0225\",",
                "\"choices\":[{\"index\":0,\"delta\":", delta, ",\"logprobs\":null,\"finish_reason\":", finish,
                "}],\"usage\":null}\n\n");
}

// The events of one answer: `count` with pieces of its content, then its end.
std::vector<std::string> Answer(Content content, int count) {
  std::mt19937 random(7);  // NOLINT: the same answer each time.
  std::vector<std::string> events = {Chunk(R"({"role":"assistant","content":""})")};
  if (content == kArguments) {
    events.push_back(Chunk(R"({"tool_calls":[{"index":0,"id":"call_1","type":"function","function":)"
                           R"({"name":"Write","arguments":"{\"content\": \""}}]})"));
  }
  for (int i = 0; i < count; ++i) {
    const std::string piece = Piece(random);
    if (content == kAnswer) events.push_back(Chunk(Concat(R"({"content":")", piece, "\"}")));
    if (content == kReasoning) events.push_back(Chunk(Concat(R"({"content":null,"reasoning_content":")", piece, "\"}")));
    if (content == kArguments) {
      // Inside a string inside a string: an escape is escaped once more.
      const std::string twice = json::Quoted(piece);
      events.push_back(Chunk(Concat(R"({"tool_calls":[{"index":0,"function":{"arguments":)", twice, "}}]}")));
    }
  }
  if (content == kArguments) events.push_back(Chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]})"));
  events.push_back(Chunk("{}", content == kArguments ? R"("tool_calls")" : R"("stop")"));
  events.push_back("data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":900,\"completion_tokens\":400}}\n\n");
  events.push_back("data: [DONE]\n\n");
  return events;
}

// Whole answers, an event a read: text, DeepSeek's reasoning, the arguments of a call. Items are events.
void BM_TranslateStream(benchmark::State& state) {
  const auto content = static_cast<Content>(state.range(0));
  constexpr std::array<const char*, 3> kLabels{"openai text", "deepseek reasoning", "openai tool arguments"};
  state.SetLabel(kLabels[static_cast<std::size_t>(content)]);
  const std::vector<std::string> events = Answer(content, 1000);
  std::size_t bytes = 0;
  for (const std::string& event : events) bytes += event.size();
  json::Document scratch;
  const translate::ReplyContext context = ContextFor(content == kReasoning ? "deepseek" : kDialect, scratch);
  std::string out;
  for (auto _ : state) {
    const auto reply = translate::MakeChatReply(context);
    for (const std::string& event : events) {
      out.clear();
      reply->Feed(event, out);
      benchmark::DoNotOptimize(out.data());
    }
    if (reply->phase() != translate::Reply::Phase::kComplete || !reply->losses().empty()) {
      return state.SkipWithError("the answer did not arrive whole");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * events.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}
BENCHMARK(BM_TranslateStream)->ArgName("content")->Arg(kAnswer)->Arg(kReasoning)->Arg(kArguments);

}  // namespace
}  // namespace ccp::bench
