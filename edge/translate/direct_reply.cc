// Anthropic -> Anthropic: the upstream's bytes go to the client as they are, unknown events and pings included; usage and
// the end of the answer are read in passing. Until the first event that is not an error nothing goes out, so that an error
// is answered with its HTTP status, or elsewhere; until content, bytes go out by whole events, so that another attempt can
// continue the client's stream. A stream that breaks off later gets nothing made up: the caller sees kFailed and cuts the
// client's connection, which is what the client knows how to repeat.
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "edge/translate/reply.h"
#include "edge/translate/reply_error.h"
#include "edge/translate/sse_reader.h"
#include "edge/translate/usage_reader.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kMaxBodyBytes = 64u << 20;  // Of a JSON answer, which is looked at before it goes out.
constexpr std::size_t kMaxHeldBytes = 64u << 10;  // Of a stream before its first event is whole.

// A body that must be one Message: why it is none, or nothing.
std::optional<RequestError> Objection(std::string_view body, const ReplyContext& context, Reply::End end) {
  if (!context.scratch->Parse(body).ok()) {
    if (end == Reply::End::kCut || Trim(body).empty()) return EndedEarly();
    return UnreadableError(body, context.estimated_input_tokens);
  }
  const json::Value root = context.scratch->root();
  if (root["type"].is("message") || root["content"].is_array()) return std::nullopt;
  auto error = ReadReplyError(root, context.estimated_input_tokens);
  return error ? std::move(error) : BadReply("it is not a message");
}

// One JSON answer.
class DirectJsonReply : public Reply {
 public:
  explicit DirectJsonReply(ReplyContext context) : context_(std::move(context)) {}

  void Feed(std::string_view bytes, std::string&) override {
    if (phase_ != Phase::kNothing) return;
    body_ += bytes;
    if (body_.size() > kMaxBodyBytes) FailHere(BadReply("it is larger than 64 MiB"));
  }

  void Finish(End end, std::string& out) override {
    if (phase_ != Phase::kNothing) return;
    if (auto objection = Objection(body_, context_, end)) return FailHere(*std::move(objection));
    has_usage_ = ReadMessagesUsage(context_.scratch->root()["usage"], tokens_);
    out += body_;
    phase_ = Phase::kComplete;
  }

  void Start(std::string&) override {}
  void Fail(const RequestError& error, std::string&) override {
    if (phase_ == Phase::kNothing) FailHere(error);
  }

  Phase phase() const override { return phase_; }
  const RequestError& error() const override { return error_; }
  usage::Tokens tokens() const override { return tokens_; }
  usage::Quality quality() const override { return has_usage_ ? usage::Quality::kReported : usage::Quality::kUnknown; }
  const Losses& losses() const override { return losses_; }

 private:
  void FailHere(RequestError error) {
    error_ = std::move(error);
    phase_ = Phase::kFailed;
  }

  ReplyContext context_;
  std::string body_;
  Phase phase_ = Phase::kNothing;
  RequestError error_;
  usage::Tokens tokens_;
  bool has_usage_ = false;
  Losses losses_;
};

class DirectEventReply : public Reply {
 public:
  explicit DirectEventReply(ReplyContext context) : context_(std::move(context)) {
    if (!context_.started) return;
    phase_ = Phase::kStarted;
    began_ = true;
    drops_start_ = true;
  }

  void Feed(std::string_view bytes, std::string& out) override;
  void Finish(End end, std::string& out) override;
  void Start(std::string&) override {}  // The upstream's own message_start is on its way; there can be only one.
  void Fail(const RequestError& error, std::string& out) override;

  Phase phase() const override { return phase_; }
  const RequestError& error() const override { return error_; }
  usage::Tokens tokens() const override { return tokens_; }
  usage::Quality quality() const override { return quality_; }
  const Losses& losses() const override { return losses_; }

