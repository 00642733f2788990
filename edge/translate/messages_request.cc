#include "edge/translate/messages_request.h"

#include <algorithm>
#include <forward_list>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/json/member_reader.h"
#include "common/messages/block.h"
#include "common/messages/message.h"

namespace ccp::translate {
namespace {

using json::Type;
using json::Value;
using messages::Block;
using messages::BlockType;

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

enum class Need : std::uint8_t { kRequired, kOptional };

// `value`: the member `key` of what stands at `parent`.
Check Is(Value value, Type type, Need need, std::string_view key, const Path& parent) {
  if (value.type() == type) return {};
  if (!value.absent_or_null()) return Wrong(Path(parent, key), WantOf(type));
  return need == Need::kRequired ? Missing(Path(parent, key)) : Check();
}

Check MayBe(Value object, std::string_view key, Type type, const Path& parent) {
  return Is(object[key], type, Need::kOptional, key, parent);
}

Check MustBe(Value object, std::string_view key, Type type, const Path& parent) {
  return Is(object[key], type, Need::kRequired, key, parent);
}

bool IsRole(Value role) { return role.is("user") || role.is("assistant") || role.is("system"); }

// Checks the messages, and notes on the way what routing wants to know of them.
class MessagesChecker {
 public:
  enum class Nesting : std::uint8_t { kMessage, kToolResult };

  // Whether an image stands behind the last assistant turn: older ones were answered already.
  bool newest_turn_has_image() const { return image_seen_; }

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

 private:
  Check CheckMessage(Value value, const Path& path) {
    if (!value.is_object()) return Wrong(path, WantOf(Type::kObject));
    const messages::Message message = messages::ReadMessage(value);
    if (message.role.absent_or_null()) return Missing(Path(path, "role"));
    if (!IsRole(message.role)) return Wrong(Path(path, "role"), R"(Input should be "user", "assistant" or "system")");
    auto error = CheckContent(message.content, Path(path, "content"), Nesting::kMessage);
    if (message.role.is("assistant")) image_seen_ = false;
    return error;
  }

  Check CheckBlock(Value value, const Path& path, Nesting nesting) {
    if (!value.is_object()) return Wrong(path, WantOf(Type::kObject));
    const Block block(value);
    if (!block.type_name().is_string()) return Is(block.type_name(), Type::kString, Need::kRequired, "type", path);
    // Blocks of other types are let through: the translator knows what to do with them.
    switch (block.type()) {
      case BlockType::kText:
        return MustBe(value, "text", Type::kString, path);
      case BlockType::kImage:
        image_seen_ = true;
        return CheckSource(value, path);
      case BlockType::kDocument:
        return CheckDocument(value, path);
      case BlockType::kToolUse:
        return CheckToolUse(value, path);
      case BlockType::kToolResult:
        return CheckToolResult(block, path, nesting);
      case BlockType::kThinking:
        if (auto error = MustBe(value, "thinking", Type::kString, path)) return error;
        return MayBe(value, "signature", Type::kString, path);
      case BlockType::kRedactedThinking:
        return MustBe(value, "data", Type::kString, path);
      case BlockType::kServerToolUse:
      case BlockType::kOther:
        break;
    }
    return {};
  }

  static Check CheckToolUse(Value block, const Path& path) {
    if (auto error = MustBe(block, "id", Type::kString, path)) return error;
    if (auto error = MustBe(block, "name", Type::kString, path)) return error;
    return MustBe(block, "input", Type::kObject, path);
  }

  Check CheckToolResult(const Block& block, const Path& path, Nesting nesting) {
    if (auto error = MustBe(block.value(), "tool_use_id", Type::kString, path)) return error;
    if (auto error = MayBe(block.value(), "is_error", Type::kBool, path)) return error;
    const Value content = Given(block.content());
    if (nesting == Nesting::kToolResult || !content) return {};
    return CheckContent(content, Path(path, "content"), Nesting::kToolResult);
  }

  Check CheckDocument(Value block, const Path& path) {
    if (auto error = MustBe(block, "source", Type::kObject, path)) return error;
    if (auto error = MayBe(block, "title", Type::kString, path)) return error;
    return CheckSource(block, path);
  }

