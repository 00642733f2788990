#include "tools/mock_provider/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "common/base/text.h"

namespace ccp::mock {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kCacheStep = 128;  // OpenAI caches prompts from 1,024 tokens on, in steps of 128.
constexpr std::int64_t kCacheFrom = 1'024;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool FinishIsToolCalls(const Reply& reply) { return !reply.tool_calls.empty(); }

std::string ChatFinish(const Reply& reply) {
  if (!reply.finish.empty()) return reply.finish;
  return FinishIsToolCalls(reply) ? "tool_calls" : "stop";
}

std::string MessagesFinish(const Reply& reply) {
  const std::string finish = ChatFinish(reply);
  if (finish == "stop") return "end_turn";
  if (finish == "tool_calls") return "tool_use";
  if (finish == "length") return "max_tokens";
  if (finish == "content_filter") return "refusal";
  return finish;
}

TokenUsage UsageOf(const Reply& reply, const Request& request) {
  if (reply.usage.has_value()) return *reply.usage;
  TokenUsage usage;
  usage.cache_read = request.input_tokens < kCacheFrom ? 0 : request.input_tokens / 2 / kCacheStep * kCacheStep;
  usage.input = request.input_tokens - usage.cache_read;
  usage.reasoning = static_cast<std::int64_t>(Fragments(reply.reasoning, 0).size());
  usage.output = usage.reasoning + static_cast<std::int64_t>(Fragments(reply.text.value_or(""), 0).size());
  for (const ToolCall& call : reply.tool_calls)
    usage.output += 8 + static_cast<std::int64_t>(call.arguments.size() / 4);
  usage.output = std::max<std::int64_t>(usage.output, 1);
  return usage;
}

std::string CallId(const ToolCall& call, std::string_view prefix, std::string_view id, std::size_t index) {
  return call.id.empty() ? Concat(prefix, id, "_", index) : call.id;
}

std::string Arguments(const ToolCall& call) { return call.arguments.empty() ? "{}" : call.arguments; }

// --- Chat Completions ---------------------------------------------------------------------------------------------

Json ChatUsage(const TokenUsage& usage) {
  const std::int64_t prompt = usage.input + usage.cache_read + usage.cache_write;
  return {{"prompt_tokens", prompt},
          {"completion_tokens", usage.output},
          {"total_tokens", prompt + usage.output},
          {"prompt_tokens_details", {{"cached_tokens", usage.cache_read}}},
          {"completion_tokens_details", {{"reasoning_tokens", usage.reasoning}}}};
}

Json ChatToolCall(const ToolCall& call, std::string_view id, std::size_t index, std::string arguments) {
  return {{"id", CallId(call, "call_", id, index)},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", std::move(arguments)}}}};
}

std::string ChatBody(const Reply& reply, const Request& request, std::string_view id, std::int64_t now) {
  Json message{{"role", "assistant"}, {"content", nullptr}};
  if (reply.text.has_value()) message["content"] = *reply.text;
  if (!reply.reasoning.empty()) message["reasoning_content"] = reply.reasoning;
  for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
    message["tool_calls"].push_back(ChatToolCall(reply.tool_calls[i], id, i, Arguments(reply.tool_calls[i])));
  }
  Json body{{"id", Concat("chatcmpl-", id)}, {"object", "chat.completion"}, {"created", now}, {"model", request.model}};
  body["choices"] =
      Json::array({{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", ChatFinish(reply)}}});
  if (!reply.no_usage) body["usage"] = ChatUsage(UsageOf(reply, request));
  return Dump(body);
}

// Writes the chunks of one streamed completion.
class ChatStream {
 public:
  ChatStream(const Reply& reply, const Request& request, std::string_view id, std::int64_t now)
      : reply_(reply),
        request_(request),
        id_(id),
        head_{{"id", Concat("chatcmpl-", id)},
              {"object", "chat.completion.chunk"},
              {"created", now},
              {"model", request.model}} {}

  std::vector<std::string> Events() {
    Delta({{"role", "assistant"}, {"content", ""}});
    for (const auto& piece : Fragments(reply_.reasoning, reply_.piece_chars)) Delta({{"reasoning_content", piece}});
    for (const auto& piece : Fragments(reply_.text.value_or(""), reply_.piece_chars)) Delta({{"content", piece}});
    ToolCalls();
    Chunk(Json::object(), ChatFinish(reply_));
    if (request_.usage_wanted && !reply_.no_usage) UsageChunk();
    if (!reply_.no_done) events_.emplace_back("data: [DONE]\n\n");
    return std::move(events_);
  }

 private:
  void Delta(const Json& delta) { Chunk(delta, nullptr); }

  void Chunk(const Json& delta, const Json& finish) {
    Json chunk = head_;
    chunk["choices"] = Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}});
    events_.push_back(Concat("data: ", Dump(chunk), "\n\n"));
  }

  void UsageChunk() {
    Json chunk = head_;
    chunk["choices"] = Json::array();
    chunk["usage"] = ChatUsage(UsageOf(reply_, request_));
    events_.push_back(Concat("data: ", Dump(chunk), "\n\n"));
  }

  void ToolCalls() {
    std::vector<std::vector<std::string>> pieces;
    for (const ToolCall& call : reply_.tool_calls) pieces.push_back(Fragments(Arguments(call), reply_.piece_chars));
    if (reply_.interleave) return Interleaved(pieces);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      OpenCall(i);
      for (const std::string& piece : pieces[i]) CallPiece(i, piece);
    }
  }

