// Any bytes in any cuts as an upstream's answer, in every dialect and form. What the client gets is a legal answer or an
// error, the same one however the bytes were cut, and the same message with and without streaming. Where the upstream wants
// to be asked again, a line parts its rounds, and what it would be asked is JSON.
// The grammar is checked by tests/unit/edge/translate/answer_reader.h, which shares no code with what it checks.
#include <optional>

#include "edge/translate/reply.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/edge/translate/answer_reader.h"

namespace {

using namespace ccp::translate;  // NOLINT: a program of one file
using ccp::fuzz::Require;
using ccp::translate::testing::Accumulated;
using ccp::translate::testing::Accumulator;
using ccp::translate::testing::Json;
using Phase = Reply::Phase;

struct Settings {
  Form upstream = Form::kEvents;
  Reply::End end = Reply::End::kClean;
  const Dialect* dialect = nullptr;
  bool omit_thinking_text = false;
  bool start = false;         // message_start before the first byte.
  std::uint8_t cuts = 0;
};

Settings TakeSettings(ccp::fuzz::Input& input) {
  Settings settings;
  settings.upstream = input.TakeFlag() ? Form::kJson : Form::kEvents;
  settings.end = input.TakeFlag() ? Reply::End::kCut : Reply::End::kClean;
  settings.dialect = &Dialects()[input.TakeByte() % Dialects().size()];
  settings.omit_thinking_text = input.TakeFlag();
  settings.start = input.TakeFlag();
  settings.cuts = input.TakeByte();
  return settings;
}

ReplyContext ContextOf(const Settings& settings, Form client, ccp::json::Document& scratch) {
  ReplyContext context;
  context.upstream = settings.upstream;
  context.client = client;
  context.web_search = true;
  context.echoes_search = settings.dialect->search == Dialect::Search::kKimi;
  context.callable = {"f", "get_weather"};
  if (settings.cuts % 4 == 3) context.stops_here = {"STOP", "\n\n", "é"};
  context.requested_model = "m";
  context.message_id = "msg_1";
  context.dialect = settings.dialect;
  context.stop_sequences = {"STOP"};
  context.omit_thinking_text = settings.omit_thinking_text;
  context.fleet_secret = "secret";
  context.scratch = &scratch;
  return context;
}

struct Ran {
  std::string out;
  Phase phase;
};

using Rounds = std::vector<std::vector<std::string>>;  // Pieces of each.

// Of `text` in one piece each, or in many.
Rounds RoundsOf(std::string_view text, std::optional<std::uint8_t> cuts) {
  constexpr std::string_view kNextRound = "=== next round\n";
  Rounds rounds;
  while (true) {
    const std::size_t end = std::min(text.find(kNextRound), text.size());
    const std::string_view round = text.substr(0, end);
    rounds.push_back(cuts ? ccp::fuzz::Cut(round, *cuts) : std::vector<std::string>{std::string(round)});
    if (end == text.size()) return rounds;
    text.remove_prefix(end + kNextRound.size());
  }
}

void AskAgain(Reply& reply, const Settings& settings) {
  ccp::json::Document messages;
  const std::string asked = "[" + reply.NextRound() + "]";
  Require(messages.Parse(asked).ok(), "the next round asks with something that is no JSON", asked);
  Require(messages.root().size() >= 2, "the next round lacks a result", asked);
  reply.Resume(settings.upstream);
}

// Runs a reply to its end; what failed after message_start is ended as the edge ends it. An upstream that wants to be asked
// once more than it has rounds says nothing more.
Ran Run(Reply& reply, const Settings& settings, const Rounds& rounds) {
  Ran ran;
  if (settings.start) reply.Start(ran.out);
  for (std::size_t round = 0; round == 0 || reply.phase() == Phase::kPaused; ++round) {
    if (round > 0) AskAgain(reply, settings);
    if (round < rounds.size()) {
      for (const std::string& piece : rounds[round]) reply.Feed(piece, ran.out);
    }
    reply.Finish(settings.end, ran.out);
  }
  ran.phase = reply.phase();
  Require(ran.phase == Phase::kComplete || ran.phase == Phase::kFailed, "neither complete nor failed", ran.out);
  if (ran.phase == Phase::kFailed) {
    Require(!reply.error().message.empty(), "an error without a message");
    reply.Fail(reply.error(), ran.out);
  }
  return ran;
}

Ran RunChat(const Settings& settings, Form client, const Rounds& rounds) {
  ccp::json::Document scratch;
  const auto reply = MakeChatReply(ContextOf(settings, client, scratch));
  return Run(*reply, settings, rounds);
}

// The reader's numbers are doubles: an input with a larger one is JSON all the same.
bool IsOnlyTooLargeANumber(std::string_view problem) {
  constexpr std::string_view kPrefix = "input is not an object: ";
  if (!problem.starts_with(kPrefix)) return false;
  ccp::json::Document document;
  const std::string text(problem.substr(kPrefix.size(), problem.rfind(": {\"type\"") - kPrefix.size()));
  return document.Parse(text, {.depth = 1024}).ok() && document.root().is_object();
}

void CheckChat(const Settings& settings, const std::string& text) {
  const Rounds pieces = RoundsOf(text, settings.cuts);
  const Ran streamed = RunChat(settings, Form::kEvents, RoundsOf(text, std::nullopt));
  Require(RunChat(settings, Form::kEvents, pieces).out == streamed.out, "the cuts change the answer", streamed.out);
  const Ran whole = RunChat(settings, Form::kJson, pieces);
  Require(whole.phase == streamed.phase, "complete in one form, failed in the other", streamed.out);
  if (whole.phase == Phase::kFailed) Require(whole.out.empty(), "a failed answer left bytes", whole.out);
  if (streamed.out.empty()) return Require(streamed.phase == Phase::kFailed, "complete, and nothing written");

  const Accumulated answer = Accumulator::Of(streamed.out);
  if (IsOnlyTooLargeANumber(answer.problem)) return;
  Require(answer.problem.empty(), answer.problem, streamed.out);
  Require(answer.error.empty() == (streamed.phase == Phase::kComplete), "error event and phase differ", streamed.out);
  if (whole.phase == Phase::kFailed) return;
  Require(Json::parse(whole.out, nullptr, /*allow_exceptions=*/false) == answer.message, "two messages", whole.out);
}

// A direct reply relays what it gets: nothing is added but an error event, and a complete stream is the upstream's own.
void CheckDirect(const Settings& settings, const std::string& text) {
  ccp::json::Document scratch;
  const auto reply = MakeDirectReply(ContextOf(settings, settings.upstream, scratch));
  const Ran ran = Run(*reply, settings, {ccp::fuzz::Cut(text, settings.cuts)});
  if (ran.phase == Phase::kComplete) return Require(text.find(ran.out) != std::string::npos, "not relayed", ran.out);
  const std::size_t added = ran.out.rfind("event: error\n");
  Require(text.starts_with(ran.out) || added != std::string::npos, "bytes that the upstream did not send", ran.out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ccp::fuzz::Input input(data, size);
  const Settings settings = TakeSettings(input);
  const std::string text(input.rest());
  CheckChat(settings, text);
  CheckDirect(settings, text);
  return 0;
}