 private:
  enum class Meaning : std::uint8_t { kStart, kPing, kContent, kDelta, kStop, kError };

  Meaning MeaningOf(const SseReader::Event& event);
  void FeedHeld(std::string_view bytes, std::string& out);
  void FeedBehindTheEnd(std::string_view bytes, std::string& out);
  void Drain();
  void ReleaseHeld(Meaning meaning, std::string& out);
  void OnEvent(Meaning meaning, const SseReader::Event& event);
  void ReadUsage(const SseReader::Event& event, Meaning meaning);
  RequestError ErrorOf(const SseReader::Event& event);
  void FailHere(RequestError error);
  bool settled() const { return phase_ == Phase::kComplete || phase_ == Phase::kFailed; }

  ReplyContext context_;
  SseReader reader_;
  std::string held_;             // What came and did not go out.
  Phase phase_ = Phase::kNothing;
  bool began_ = false;           // message_start went out, from here or an earlier attempt.
  bool line_end_is_cut_ = false; // The answer is complete but for the other half of its last \r\n.
  bool drops_start_ = false;     // The client has one from an earlier attempt; a second of one stream is relayed.
  bool can_end_ = true;          // The client's stream stands between two events and has no end yet.
  RequestError error_;
  usage::Tokens tokens_;
  usage::Quality quality_ = usage::Quality::kUnknown;
  Losses losses_;
};

void DirectEventReply::Feed(std::string_view bytes, std::string& out) {
  if (settled()) return FeedBehindTheEnd(bytes, out);
  reader_.Add(bytes);
  if (phase_ == Phase::kContent) {
    out += bytes;
    Drain();
  } else {
    FeedHeld(bytes, out);
  }
  // A stream although the client asked for none: all of it is kept until its end.
  if (context_.client == Form::kJson && out.size() > kMaxBodyBytes) {
    return FailHere(BadReply("it is larger than 64 MiB"));
  }
  line_end_is_cut_ = phase_ == Phase::kComplete && bytes.ends_with('\r');
}

void DirectEventReply::FeedBehindTheEnd(std::string_view bytes, std::string& out) {
  if (bytes.empty()) return;
  if (std::exchange(line_end_is_cut_, false) && bytes.front() == '\n') out += '\n';
}

// Before content: looks at each event before it goes out.
void DirectEventReply::FeedHeld(std::string_view bytes, std::string& out) {
  std::size_t taken = 0;  // Bytes of this read that are in held_ or went out.
  while (phase_ != Phase::kContent && !settled()) {
    const std::optional<SseReader::Event> event = reader_.Next();
    const std::size_t end = event ? bytes.size() - reader_.remaining() : bytes.size();
    held_ += bytes.substr(taken, end - taken);
    taken = end;
    if (!event) break;
    const Meaning meaning = MeaningOf(*event);
    OnEvent(meaning, *event);
    if (phase_ == Phase::kFailed || (meaning == Meaning::kPing && !began_)) continue;
    ReleaseHeld(meaning, out);
  }
  if (phase_ == Phase::kFailed) return;
  if (phase_ == Phase::kContent || phase_ == Phase::kComplete) {
    out += bytes.substr(taken);
    return Drain();
  }
  if (held_.size() <= kMaxHeldBytes) return;
  phase_ = Phase::kContent;  // Whatever it is, it is large, and the client is to judge.
  ReleaseHeld(Meaning::kContent, out);
}

void DirectEventReply::ReleaseHeld(Meaning meaning, std::string& out) {
  const bool dropped = meaning == Meaning::kStart && std::exchange(drops_start_, false);
  if (!dropped) out += held_;
  held_.clear();
  began_ = true;
}

void DirectEventReply::Drain() {
  while (!settled()) {
    const std::optional<SseReader::Event> event = reader_.Next();
    if (!event) return;
    OnEvent(MeaningOf(*event), *event);
  }
}