  void Interleaved(const std::vector<std::vector<std::string>>& pieces) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      OpenCall(i);
      most = std::max(most, pieces[i].size());
    }
    for (std::size_t turn = 0; turn < most; ++turn) {
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (turn < pieces[i].size()) CallPiece(i, pieces[i][turn]);
      }
    }
  }

  void OpenCall(std::size_t index) {
    Json call{{"index", index}};
    call.update(ChatToolCall(reply_.tool_calls[index], id_, index, ""));
    Delta({{"tool_calls", Json::array({call})}});
  }

  void CallPiece(std::size_t index, const std::string& piece) {
    Delta({{"tool_calls", Json::array({{{"index", index}, {"function", {{"arguments", piece}}}}})}});
  }

  const Reply& reply_;
  const Request& request_;
  std::string_view id_;
  Json head_;
  std::vector<std::string> events_;
};

// --- Messages -----------------------------------------------------------------------------------------------------

Json MessagesUsage(const TokenUsage& usage, std::int64_t output) {
  return {{"input_tokens", usage.input},
          {"cache_creation_input_tokens", usage.cache_write},
          {"cache_read_input_tokens", usage.cache_read},
          {"output_tokens", output}};
}

std::string Signature(std::string_view id) { return Concat("mock-signature-", id); }

// The input of a tool as a value; text that is no JSON stays text, as a broken provider would send it.
Json InputOf(const ToolCall& call) {
  Json input = Json::parse(Arguments(call), nullptr, false);
  return input.is_discarded() ? Json(call.arguments) : input;
}

Json MessagesContent(const Reply& reply, std::string_view id) {
  Json content = Json::array();
  if (!reply.reasoning.empty()) {
    content.push_back({{"type", "thinking"}, {"thinking", reply.reasoning}, {"signature", Signature(id)}});
  }
  if (reply.text.has_value() && !reply.text->empty()) content.push_back({{"type", "text"}, {"text", *reply.text}});
  for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
    const ToolCall& call = reply.tool_calls[i];
    content.push_back(
        {{"type", "tool_use"}, {"id", CallId(call, "toolu_", id, i)}, {"name", call.name}, {"input", InputOf(call)}});
  }
  return content;
}

std::string MessagesBody(const Reply& reply, const Request& request, std::string_view id) {
  const TokenUsage usage = UsageOf(reply, request);
  Json body{{"id", Concat("msg_", id)}, {"type", "message"}, {"role", "assistant"}, {"model", request.model}};
  body["content"] = MessagesContent(reply, id);
  body["stop_reason"] = MessagesFinish(reply);
  body["stop_sequence"] = nullptr;
  if (!reply.no_usage) body["usage"] = MessagesUsage(usage, usage.output);
  return Dump(body);
}

