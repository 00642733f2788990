#include "edge/translate/messages_request.h"

#include <algorithm>
#include <forward_list>
#include <string_view>
#include <vector>

#include "common/base/text.h"

namespace ccp::translate {
namespace {

using json::Type;
using json::Value;

// The way to a value, as Anthropic writes it: messages.0.content.1.text. Pieces stand on the stack until an error needs
// them.
class Path {
 public:
  explicit Path(std::string_view name) : name_(name) {}
  Path(const Path& parent, std::string_view name) : parent_(&parent), name_(name) {}
  Path(const Path& parent, std::size_t index) : parent_(&parent), index_(index) {}

  std::string str() const {
    const std::string own = name_.empty() ? std::to_string(index_) : std::string(name_);
    return parent_ == nullptr ? own : Concat(parent_->str(), ".", own);
  }

 private:
  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
};

using Check = std::optional<RequestError>;

RequestError Wrong(const Path& path, std::string_view what) { return InvalidRequest(Concat(path.str(), ": ", what)); }
RequestError Missing(const Path& path) { return Wrong(path, "Field required"); }

// An explicit null is an absent member throughout the Messages API.
Value Given(Value value) { return value.is_null() ? Value() : value; }

std::string_view WantOf(Type type) {
  switch (type) {
    case Type::kString:
      return "Input should be a valid string";
    case Type::kArray:
      return "Input should be a valid list";
    case Type::kObject:
      return "Input should be a valid dictionary";
    case Type::kNumber:
      return "Input should be a valid number";
    case Type::kBool:
      return "Input should be a valid boolean";
    case Type::kNull:
    case Type::kAbsent:
      break;
  }
  return "Input should be null";
}

// `key` of `object` has `type` if it is there at all.
Check MayBe(Value object, std::string_view key, Type type, const Path& parent) {
  const Value value = object[key];
  if (value.type() == type || value.absent_or_null()) return {};
  return Wrong(Path(parent, key), WantOf(type));
}

Check MustBe(Value object, std::string_view key, Type type, const Path& parent) {
  const Value value = object[key];
  if (value.type() == type) return {};
  return value.absent_or_null() ? Missing(Path(parent, key)) : Wrong(Path(parent, key), WantOf(type));
}

// What each known block must have. Blocks of other types are let through: the translator knows what to do with them.
struct BlockField {
  std::string_view block;
  std::string_view field;
  Type type;
  enum class Need : std::uint8_t { kRequired, kOptional } need;
};
constexpr auto kRequired = BlockField::Need::kRequired;
constexpr auto kOptional = BlockField::Need::kOptional;
constexpr BlockField kBlockFields[] = {
    {"text", "text", Type::kString, kRequired},          {"image", "source", Type::kObject, kRequired},
    {"document", "source", Type::kObject, kRequired},    {"document", "title", Type::kString, kOptional},
    {"tool_use", "id", Type::kString, kRequired},        {"tool_use", "name", Type::kString, kRequired},
    {"tool_use", "input", Type::kObject, kRequired},     {"tool_result", "tool_use_id", Type::kString, kRequired},
    {"tool_result", "is_error", Type::kBool, kOptional}, {"thinking", "thinking", Type::kString, kRequired},
    {"thinking", "signature", Type::kString, kOptional}, {"redacted_thinking", "data", Type::kString, kRequired},
};

enum class Nesting : std::uint8_t { kMessage, kToolResult };

Check CheckContent(Value content, const Path& path, Nesting nesting);

Check CheckSource(Value source, const Path& path) {
  if (auto error = MustBe(source, "type", Type::kString, path)) return error;
  const Value type = source["type"];
  if (type.is("base64")) {
    if (auto error = MustBe(source, "media_type", Type::kString, path)) return error;
    return MustBe(source, "data", Type::kString, path);
  }
  if (type.is("url")) return MustBe(source, "url", Type::kString, path);
  if (type.is("text")) return MustBe(source, "data", Type::kString, path);
  if (type.is("content")) return CheckContent(source["content"], Path(path, "content"), Nesting::kToolResult);
  return {};
}

Check CheckBlock(Value block, const Path& path, Nesting nesting) {
  if (!block.is_object()) return Wrong(path, WantOf(Type::kObject));
  const Value given_type = block["type"];
  if (!given_type.is_string()) return MustBe(block, "type", Type::kString, path);
  const std::string_view type = given_type.escaped();
  for (const BlockField& row : kBlockFields) {
    if (row.block != type) continue;
    const auto check = row.need == kRequired ? MustBe : MayBe;
    if (auto error = check(block, row.field, row.type, path)) return error;
  }
  if (type == "image" || type == "document") return CheckSource(block["source"], Path(path, "source"));
  if (type == "tool_result" && nesting == Nesting::kMessage && Given(block["content"])) {
    return CheckContent(block["content"], Path(path, "content"), Nesting::kToolResult);
  }
  return {};
}

Check CheckContent(Value content, const Path& path, Nesting nesting) {
  if (!Given(content)) return Missing(path);
  if (content.is_string()) return {};
  if (!content.is_array()) return Wrong(path, "Input should be a valid string or a list of content blocks");
  std::size_t index = 0;
  for (const Value block : content.elements()) {
    if (auto error = CheckBlock(block, Path(path, index++), nesting)) return error;
  }
  return {};
}

bool IsRole(Value role) { return role.is("user") || role.is("assistant") || role.is("system"); }

Check CheckMessage(Value message, const Path& path) {
  if (!message.is_object()) return Wrong(path, WantOf(Type::kObject));
  const Value role = message["role"];
  if (role.absent_or_null()) return Missing(Path(path, "role"));
  if (!IsRole(role)) return Wrong(Path(path, "role"), R"(Input should be "user", "assistant" or "system")");
  return CheckContent(message["content"], Path(path, "content"), Nesting::kMessage);
}

Check CheckMessages(Value messages) {
  const Path path("messages");
  if (!messages) return Missing(path);
  if (!messages.is_array()) return Wrong(path, WantOf(Type::kArray));
  if (messages.empty()) return Wrong(path, "at least one message is required");
  std::size_t index = 0;
  for (const Value message : messages.elements()) {
    if (auto error = CheckMessage(message, Path(path, index++))) return error;
  }
  return {};
}

Check CheckSystem(Value system) {
  if (!system || system.is_string()) return {};
  return CheckContent(system, Path("system"), Nesting::kToolResult);
}

Check CheckTool(Value tool, const Path& path) {
  if (!tool.is_object()) return Wrong(path, WantOf(Type::kObject));
  if (auto error = MayBe(tool, "type", Type::kString, path)) return error;
  // A toolset carries no name: its type says which tools it stands for.
  const bool is_toolset = tool["type"].escaped().find("toolset") != std::string_view::npos;
  if (auto error = (is_toolset ? MayBe : MustBe)(tool, "name", Type::kString, path)) return error;
  if (!is_toolset && tool["name"].escaped().empty()) {
    return Wrong(Path(path, "name"), "String should have at least 1 character");
  }
  if (auto error = MayBe(tool, "description", Type::kString, path)) return error;
  return MayBe(tool, "input_schema", Type::kObject, path);
}

Check CheckTools(Value tools) {
  const Path path("tools");
  if (!tools) return {};
  if (!tools.is_array()) return Wrong(path, WantOf(Type::kArray));
  std::size_t index = 0;
  for (const Value tool : tools.elements()) {
    if (auto error = CheckTool(tool, Path(path, index++))) return error;
  }
  return {};
}

Check CheckToolChoice(Value choice) {
  const Path path("tool_choice");
  if (!choice) return {};
  if (!choice.is_object()) return Wrong(path, WantOf(Type::kObject));
  if (auto error = MustBe(choice, "type", Type::kString, path)) return error;
  const Value type = choice["type"];
  if (type.is("tool")) return MustBe(choice, "name", Type::kString, path);
  if (type.is("auto") || type.is("any") || type.is("none")) return {};
  return Wrong(Path(path, "type"), R"(Input should be "auto", "any", "tool" or "none")");
}

Check CheckThinking(Value thinking) {
  if (!thinking) return {};
  if (!thinking.is_object()) return Wrong(Path("thinking"), WantOf(Type::kObject));
  return MustBe(thinking, "type", Type::kString, Path("thinking"));
}

Check CheckStopSequences(Value stops) {
  if (!stops) return {};
  const Path path("stop_sequences");
  if (!stops.is_array()) return Wrong(path, WantOf(Type::kArray));
  std::size_t index = 0;
  for (const Value stop : stops.elements()) {
    const Path own(path, index++);
    if (!stop.is_string()) return Wrong(own, WantOf(Type::kString));
  }
  return {};
}

constexpr std::size_t kUsualFields = 16;

// Two members of one name: a router could read one and the upstream the other.
Check CheckKeysAreUnique(Value root) {
  std::vector<std::string_view> keys;
  std::forward_list<std::string> unescaped;  // Keys with escapes, which hardly anyone sends.
  keys.reserve(kUsualFields);
  for (const auto& [key, value] : root.members()) {
    const bool plain = key.escaped().find('\\') == std::string_view::npos;
    keys.push_back(plain ? key.escaped() : unescaped.emplace_front(key.str()));
  }
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  return InvalidRequest(Concat(twice->substr(0, 64), ": the field is given more than once"));
}

struct TopField {
  std::string_view name;
  Type type;
};
constexpr TopField kTopFields[] = {
    {"temperature", Type::kNumber},   {"top_p", Type::kNumber},         {"top_k", Type::kNumber},
    {"stream", Type::kBool},          {"metadata", Type::kObject},      {"service_tier", Type::kString},
    {"output_config", Type::kObject}, {"output_format", Type::kObject},
};

Check CheckTopFields(Value root) {
  for (const TopField& field : kTopFields) {
    const Value value = Given(root[field.name]);
    if (value && value.type() != field.type) return Wrong(Path(field.name), WantOf(field.type));
  }
  return {};
}

bool HasImage(Value content) {
  for (const Value block : content.elements()) {
    if (block["type"].is("image")) return true;
    if (block["type"].is("tool_result") && HasImage(block["content"])) return true;
  }
  return false;
}

// Whether an image stands behind the last assistant turn: older ones were answered already.
bool NewestTurnHasImage(Value messages) {
  bool found = false;
  for (const Value message : messages.elements()) {
    if (message["role"].is("assistant")) {
      found = false;
    } else {
      found = found || HasImage(message["content"]);
    }
  }
  return found;
}

}  // namespace

// Fills a request from its body, or says what is wrong with it.
class RequestValidator {
 public:
  explicit RequestValidator(MessagesRequest& request) : request_(request) {}