// By the event's name. Some vendors leave names out; then the data tells.
DirectEventReply::Meaning DirectEventReply::MeaningOf(const SseReader::Event& event) {
  const auto meaning = [](std::string_view type) {
    if (type == "message_start") return Meaning::kStart;
    if (type == "message_delta") return Meaning::kDelta;
    if (type == "message_stop") return Meaning::kStop;
    if (type == "error") return Meaning::kError;
    if (type == "ping") return Meaning::kPing;
    return Meaning::kContent;
  };
  if (!event.name.empty()) return meaning(event.name);
  if (!context_.scratch->Parse(event.data).ok()) return Meaning::kContent;
  const json::Value root = context_.scratch->root();
  if (ReadReplyError(root, context_.estimated_input_tokens)) return Meaning::kError;
  return meaning(root["type"].escaped());
}

void DirectEventReply::OnEvent(Meaning meaning, const SseReader::Event& event) {
  switch (meaning) {
    case Meaning::kStart:
      ReadUsage(event, meaning);
      phase_ = Phase::kStarted;
      return;
    case Meaning::kDelta:
      ReadUsage(event, meaning);
      phase_ = Phase::kContent;
      return;
    case Meaning::kContent: phase_ = Phase::kContent; return;
    case Meaning::kStop:
      phase_ = Phase::kComplete;
      can_end_ = false;
      return;
    case Meaning::kError:
      can_end_ = phase_ != Phase::kContent;  // In the middle of content it went to the client already.
      return FailHere(ErrorOf(event));
    case Meaning::kPing: return;
  }
}

RequestError DirectEventReply::ErrorOf(const SseReader::Event& event) {
  if (context_.scratch->Parse(event.data).ok()) {
    if (auto error = ReadReplyError(context_.scratch->root(), context_.estimated_input_tokens)) return *std::move(error);
  }
  return UnreadableError(event.data, context_.estimated_input_tokens);
}

void DirectEventReply::ReadUsage(const SseReader::Event& event, Meaning meaning) {
  if (!context_.scratch->Parse(event.data).ok()) return;
  const json::Value root = context_.scratch->root();
  const json::Value usage = meaning == Meaning::kStart ? root["message"]["usage"] : root["usage"];
  if (!ReadMessagesUsage(usage, tokens_)) return;
  quality_ = meaning == Meaning::kStart ? usage::Quality::kPartial : usage::Quality::kReported;
}

void DirectEventReply::Finish(End end, std::string& out) {
  if (settled()) return;
  can_end_ = reader_.at_boundary() || phase_ != Phase::kContent;
  reader_.End();
  if (phase_ == Phase::kContent) {
    Drain();
  } else {
    FeedHeld({}, out);
  }
  if (settled()) return;
  if (began_ || held_.empty()) return FailHere(EndedEarly());
  // No event at all: a JSON body under the wrong label, perhaps.
  if (auto objection = Objection(held_, context_, end)) return FailHere(*std::move(objection));
  if (ReadMessagesUsage(context_.scratch->root()["usage"], tokens_)) quality_ = usage::Quality::kReported;
  out += held_;
  phase_ = Phase::kComplete;
}

void DirectEventReply::Fail(const RequestError& error, std::string& out) {
  if (phase_ == Phase::kComplete) return;
  if (phase_ == Phase::kContent) can_end_ = reader_.at_boundary();
  if (began_ && can_end_) out += ErrorEvent(error, /*request_id=*/{});
  can_end_ = false;
  FailHere(error);
}

void DirectEventReply::FailHere(RequestError error) {
  error_ = std::move(error);
  phase_ = Phase::kFailed;
}

}  // namespace

std::unique_ptr<Reply> MakeDirectReply(ReplyContext context) {
  if (context.upstream == Form::kJson) return std::make_unique<DirectJsonReply>(std::move(context));
  return std::make_unique<DirectEventReply>(std::move(context));
}

}  // namespace ccp::translate
