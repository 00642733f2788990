// Runs a reply over bytes cut at will, and writes the upstream's side of a test row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json/document.h"
#include "edge/translate/reply.h"

namespace ccp::translate::testing {

inline Dialect PlainDialect() {
  Dialect dialect;
  dialect.name = "test";
  return dialect;
}

struct Given {
  Form upstream = Form::kEvents;
  Form client = Form::kEvents;
  Dialect dialect = PlainDialect();
  ToolNames tool_names = {};
  std::vector<std::string> stop_sequences = {};
  std::vector<std::string> stops_here = {};
  std::vector<std::string> callable = {};
  bool omit_thinking_text = false;
  bool web_search = false;
  bool echoes_search = false;
  bool started = false;
  Reply::End end = Reply::End::kClean;
};

struct Ran {
  std::string out;
  Reply::Phase phase = Reply::Phase::kNothing;
  RequestError error;
  usage::Tokens tokens;
  usage::Quality quality = usage::Quality::kUnknown;
  std::vector<std::string_view> losses;
  bool lingered = false;
  std::vector<std::string> asked = {};  // The messages of each round but the first.
};

inline ReplyContext ContextOf(const Given& given, json::Document& scratch) {
  ReplyContext context;
  context.upstream = given.upstream;
  context.client = given.client;
  context.requested_model = "claude-test";
  context.message_id = "msg_1";
  context.dialect = &given.dialect;
  context.tool_names = std::make_shared<const ToolNames>(given.tool_names);
  context.stop_sequences = given.stop_sequences;
  context.omit_thinking_text = given.omit_thinking_text;
  context.stops_here = given.stops_here;
  context.callable = given.callable;
  context.web_search = given.web_search;
  context.echoes_search = given.echoes_search;
  context.started = given.started;
  context.estimated_input_tokens = 7;
  context.fleet_secret = "secret";
  context.scratch = &scratch;
  return context;
}

// Each round of the upstream's in pieces, which are fed one by one; the reply must not care how the bytes were cut. The
// last round ends as given, those before it cleanly.
inline Ran TranslateRounds(const Given& given, const std::vector<std::vector<std::string>>& rounds,
               std::unique_ptr<Reply> (*make)(ReplyContext) = MakeChatReply) {
  json::Document scratch;
  const std::unique_ptr<Reply> reply = make(ContextOf(given, scratch));
  Ran ran;
  for (const std::vector<std::string>& pieces : rounds) {
    if (&pieces != &rounds.front()) {
      if (reply->phase() != Reply::Phase::kPaused) break;
      ran.asked.push_back(reply->NextRound());
      reply->Resume(given.upstream);
    }
    for (const std::string& piece : pieces) reply->Feed(piece, ran.out);
    ran.lingered = reply->lingers();
    reply->Finish(&pieces == &rounds.back() ? given.end : Reply::End::kClean, ran.out);
  }
  ran.phase = reply->phase();
  if (ran.phase == Reply::Phase::kFailed) ran.error = reply->error();
  ran.tokens = reply->tokens();
  ran.quality = reply->quality();
  ran.losses = reply->losses().codes();
  return ran;
}

inline Ran Translate(const Given& given, const std::vector<std::string>& pieces,
               std::unique_ptr<Reply> (*make)(ReplyContext) = MakeChatReply) {
  return TranslateRounds(given, {pieces}, make);
}

inline std::vector<std::string> Bytewise(std::string_view text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

inline std::string Sse(const std::vector<std::string>& data, std::string_view line_end = "\n") {
  std::string stream;
  for (const std::string& event : data) {
    stream += "data: ";
    stream += event;
    stream += line_end;
    stream += line_end;
  }
  return stream;
}

// Chunks of a Chat Completions stream.
inline std::string Delta(std::string_view delta, std::string_view finish = "null") {
  return R"({"id":"c","choices":[{"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}";
}
inline std::string Text(std::string_view escaped) { return Delta(R"({"content":")" + std::string(escaped) + "\"}"); }
inline std::string Think(std::string_view escaped) { return Delta(R"({"reasoning_content":")" + std::string(escaped) + "\"}"); }
inline std::string Tool(std::string_view call) { return Delta(R"({"tool_calls":[)" + std::string(call) + "]}"); }
inline std::string Finish(std::string_view reason) { return Delta("{}", "\"" + std::string(reason) + "\""); }
inline const std::string kDone = "[DONE]";

}  // namespace ccp::translate::testing