  Check Read(MessagesRequest::Endpoint endpoint) {
    if (const absl::Status status = request_.document_.Parse(request_.body_); !status.ok()) {
      return InvalidRequest(Concat("The request body is ", Message(status)));
    }
    const Value root = request_.document_.root();
    if (!root.is_object()) return InvalidRequest("The request body should be a JSON object");
    if (auto error = CheckKeysAreUnique(root)) return error;
    if (auto error = ReadModel(root)) return error;
    if (auto error = ReadMaxTokens(root, endpoint)) return error;
    return ReadRest(root);
  }

 private:
  Check ReadModel(Value root) {
    request_.model_value_ = Given(root["model"]);
    if (!request_.model_value_) return Missing(Path("model"));
    if (!request_.model_value_.is_string()) return Wrong(Path("model"), WantOf(Type::kString));
    request_.model_ = request_.model_value_.str();
    if (request_.model_.empty()) return Wrong(Path("model"), "String should have at least 1 character");
    return {};
  }

  Check ReadMaxTokens(Value root, MessagesRequest::Endpoint endpoint) {
    const Path path("max_tokens");
    const Value value = Given(root["max_tokens"]);
    if (!value && endpoint == MessagesRequest::Endpoint::kCountTokens) return {};
    if (!value) return Missing(path);
    request_.max_tokens_value_ = value;
    request_.max_tokens_ = value.integer();
    if (!request_.max_tokens_) return Wrong(path, "Input should be a valid integer");
    if (*request_.max_tokens_ < 0) return Wrong(path, "Input should be greater than or equal to 0");
    return {};
  }

