#include "tools/mock_provider/script.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/text.h"

namespace ccp::mock {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;

// --- YAML to JSON -------------------------------------------------------------------------------------------------

Json ScalarOf(const YAML::Node& node) {
  if (node.Tag() == "!") return node.Scalar();  // Quoted: text, whatever it looks like.
  const Json value = Json::parse(node.Scalar(), nullptr, false);
  return value.is_discarded() || value.is_structured() ? Json(node.Scalar()) : value;
}

Json FromYaml(const YAML::Node& node, int depth) {
  if (depth > kMaxDepth) throw YAML::Exception(node.Mark(), "nested too deeply");
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return ScalarOf(node);
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const YAML::Node& element : node) list.push_back(FromYaml(element, depth + 1));
      return list;
    }
    case YAML::NodeType::Map: {
      Json map = Json::object();
      for (const auto& entry : node) map[entry.first.Scalar()] = FromYaml(entry.second, depth + 1);
      return map;
    }
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      return nullptr;
  }
  return nullptr;
}

absl::StatusOr<Json> ParseTree(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  if (!trimmed.empty() && (trimmed[0] == '{' || trimmed[0] == '[')) {
    Json json = Json::parse(trimmed.begin(), trimmed.end(), nullptr, false);
    if (!json.is_discarded()) return json;  // Else it may be YAML's flow form.
  }
  try {
    return FromYaml(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("line ", error.mark.line + 1, ", column ", error.mark.column + 1, ": ", error.msg);
  }
}

// --- Fields -------------------------------------------------------------------------------------------------------

using Setter = std::function<absl::Status(const Json&, const std::string& where)>;
using Fields = std::map<std::string, Setter>;

Setter Into(std::string& to) {
  return [&to](const Json& value, const std::string& where) {
    if (!value.is_string()) return InvalidArgument(where, ": want text");
    to = value.get<std::string>();
    return absl::OkStatus();
  };
}

Setter Into(std::optional<std::string>& to) {
  return [&to](const Json& value, const std::string& where) { return Into(to.emplace())(value, where); };
}

template <typename Integer>
Setter IntoInteger(Integer& to) {
  return [&to](const Json& value, const std::string& where) {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0)
      return InvalidArgument(where, ": want a whole number from 0");
    to = static_cast<Integer>(value.get<std::int64_t>());
    return absl::OkStatus();
  };
}

Setter Into(int& to) { return IntoInteger(to); }
Setter Into(std::int64_t& to) { return IntoInteger(to); }
Setter Into(std::optional<std::int64_t>& to) {
  return [&to](const Json& value, const std::string& where) { return IntoInteger(to.emplace())(value, where); };
}

Setter Into(bool& to) {
  return [&to](const Json& value, const std::string& where) {
    if (!value.is_boolean()) return InvalidArgument(where, ": want true or false");
    to = value.get<bool>();
    return absl::OkStatus();
  };
}

Setter Into(std::optional<bool>& to) {
  return [&to](const Json& value, const std::string& where) { return Into(to.emplace())(value, where); };
}

Setter Into(std::map<std::string, std::string>& to) {
  return [&to](const Json& value, const std::string& where) {
    if (!value.is_object()) return InvalidArgument(where, ": want a map of names and texts");
    for (const auto& [name, text] : value.items())
      to[ToLower(name)] = text.is_string() ? text.get<std::string>() : text.dump();
    return absl::OkStatus();
  };
}

// Text as it is, anything else as JSON.
Setter TextOrJson(std::string& to) {
  return [&to](const Json& value, const std::string&) {
    to = value.is_string() ? value.get<std::string>() : value.dump();
    return absl::OkStatus();
  };
}