  // `block`: of an image or a document.
  Check CheckSource(Value block, const Path& block_path) {
    if (auto error = MustBe(block, "source", Type::kObject, block_path)) return error;
    const Value source = block["source"];
    const Path path(block_path, "source");
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

  bool image_seen_ = false;
};

Check CheckSystem(Value system) {
  if (!system || system.is_string()) return {};
  return MessagesChecker().CheckContent(system, Path("system"), MessagesChecker::Nesting::kToolResult);
}

Check CheckTool(Value tool, const Path& path) {
  if (!tool.is_object()) return Wrong(path, WantOf(Type::kObject));
  const Value type = tool["type"];
  if (auto error = Is(type, Type::kString, Need::kOptional, "type", path)) return error;
  // A toolset carries no name: its type says which tools it stands for.
  const bool is_toolset = type.escaped().find("toolset") != std::string_view::npos;
  const Value name = tool["name"];
  if (auto error = Is(name, Type::kString, is_toolset ? Need::kOptional : Need::kRequired, "name", path)) return error;
  if (!is_toolset && name.escaped().empty()) {
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

enum Top : std::size_t {
  kModel,
  kMaxTokens,
  kSystem,
  kMessages,
  kTools,
  kToolChoice,
  kThinking,
  kStopSequences,
  kStream,
  kTemperature,
  kTopP,
  kTopK,
  kMetadata,
  kServiceTier,
  kOutputConfig,
  kOutputFormat,
  kTopMembers
};
using TopReader = json::MemberReader<kTopMembers>;
constexpr TopReader kTopReader({"model", "max_tokens", "system", "messages", "tools", "tool_choice", "thinking",
                                "stop_sequences", "stream", "temperature", "top_p", "top_k", "metadata", "service_tier",
                                "output_config", "output_format"});
using TopMembers = TopReader::Found;

// Those of which nothing but the type is checked.
struct TopField {
  std::string_view name;
  Top member;
  Type type;
};
constexpr TopField kTopFields[] = {
    {"temperature", kTemperature, Type::kNumber},
    {"top_p", kTopP, Type::kNumber},
    {"top_k", kTopK, Type::kNumber},
    {"stream", kStream, Type::kBool},
    {"metadata", kMetadata, Type::kObject},
    {"service_tier", kServiceTier, Type::kString},
    {"output_config", kOutputConfig, Type::kObject},
    {"output_format", kOutputFormat, Type::kObject},
};

Check CheckTopFields(const TopMembers& top) {
  for (const TopField& field : kTopFields) {
    const Value value = Given(top[field.member]);
    if (value && value.type() != field.type) return Wrong(Path(field.name), WantOf(field.type));
  }
  return {};
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
    const TopMembers top = kTopReader.Read(root);
    if (auto error = ReadModel(top)) return error;
    if (auto error = ReadMaxTokens(top, endpoint)) return error;
    return ReadRest(top);
  }

 private:
  Check ReadModel(const TopMembers& top) {
    request_.model_value_ = Given(top[kModel]);
    if (!request_.model_value_) return Missing(Path("model"));
    if (!request_.model_value_.is_string()) return Wrong(Path("model"), WantOf(Type::kString));
    request_.model_ = request_.model_value_.str();
    if (request_.model_.empty()) return Wrong(Path("model"), "String should have at least 1 character");
    return {};
  }

  Check ReadMaxTokens(const TopMembers& top, MessagesRequest::Endpoint endpoint) {
    const Path path("max_tokens");
    const Value value = Given(top[kMaxTokens]);
    if (!value && endpoint == MessagesRequest::Endpoint::kCountTokens) return {};
    if (!value) return Missing(path);
    request_.max_tokens_value_ = value;
    request_.max_tokens_ = value.integer();
    if (!request_.max_tokens_) return Wrong(path, "Input should be a valid integer");
    if (*request_.max_tokens_ < 0) return Wrong(path, "Input should be greater than or equal to 0");
    return {};
  }

  Check ReadRest(const TopMembers& top) {
    request_.system_ = Given(top[kSystem]);
    request_.messages_ = Given(top[kMessages]);
    request_.tools_ = Given(top[kTools]);
    request_.thinking_ = Given(top[kThinking]);
    request_.stream_ = top[kStream].boolean().value_or(false);
    MessagesChecker checker;
    if (auto error = checker.CheckMessages(request_.messages_)) return error;
    request_.newest_turn_has_image_ = checker.newest_turn_has_image();
    if (auto error = CheckSystem(request_.system_)) return error;
    if (auto error = CheckTools(request_.tools_)) return error;
    if (auto error = CheckToolChoice(Given(top[kToolChoice]))) return error;
    if (auto error = CheckThinking(request_.thinking_)) return error;
    if (auto error = CheckStopSequences(Given(top[kStopSequences]))) return error;
    return CheckTopFields(top);
  }

  MessagesRequest& request_;
};

Result<std::unique_ptr<MessagesRequest>> MessagesRequest::Parse(std::string body, Endpoint endpoint) {
  std::unique_ptr<MessagesRequest> request(new MessagesRequest);
  request->body_ = std::move(body);
  if (auto error = RequestValidator(*request).Read(endpoint)) return *std::move(error);
  return request;
}

bool MessagesRequest::thinking_enabled() const {
  const Value type = thinking_["type"];
  return type.is("enabled") || type.is("adaptive");
}

bool MessagesRequest::omit_thinking_text() const { return thinking_["display"].is("omitted"); }

route::Facts MessagesRequest::facts() const {
  route::Facts facts;
  facts.model = model_;
  facts.thinking = thinking_enabled();
  facts.image = newest_turn_has_image_;
  facts.user = root()["metadata"]["user_id"].str();
  facts.tools.reserve(tools_.size());
  for (const Value tool : tools_.elements()) {
    if (tool["type"].escaped().starts_with("web_search_")) facts.web_search = true;
    if (const Value name = tool["name"]; name.is_string()) facts.tools.push_back(name.str());
  }
  return facts;
}

}  // namespace ccp::translate
