// An upstream's answer on its way to the client: bytes in, bytes out. Pure.
//
// One Reply a turn and attempt. Whatever the upstream's bytes and however they are cut, what comes out is a legal Anthropic
// answer or an error: an event stream (message_start, blocks, message_delta, message_stop, or `event: error` and nothing
// after) or one Message object. Nothing is held back that could go out.
//
// Ownership: what its ReplyContext refers to must outlive it.
// Threading: one coroutine. `scratch` is used only inside a call, so all replies of a worker share one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/id.h"
#include "common/json/document.h"
#include "common/usage/record.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/dialect.h"
#include "edge/translate/loss.h"

namespace ccp::translate {

enum class Form : std::uint8_t { kJson, kEvents };  // One JSON object, or server-sent events.

// What a reply keeps for as long as it lasts.
struct ReplySettings {
  Form upstream = Form::kEvents;        // By the answer's content type, not by what was asked.
  Form client = Form::kEvents;
  bool omit_thinking_text = false;      // thinking.display: omitted: keep block and signature, drop the text.
  bool web_search = false;              // The client asked for it: pages that the upstream cites are shown as a search.
  bool echoes_search = false;           // The upstream's search is a call that the next request answers: see kPaused.
  bool started = false;                 // message_start went out already, from an earlier attempt of this turn.
  std::string_view requested_model;     // The `model` the client sees.
  Id message_id;                        // "msg_..."
  const Dialect* dialect = nullptr;     // Not for direct replies.
  std::shared_ptr<const ToolNames> tool_names;  // nullptr: none had to change.
  std::vector<std::string> stop_sequences;
  std::int64_t estimated_input_tokens = 0;  // For message_start, and for usage when the upstream reports none.
  std::string_view fleet_secret;        // Signs reasoning state for the next turn.
  json::Document* scratch = nullptr;
};

struct ReplyContext : ReplySettings {
  std::vector<std::string> stops_here;  // Stop sequences that the upstream does not know: the answer ends at the first.
  std::vector<std::string> callable;    // Of what a function call in the text may be one; see ChatRequest.
};

class Reply {
 public:
  enum class Phase : std::uint8_t {
    kNothing,   // Nothing for the client yet.
    kStarted,   // message_start at most: another attempt may still take over.
    kContent,   // Content went out: this attempt is the answer.
    kPaused,    // The upstream did a part of its work and wants another request before it goes on with this answer: one
                // with the messages of NextRound() behind those of the last. Resume() makes its answer the rest of this.
                // Only with echoes_search. What the client has got is content.
    kComplete,  // The whole answer went out (message_stop, or the JSON object).
    kFailed,    // error() says why. If Phase was kContent before, `event: error` went out; else nothing did. A direct
                // reply never makes one up: its upstream's own error went out, or the caller cuts the connection.
  };
  enum class End : std::uint8_t { kClean, kCut };  // The body ended as HTTP says it must, or the connection broke.

  virtual ~Reply() = default;

  // Bytes of the upstream's body, decoded from HTTP framing. After kComplete or kFailed it does nothing.
  virtual void Feed(std::string_view bytes, std::string& out) = 0;
  virtual void Finish(End end, std::string& out) = 0;
  // Writes message_start if it is still due and the client wants events: so that a silent upstream does not look dead.
  virtual void Start(std::string& out) = 0;
  virtual std::string NextRound() { return {}; }  // With kPaused only.
  virtual void Resume(Form /*upstream*/) {}       // With kPaused only; feed the next upstream body then.
  // Ends the client's event stream with `event: error`, if message_start went out (from here or an earlier attempt) and the
  // stream is still open: our own timeout, shutdown, or the last attempt failed. A direct reply that stands in the middle of
  // an upstream's event writes nothing: there only cutting the connection tells the truth.
  virtual void Fail(const RequestError& error, std::string& out) = 0;

  virtual Phase phase() const = 0;
  // The answer is whole and only its token counts may still come: wait a second or two, then call Finish(kClean).
  virtual bool lingers() const { return false; }
  virtual const RequestError& error() const = 0;            // With kFailed only.
  virtual usage::Tokens tokens() const = 0;                 // As far as known.
  virtual usage::Quality quality() const = 0;
  virtual const Losses& losses() const = 0;
};

std::unique_ptr<Reply> MakeChatReply(ReplyContext context);    // From Chat Completions.
std::unique_ptr<Reply> MakeDirectReply(ReplyContext context);  // From an Anthropic-format upstream: relays bytes, reads usage in passing.

// `event: error`, for a client whose stream began. `request_id` may be empty.
std::string ErrorEvent(const RequestError& error, std::string_view request_id);

// `ping` event, for silences after message_start.
inline constexpr std::string_view kPing = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

}  // namespace ccp::translate