absl::Status ReadFields(const Json& object, const std::string& where, const Fields& fields) {
  if (!object.is_object()) return InvalidArgument(where, ": want a map");
  for (const auto& [key, value] : object.items()) {
    const auto field = fields.find(key);
    if (field == fields.end()) {
      std::vector<std::string> names;
      for (const auto& [name, setter] : fields) names.push_back(name);
      const std::string nearest = NearestName(key, names);
      const std::string hint = nearest.empty() ? std::string() : Concat("; did you mean \"", nearest, "\"?");
      return InvalidArgument(where, ": unknown key \"", key, "\"", hint);
    }
    if (auto status = field->second(value, Concat(where, ".", key)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

Setter Nested(std::function<Fields()> fields_of_a_new_one) {
  return [make = std::move(fields_of_a_new_one)](const Json& value, const std::string& where) {
    return ReadFields(value, where, make());
  };
}

Setter ListOf(std::function<Fields()> fields_of_a_new_one) {
  return [make = std::move(fields_of_a_new_one)](const Json& value, const std::string& where) {
    if (!value.is_array()) return InvalidArgument(where, ": want a list");
    std::size_t index = 0;
    for (const Json& element : value) {
      if (auto status = ReadFields(element, Concat(where, "[", index++, "]"), make()); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
}

Fields FieldsOf(ToolCall& call) {
  return {{"id", Into(call.id)}, {"name", Into(call.name)}, {"arguments", TextOrJson(call.arguments)}};
}

Fields FieldsOf(TokenUsage& usage) {
  return {{"input", Into(usage.input)},
          {"output", Into(usage.output)},
          {"cache_read", Into(usage.cache_read)},
          {"cache_write", Into(usage.cache_write)},
          {"reasoning", Into(usage.reasoning)}};
}

Fields FieldsOf(ErrorEvent& event) {
  return {{"after", Into(event.after)}, {"type", Into(event.type)}, {"message", Into(event.message)}};
}

Fields FieldsOf(Reply& reply) {
  return {{"text", Into(reply.text)},
          {"reasoning", Into(reply.reasoning)},
          {"tool_calls", ListOf([&reply] { return FieldsOf(reply.tool_calls.emplace_back()); })},
          {"finish", Into(reply.finish)},
          {"usage", Nested([&reply] { return FieldsOf(reply.usage.emplace()); })},
          {"status", Into(reply.status)},
          {"headers", Into(reply.headers)},
          {"body", [&reply](const Json& value,
                            const std::string& where) { return TextOrJson(reply.body.emplace())(value, where); }},
          {"content_type", Into(reply.content_type)},
          {"raw", Into(reply.raw)},
          {"error_event", Nested([&reply] { return FieldsOf(reply.error_event.emplace()); })},
          {"delay_ms", Into(reply.delay_ms)},
          {"event_delay_ms", Into(reply.event_delay_ms)},
          {"piece_chars", Into(reply.piece_chars)},
          {"write_bytes", Into(reply.write_bytes)},
          {"cut_after_events", Into(reply.cut_after_events)},
          {"cut_after_bytes", Into(reply.cut_after_bytes)},
          {"hang_after_events", Into(reply.hang_after_events)},
          {"hang", Into(reply.hang)},
          {"no_done", Into(reply.no_done)},
          {"no_usage", Into(reply.no_usage)},
          {"interleave", Into(reply.interleave)}};
}

Fields FieldsOf(Match& match) {
  return {{"contains", Into(match.contains)},   {"body_contains", Into(match.body_contains)},
          {"model", Into(match.model)},         {"path", Into(match.path)},
          {"header", Into(match.header)},       {"stream", Into(match.stream)},
          {"has_tools", Into(match.has_tools)}, {"has_tool_result", Into(match.has_tool_result)},
          {"has_image", Into(match.has_image)}, {"nth", Into(match.nth)}};
}

Fields FieldsOf(Rule& rule) {
  return {{"match", Nested([&rule] { return FieldsOf(rule.match); })},
          {"times", Into(rule.times)},
          {"reply", Nested([&rule] { return FieldsOf(rule.replies.emplace_back()); })},
          {"replies", ListOf([&rule] { return FieldsOf(rule.replies.emplace_back()); })}};
}

// --- Matching -----------------------------------------------------------------------------------------------------

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool HeaderHolds(const Request& request, const std::string& name, const std::string& part) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return header.first == name && Contains(header.second, part); });
}

bool Is(const std::optional<bool>& wanted, bool found) { return !wanted.has_value() || *wanted == found; }

bool HoldsButForNth(const Match& match, const Request& request) {
  const auto header_holds = [&](const auto& header) { return HeaderHolds(request, header.first, header.second); };
  return Contains(request.newest_text, match.contains) && Contains(request.body, match.body_contains) &&
         (match.model.empty() || match.model == request.model) && Contains(request.path, match.path) &&
         std::all_of(match.header.begin(), match.header.end(), header_holds) && Is(match.stream, request.stream) &&
         Is(match.has_tools, request.has_tools) && Is(match.has_tool_result, request.has_tool_result) &&
         Is(match.has_image, request.has_image);
}

std::string WithInput(std::string text, const std::string& input) {
  constexpr std::string_view kPlace = "{input}";
  if (const std::size_t at = text.find(kPlace); at != std::string::npos) text.replace(at, kPlace.size(), input);
  return text;
}

}  // namespace

absl::StatusOr<Script> Script::Parse(std::string_view text) {
  auto tree = ParseTree(text);
  if (!tree.ok()) return tree.status();
  Script script;
  if (tree->is_null()) return script;
  const Json list = tree->is_array() ? Json{{"rules", *tree}} : *tree;
  std::vector<Rule> rules;
  const Fields fields{{"rules", ListOf([&rules] { return FieldsOf(rules.emplace_back()); })}};
  if (auto status = ReadFields(list, "script", fields); !status.ok()) return status;
  for (Rule& rule : rules) {
    if (rule.replies.empty()) rule.replies.emplace_back();
    script.rules_.push_back({std::move(rule)});
  }
  return script;
}

Reply Script::Answer(const Request& request) {
  for (Counted& entry : rules_) {
    const Rule& rule = entry.rule;
    if (!HoldsButForNth(rule.match, request)) continue;
    ++entry.seen;
    if (rule.match.nth.has_value() && *rule.match.nth != entry.seen) continue;
    if (rule.times.has_value() && entry.answered >= *rule.times) continue;
    const auto turn = std::min(static_cast<std::size_t>(entry.answered++), rule.replies.size() - 1);
    Reply reply = rule.replies[turn];
    const bool says_something = reply.text.has_value() || !reply.reasoning.empty() || !reply.tool_calls.empty();
    if (reply.text.has_value()) reply.text = WithInput(*std::move(reply.text), request.newest_text);
    if (!says_something) reply.text = EchoReply(request).text;
    return reply;
  }
  return EchoReply(request);
}

Reply EchoReply(const Request& request) {
  Reply reply;
  reply.text = Concat(request.has_tool_result ? "mock answer to the tool result: " : "mock answer to: ",
                      request.newest_text.empty() ? "(nothing)" : request.newest_text);
  return reply;
}

}  // namespace ccp::mock
