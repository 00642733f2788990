#include "edge/translate/chat_parameters.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/model_family.h"
#include "edge/translate/schema.h"

namespace ccp::translate {
namespace {

using json::Value;

constexpr std::size_t kMaxUserLength = 64;  // OpenAI's limit; SHA-256 in hex is just as long.

Value Given(Value value) { return value.is_null() ? Value() : value; }

// output_config.format, or output_format of the beta before it.
Value AnswerFormat(const MessagesRequest& request) {
  const Value format = Given(request.root()["output_config"]["format"]);
  return format ? format : Given(request.root()["output_format"]);
}

class ParametersWriter {
 public:
  ParametersWriter(ChatBody& body, ChatContext& context) : body_(body), context_(context) {}

  MaybeError Write() {
    if (auto error = WriteTokenLimit()) return error;
    WriteStop();
    WriteSampling();
    WriteUser();
    WriteServiceTier();
    WriteAnswerFormat();
    NoteDroppedFields();
    return {};
  }

 private:
  Value Field(std::string_view name) const { return Given(context_.request.root()[name]); }

  MaybeError WriteTokenLimit() {
    const auto asked = context_.request.max_tokens();
    if (!asked) return {};
    if (*asked == 0) {
      return InvalidRequest(Concat("max_tokens: model ", context_.model.name,
                                   " cannot warm a cache without an answer; ask for at least 1 token"));
    }
    const std::int64_t limit = std::min(*asked, context_.model.max_tokens.value_or(*asked));
    if (limit < *asked) context_.losses.Add("max_tokens_capped");
    if (body_.IsTaken("max_tokens") || body_.IsTaken("max_completion_tokens")) return {};  // Two limits are refused.
    const bool completion = context_.dialect.token_limit == Dialect::TokenLimit::kMaxCompletionTokens;
    body_.Add(completion ? "max_completion_tokens" : "max_tokens", Concat(limit));
    return {};
  }

  void WriteStop() {
    if (body_.IsTaken("stop")) return;
    std::string stops;
    std::size_t count = 0;
    for (const Value stop : Field("stop_sequences").elements()) {
      if (stop.escaped().empty()) continue;  // Stops nothing, and is refused.
      if (count++ < context_.dialect.max_stop_sequences) {
        if (!stops.empty()) stops += ',';
        context_.copier.Append(stops, stop.raw());
      } else {
        context_.stops_here.push_back(stop.str());
        context_.losses.Add("stop_sequences_cut");
      }
    }
    if (!stops.empty()) body_.Add("stop", Concat("[", stops, "]"));
  }

  void WriteSampling() {
    WriteTemperature();
    if (const Value top_p = Field("top_p")) WriteUnlessRefused("top_p", top_p);
    if (const Value top_k = Field("top_k")) {
      if (context_.dialect.top_k) {
        body_.Add("top_k", top_k.raw());
      } else {
        context_.losses.Add("top_k_dropped");
      }
    }
  }

  void WriteTemperature() {
    if (const Value temperature = Field("temperature")) return WriteUnlessRefused("temperature", temperature);
    if (!context_.model.temperature || !body_.Begin("temperature")) return;
    json::AppendNumber(body_.out(), *context_.model.temperature);
  }

  // Kimi's thinking models refuse any temperature but their own.
  bool RefusesSampling() const {
    if (context_.dialect.thinking != Dialect::Thinking::kKimi) return context_.dialect.drop_sampling;
    return KimiThinkingOf(context_.model.upstream_name) != KimiThinking::kNever;
  }

  // Where sampling is refused, 1 is what the model does anyway.
  void WriteUnlessRefused(std::string_view key, Value number) {
    if (!RefusesSampling()) return body_.Add(key, number.raw());
    if (number.number() != 1.0) context_.losses.Add("sampling_dropped");
  }

  void WriteUser() {
    const Value user = Field("metadata")["user_id"];
    if (!user.is_string() || user.escaped().empty()) return;
    if (!context_.dialect.user) return context_.losses.Add("user_dropped");
    const std::string name = user.str();
    body_.Add("user", json::Quoted(name.size() > kMaxUserLength ? Hex(Sha256(name)) : name));
  }

  void WriteServiceTier() {
    const Value tier = Field("service_tier");
    if (!tier) return;
    if (!context_.dialect.service_tier) return context_.losses.Add("service_tier_dropped");
    if (tier.is("auto")) body_.Add("service_tier", R"("auto")");
    if (tier.is("standard_only")) body_.Add("service_tier", R"("default")");
  }

  void WriteAnswerFormat() {
    const Value format = AnswerFormat(context_.request);
    if (!format["type"].is("json_schema") || !format["schema"].is_object()) return;
    if (!context_.dialect.json_schema) {
      context_.losses.Add("json_schema_downgraded");
      return body_.Add("response_format", R"({"type":"json_object"})");
    }
    if (!body_.Begin("response_format")) return;
    std::string& out = body_.out();
    out += R"({"type":"json_schema","json_schema":{"name":"structured_output","schema":)";
    const auto change = AppendAnswerSchema(out, format["schema"], context_.dialect.schema, context_.copier);
    if (change == SchemaChange::kReduced) context_.losses.Add("tool_schema_reduced");
    // Strict only where the schema complies as it is: rewriting `required` would change what it means.
    if (change == SchemaChange::kNone && MeetsStrict(format["schema"])) out += R"(,"strict":true)";
    out += "}}";
  }

  void NoteDroppedFields() {
    if (Field("cache_control")) context_.losses.Add("cache_control_dropped");
    if (!Field("mcp_servers").empty() && Field("mcp_servers").is_array()) context_.losses.Add("mcp_servers_dropped");
    if (Field("container")) context_.losses.Add("container_dropped");
    for (const Value edit : Field("context_management")["edits"].elements()) {
      if (!edit["keep"].is("all")) context_.losses.Add("context_management_dropped");
    }
  }

  ChatBody& body_;
  ChatContext& context_;
};

}  // namespace

MaybeError WriteParameters(ChatBody& body, ChatContext& context) { return ParametersWriter(body, context).Write(); }

std::string SchemaInstruction(const MessagesRequest& request, const Dialect& dialect) {
  const Value format = AnswerFormat(request);
  if (dialect.json_schema || !format["type"].is("json_schema") || !format["schema"].is_object()) return "";
  std::string out = "Answer with one JSON object and nothing else. It must satisfy this JSON Schema: ";
  TokenCopier(request.document()).AppendEncoded(out, format["schema"].raw());
  return out;
}

}  // namespace ccp::translate
