#include "edge/translate/chat_request.h"

#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/chat_context.h"
#include "edge/translate/chat_messages.h"
#include "edge/translate/chat_parameters.h"
#include "edge/translate/chat_thinking.h"
#include "edge/translate/chat_tools.h"

namespace ccp::translate {
namespace {

// What translation adds at most in the usual case: one allocation for the whole body.
constexpr std::size_t kUsualGrowth = 4096;

// Members that extra_body cannot take over: the edge reads the answer by them.
bool IsOurs(json::Value key) {
  return key.is("model") || key.is("messages") || key.is("stream") || key.is("stream_options");
}

void WriteStream(ChatBody& body, const ChatContext& context, bool& streams) {
  const bool wanted = context.request.stream() || context.model.always_stream || context.streams_to_think;
  streams = wanted && context.model.can_stream;
  body.BeginAlways("stream");
  json::AppendBool(body.out(), streams);
  if (!streams || !context.dialect.stream_usage) return;
  body.BeginAlways("stream_options");
  body.out() += R"({"include_usage":true})";
}

void WritePrefillSwitch(ChatBody& body, const ChatContext& context) {
  if (!context.ends_with_prefill || context.dialect.prefill != Dialect::Prefill::kContinueFinalMessage) return;
  body.Add("add_generation_prompt", "false");
  body.Add("continue_final_message", "true");
}

void WriteExtraBody(ChatBody& body, json::Value extra_body) {
  for (const auto& [key, value] : extra_body.members()) {
    if (value.is_null() || IsOurs(key)) continue;
    body.BeginAlways(key.escaped());
    body.out() += value.raw();
  }
}

MaybeError WriteBody(ChatBody& body, ChatContext& context, ChatRequest& result) {
  body.BeginAlways("model");
  json::AppendString(body.out(), context.model.upstream_name);
  body.BeginAlways("messages");
  if (auto error = AppendMessages(body.out(), context)) return error;
  const std::size_t messages_end = body.out().size() - 1;  // In front of the bracket.
  const Result<ToolForce> force = WriteTools(body, context);
  if (!force.ok()) return force.error();
  if (context.echoes_search) result.messages_end = messages_end;
  if (auto error = WriteParameters(body, context)) return error;
  WriteThinking(body, context, *force);
  WritePrefillSwitch(body, context);
  WriteStream(body, context, result.stream);
  return {};
}

}  // namespace

Result<ChatRequest> ToChatRequest(const MessagesRequest& request, const ChatRequestOptions& options) {
  const Dialect& dialect = DialectForModel(*options.dialect, options.model->upstream_name);
  json::Document extra_body;  // Checked when the configuration was loaded; anything else is as good as none.
  const std::string& extra_body_json = options.model->extra_body_json;
  if (!extra_body_json.empty() && !extra_body.Parse(extra_body_json).ok()) extra_body = json::Document();

  ChatContext context{request,
                      *options.model,
                      dialect,
                      options,
                      TokenCopier(request.document()),
                      UpstreamToolNames(request.tools(), dialect.max_tool_name),
                      {},
                      {}};
  context.schema_instruction = SchemaInstruction(request, dialect);
  ChatRequest result;
  result.body.reserve(request.body().size() + request.body().size() / 8 + kUsualGrowth);
  ChatBody body(result.body, extra_body.root());
  if (auto error = WriteBody(body, context, result)) return *std::move(error);
  WriteExtraBody(body, extra_body.root());
  result.body += '}';

  if (!context.tool_names.changed().empty()) context.losses.Add("tool_name_changed");
  result.tool_names = context.tool_names.changed();
  result.stops_here = std::move(context.stops_here);
  result.callable = std::move(context.callable);
  result.web_search = context.web_search;
  result.losses = std::move(context.losses);
  return result;
}

void AddMessages(ChatRequest& chat, std::string_view messages) {
  chat.body.insert(chat.messages_end, Concat(",", messages));
  chat.messages_end += messages.size() + 1;
}

}  // namespace ccp::translate