// Writes the events of one streamed message.
class MessagesStream {
 public:
  MessagesStream(const Reply& reply, const Request& request, std::string_view id)
      : reply_(reply), request_(request), id_(id), usage_(UsageOf(reply, request)) {}

  std::vector<std::string> Events() {
    Start();
    if (!reply_.reasoning.empty()) {
      Open({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
      Pieces(reply_.reasoning, "thinking_delta", "thinking");
      Delta({{"type", "signature_delta"}, {"signature", Signature(id_)}});
      Close();
    }
    if (reply_.text.has_value() && !reply_.text->empty()) {
      Open({{"type", "text"}, {"text", ""}});
      Pieces(*reply_.text, "text_delta", "text");
      Close();
    }
    for (std::size_t i = 0; i < reply_.tool_calls.size(); ++i) {
      const ToolCall& call = reply_.tool_calls[i];
      Open({{"type", "tool_use"},
            {"id", CallId(call, "toolu_", id_, i)},
            {"name", call.name},
            {"input", Json::object()}});
      Pieces(Arguments(call), "input_json_delta", "partial_json");
      Close();
    }
    Stop();
    return std::move(events_);
  }

 private:
  void Add(const std::string& type, Json fields) {
    Json event{{"type", type}};
    event.update(fields);
    events_.push_back(Concat("event: ", type, "\ndata: ", Dump(event), "\n\n"));
  }

  void Start() {
    Json message{{"id", Concat("msg_", id_)}, {"type", "message"}, {"role", "assistant"}, {"model", request_.model}};
    message["content"] = Json::array();
    message["stop_reason"] = nullptr;
    message["stop_sequence"] = nullptr;
    if (!reply_.no_usage) message["usage"] = MessagesUsage(usage_, 1);
    Add("message_start", {{"message", message}});
    Add("ping", Json::object());
  }

  void Stop() {
    Json fields{{"delta", {{"stop_reason", MessagesFinish(reply_)}, {"stop_sequence", nullptr}}}};
    if (!reply_.no_usage) fields["usage"] = MessagesUsage(usage_, usage_.output);
    Add("message_delta", fields);
    if (!reply_.no_done) Add("message_stop", Json::object());
  }

  void Open(const Json& block) { Add("content_block_start", {{"index", index_}, {"content_block", block}}); }
  void Delta(const Json& delta) { Add("content_block_delta", {{"index", index_}, {"delta", delta}}); }
  void Close() { Add("content_block_stop", {{"index", index_++}}); }

  void Pieces(const std::string& text, const char* type, const char* field) {
    for (const std::string& piece : Fragments(text, reply_.piece_chars)) Delta({{"type", type}, {field, piece}});
  }

  const Reply& reply_;
  const Request& request_;
  std::string_view id_;
  TokenUsage usage_;
  int index_ = 0;
  std::vector<std::string> events_;
};

// --- Errors -------------------------------------------------------------------------------------------------------

std::string ErrorText(Api api, const std::string& type, std::string_view message) {
  const std::string text(message);
  if (api == Api::kMessages) return Dump({{"type", "error"}, {"error", {{"type", type}, {"message", text}}}});
  return Dump({{"error", {{"message", text}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}});
}

std::string ErrorEventText(Api api, const ErrorEvent& event) {
  const std::string text = ErrorText(api, event.type, event.message);
  return Concat(api == Api::kMessages ? "event: error\ndata: " : "data: ", text, "\n\n");
}

std::vector<std::string> StreamEvents(const Reply& reply, const Request& request, std::string_view id,
                                      std::int64_t now) {
  if (reply.raw.has_value()) return {*reply.raw};
  std::vector<std::string> events = request.api == Api::kChat ? ChatStream(reply, request, id, now).Events()
                                                              : MessagesStream(reply, request, id).Events();
  if (!reply.error_event.has_value()) return events;
  events.resize(std::min(events.size(), static_cast<std::size_t>(reply.error_event->after)));
  events.push_back(ErrorEventText(request.api, *reply.error_event));
  return events;
}

std::vector<std::string> CutToSize(const std::string& bytes, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += size) pieces.push_back(bytes.substr(at, size));
  return pieces;
}

}  // namespace

std::vector<std::string> Fragments(std::string_view text, std::int64_t piece_chars) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    const std::size_t length = i - begin;
    const bool full = piece_chars > 0 ? length >= static_cast<std::size_t>(piece_chars)
                                      : length >= 12 || (i < text.size() && text[i] == ' ');
    if (i < text.size() && (!full || IsContinuationByte(text[i]))) continue;
    pieces.emplace_back(text.substr(begin, length));
    begin = i;
  }
  return pieces;
}