  Check ReadRest(Value root) {
    request_.system_ = Given(root["system"]);
    request_.messages_ = Given(root["messages"]);
    request_.tools_ = Given(root["tools"]);
    request_.thinking_ = Given(root["thinking"]);
    request_.stream_ = root["stream"].boolean().value_or(false);
    if (auto error = CheckMessages(request_.messages_)) return error;
    if (auto error = CheckSystem(request_.system_)) return error;
    if (auto error = CheckTools(request_.tools_)) return error;
    if (auto error = CheckToolChoice(Given(root["tool_choice"]))) return error;
    if (auto error = CheckThinking(request_.thinking_)) return error;
    if (auto error = CheckStopSequences(Given(root["stop_sequences"]))) return error;
    return CheckTopFields(root);
  }

  MessagesRequest& request_;
};

Result<std::unique_ptr<const MessagesRequest>> MessagesRequest::Parse(std::string body, Endpoint endpoint) {
  std::unique_ptr<MessagesRequest> request(new MessagesRequest);
  request->body_ = std::move(body);
  if (auto error = RequestValidator(*request).Read(endpoint)) return *std::move(error);
  return std::unique_ptr<const MessagesRequest>(std::move(request));
}

bool MessagesRequest::thinking_enabled() const {
  const Value type = thinking_["type"];
  return type.is("enabled") || type.is("adaptive");
}

bool MessagesRequest::omit_thinking_text() const { return thinking_["display"].is("omitted"); }

route::Facts MessagesRequest::facts() const {
  route::Facts facts;
  facts.model = model_;
  facts.stream = stream_;
  facts.thinking = thinking_enabled();
  facts.image = NewestTurnHasImage(messages_);
  facts.max_tokens = max_tokens_.value_or(0);
  facts.user = root()["metadata"]["user_id"].str();
  for (const Value tool : tools_.elements()) {
    if (tool["type"].escaped().starts_with("web_search_")) facts.web_search = true;
    if (tool["name"].is_string()) facts.tools.push_back(tool["name"].str());
  }
  return facts;
}

}  // namespace ccp::translate