Rendering RenderError(Api api, int status, std::string_view message) {
  Rendering rendering;
  rendering.status = status;
  rendering.headers.emplace_back("content-type", "application/json");
  rendering.body = ErrorText(api, std::string(ErrorTypeForStatus(status)), message);
  return rendering;
}

Rendering Render(const Reply& reply, const Request& request, std::string_view id, std::int64_t now) {
  Rendering rendering;
  rendering.status = reply.status;
  rendering.stream = reply.raw.has_value() || (request.stream && reply.status == 200 && !reply.body.has_value());
  if (rendering.stream) {
    rendering.events = StreamEvents(reply, request, id, now);
  } else if (reply.body.has_value()) {
    rendering.body = *reply.body;
  } else if (reply.status != 200) {
    rendering.body =
        RenderError(request.api, reply.status, Concat("the mock provider was told to answer ", reply.status)).body;
  } else {
    rendering.body = request.api == Api::kChat ? ChatBody(reply, request, id, now) : MessagesBody(reply, request, id);
  }
  const std::string usual = rendering.stream ? "text/event-stream; charset=utf-8" : "application/json";
  rendering.headers.emplace_back("content-type", reply.content_type.empty() ? usual : reply.content_type);
  for (const auto& [name, value] : reply.headers) rendering.headers.emplace_back(name, value);
  return rendering;
}

Delivery PlanDelivery(const Reply& reply, const Rendering& rendering, std::int64_t tokens_per_second) {
  Delivery delivery;
  delivery.head_delay = std::chrono::milliseconds(reply.delay_ms);
  if (reply.hang) {
    delivery.head = false;
    delivery.end = Delivery::End::kHang;
    return delivery;
  }
  std::vector<std::string> pieces = rendering.stream ? rendering.events : std::vector<std::string>{rendering.body};
  const auto stop_after = [&](const std::optional<std::int64_t>& limit, Delivery::End end) {
    if (!limit.has_value() || static_cast<std::size_t>(*limit) >= pieces.size()) return;
    pieces.resize(static_cast<std::size_t>(*limit));
    delivery.end = end;
  };
  stop_after(reply.cut_after_events, Delivery::End::kCut);
  stop_after(reply.hang_after_events, Delivery::End::kHang);

  if (reply.cut_after_bytes.has_value()) {
    const auto limit = static_cast<std::size_t>(*reply.cut_after_bytes);
    std::string kept;
    for (const std::string& piece : pieces) kept += piece;
    if (limit < kept.size()) {
      delivery.head = limit > 0;
      delivery.end = Delivery::End::kCut;
      kept.resize(limit);
      pieces = {kept};
    }
  }
  if (reply.write_bytes > 0) {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    pieces = CutToSize(all, static_cast<std::size_t>(reply.write_bytes));
  }
  delivery.whole = !rendering.stream && delivery.end == Delivery::End::kComplete && reply.write_bytes == 0;

  const bool paced = rendering.stream && reply.event_delay_ms == 0 && tokens_per_second > 0;
  const std::chrono::microseconds delay(paced ? kMicrosPerSecond / tokens_per_second : reply.event_delay_ms * 1'000);
  for (std::string& piece : pieces) delivery.writes.push_back({delay, std::move(piece)});
  return delivery;
}

}  // namespace ccp::mock
