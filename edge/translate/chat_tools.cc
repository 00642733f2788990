#include "edge/translate/chat_tools.h"

#include <string>

#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/client_tools.h"
#include "edge/translate/model_family.h"
#include "edge/translate/schema.h"
#include "edge/translate/search_round.h"

namespace ccp::translate {
namespace {

using json::Value;
using Search = Dialect::Search;

// Claude Code offers this in place of tools that it will name later. It cannot be called.
constexpr std::string_view kPlaceholderTool = "DeferredToolPlaceholder";

// OpenAI searches only with the models made for it, which say so in their name. Gemini does at one of its two hosts.
bool SearchesItself(const ChatContext& context) {
  switch (context.dialect.search) {
    case Search::kWebSearchOptions:
      return context.model.upstream_name.find("search") != std::string::npos;
    case Search::kOpenRouter:
    case Search::kQwen:
    case Search::kGlm:
      return true;
    case Search::kVertex:
      return context.model.api_base.find("aiplatform.googleapis.com") != std::string::npos;
    case Search::kKimi:
      switch (KimiThinkingOf(context.model.upstream_name)) {
        case KimiThinking::kNever:
        case KimiThinking::kSwitch:
          return true;
        case KimiThinking::kAlways:
        case KimiThinking::kEffort:
          return false;
      }
      return false;
    case Search::kNone:
      return false;
  }
  return false;
}

// What tool_choice may be for this very model.
Dialect::ToolChoice ToolChoiceOf(const ChatContext& context) {
  if (context.dialect.thinking != Dialect::Thinking::kKimi) return context.dialect.tool_choice;
  switch (KimiThinkingOf(context.model.upstream_name)) {
    case KimiThinking::kNever:
    case KimiThinking::kSwitch:
      return Dialect::ToolChoice::kAny;
    case KimiThinking::kAlways:  // "tool_choice 'required' is incompatible with thinking enabled"
      return Dialect::ToolChoice::kAutoOnly;
    case KimiThinking::kEffort:
      return Dialect::ToolChoice::kUnnamed;
  }
  return Dialect::ToolChoice::kAny;
}

class ToolsWriter {
 public:
  ToolsWriter(ChatBody& body, ChatContext& context) : body_(body), context_(context) {}

  Result<ToolForce> Write() {
    std::string tools;
    const std::size_t given = context_.request.tools().raw().size();
    tools.reserve(given + given / 8);
    tools += '[';
    std::size_t index = 0;
    for (const Value tool : context_.request.tools().elements()) {
      if (auto error = WriteTool(tools, tool, index++)) return *std::move(error);
    }
    if (search_) WriteSearchTool(tools);
    tools += ']';
    if (search_) WriteSearch();
    return WriteChoice(tools);
  }

 private:
  static void Separate(std::string& list) {
    if (list.back() != '[') list += ',';
  }

  bool IsDropped(Value tool) const {
    return context_.options.tool_is_dropped && context_.options.tool_is_dropped(tool["name"].str());
  }

  MaybeError WriteTool(std::string& out, Value tool, std::size_t index) {
    if (tool["name"].is(kPlaceholderTool) && tool["defer_loading"].exists()) return {};
    if (IsDropped(tool)) {
      context_.losses.Add("tools_dropped");
      return {};
    }
    const std::string type = tool["type"].str();
    switch (KindOfTool(type)) {
      case ToolKind::kCustom:
        WriteCustom(out, tool);
        return {};
      case ToolKind::kClient:
        WriteClient(out, tool, *FindClientTool(type));
        return {};
      case ToolKind::kWebSearch:
        TakeWebSearch();
        return {};
      case ToolKind::kServer:
        context_.losses.Add("server_tool_dropped");
        return {};
      case ToolKind::kUnknownTyped:
        break;
    }
    return InvalidRequest(Concat("tools.", index, ".type: this kind of tool has no schema known here; model ",
                                 context_.model.name, " needs a custom tool with an input_schema"));
  }

  void TakeWebSearch() {
    context_.web_search = true;
    search_ = SearchesItself(context_);
    context_.echoes_search = search_ && context_.dialect.search == Search::kKimi;
    context_.losses.Add(search_ ? "server_tool_emulated" : "server_tool_dropped");
  }

  void BeginFunction(std::string& out, Value tool) {
    Separate(out);
    ++functions_;
    const std::string name = context_.tool_names.For(tool["name"].str());
    if (context_.dialect.text_tool_calls) context_.callable.push_back(name);
    out += R"({"type":"function","function":{"name":)";
    json::AppendString(out, name);
  }

  void WriteCustom(std::string& out, Value tool) {
    if (tool["cache_control"].is_object()) context_.losses.Add("cache_control_dropped");
    BeginFunction(out, tool);
    if (const Value description = tool["description"]; description.is_string()) {
      out += R"(,"description":)";
      context_.copier.Append(out, description.raw());
    }
    WriteParameters(out, tool["input_schema"]);
    if (tool["strict"].boolean() == true) WriteStrict(out, tool["input_schema"]);
    out += "}}";
  }

  void WriteParameters(std::string& out, Value schema) {
    // Gemini refuses an object without properties, and takes a function without parameters.
    if (context_.dialect.schema == Dialect::Schema::kGemini && schema["properties"].size() == 0) return;
    out += R"(,"parameters":)";
    const SchemaChange change = AppendToolSchema(out, schema, context_.dialect.schema, context_.copier);
    if (change == SchemaChange::kReduced) context_.losses.Add("tool_schema_reduced");
  }

  void WriteStrict(std::string& out, Value schema) {
    if (context_.dialect.schema == Dialect::Schema::kWhole && MeetsStrict(schema)) {
      out += R"(,"strict":true)";
    } else {
      context_.losses.Add("tool_strict_dropped");
    }
  }

  void WriteClient(std::string& out, Value tool, const ClientTool& known) {
    BeginFunction(out, tool);
    out += R"(,"description":)";
    json::AppendString(out, Concat(known.description, ScreenSize(tool)));
    out += R"(,"parameters":)";
    out += known.schema;
    out += "}}";
  }

  static std::string ScreenSize(Value tool) {
    const auto width = tool["display_width_px"].integer();
    const auto height = tool["display_height_px"].integer();
    if (!width || !height) return "";
    return Concat(" The screen is ", *width, " pixels wide and ", *height, " high.");
  }

  // Some vendors' search is one of the tools, others' a member of its own.
  void WriteSearchTool(std::string& tools) const {
    const std::string_view tool = SearchTool(context_.dialect.search);
    if (tool.empty()) return;
    Separate(tools);
    tools += tool;
  }

  static std::string_view SearchTool(Search search) {
    switch (search) {
      case Search::kGlm:
        return R"({"type":"web_search","web_search":{"enable":true,"search_result":true}})";
      case Search::kOpenRouter:
        return R"({"type":"openrouter:web_search"})";
      case Search::kKimi:
        return kSearchTool;
      case Search::kNone:
      case Search::kWebSearchOptions:
      case Search::kQwen:
      case Search::kVertex:
        return "";
    }
    return "";
  }

  void WriteSearch() {
    const Search search = context_.dialect.search;
    if (search == Search::kWebSearchOptions || search == Search::kVertex) body_.Add("web_search_options", "{}");
    if (search == Search::kQwen) body_.Add("enable_search", "true");
  }

  Result<ToolForce> WriteChoice(const std::string& tools) {
    const Value choice = context_.request.root()["tool_choice"];
    if (context_.request.tools().empty()) return ToolForce::kFree;
    if (choice["type"].is("tool")) {
      if (auto error = CheckForcedTool(choice["name"])) return *std::move(error);
    }
    if (tools == "[]") return ToolForce::kFree;  // Chat Completions refuses an empty list, and a choice without tools.
    const bool none = choice["type"].is("none");
    if (none && context_.dialect.tool_choice == Dialect::ToolChoice::kAutoOnly) {
      return ToolForce::kFree;  // Tools that are not offered cannot be called.
    }
    body_.Add("tools", tools);
    if (functions_ == 0) return ToolForce::kFree;
    WriteParallel(choice);
    return WriteChoiceOfFunction(choice);
  }

  ToolForce WriteChoiceOfFunction(Value choice) {
    const Value type = choice["type"];
    if (type.is("auto")) body_.Add("tool_choice", R"("auto")");
    if (type.is("none")) body_.Add("tool_choice", R"("none")");
    if (!type.is("any") && !type.is("tool")) return ToolForce::kFree;
    if (forced_is_search_) return ToolForce::kFree;
    const Dialect::ToolChoice allowed = ToolChoiceOf(context_);
    if (allowed == Dialect::ToolChoice::kAutoOnly) {
      context_.losses.Add("tool_choice_downgraded");
      body_.Add("tool_choice", R"("auto")");
      return ToolForce::kFree;
    }
    const bool unnamed = type.is("any") || allowed == Dialect::ToolChoice::kUnnamed;
    // With one function offered, that any must be called names it as well.
    if (unnamed && type.is("tool") && functions_ > 1) context_.losses.Add("tool_choice_downgraded");
    if (unnamed) {
      body_.Add("tool_choice", R"("required")");
    } else if (body_.Begin("tool_choice")) {
      body_.out() += R"({"type":"function","function":{"name":)";
      json::AppendString(body_.out(), context_.tool_names.For(choice["name"].str()));
      body_.out() += "}}";
    }
    return ToolForce::kForced;
  }

  // A forced tool must go upstream as a function, or be the search that the upstream does by itself.
  MaybeError CheckForcedTool(Value name) {
    for (const Value tool : context_.request.tools().elements()) {
      if (!tool["name"].is(name.str())) continue;
      const ToolKind kind = KindOfTool(tool["type"].str());
      if (IsDropped(tool)) return ForcedToolIsGone("the configuration keeps it from this model (drop_tools)");
      if (kind == ToolKind::kServer) return ForcedToolIsGone("it is a server tool that this model does not have");
      if (kind != ToolKind::kWebSearch) return {};
      if (!search_) return ForcedToolIsGone("this model cannot search the web");
      forced_is_search_ = true;
      return {};
    }
    return InvalidRequest("tool_choice.name: no tool of that name is offered in tools");
  }

  MaybeError ForcedToolIsGone(std::string_view why) const {
    return InvalidRequest(
        Concat("tool_choice.name: the tool cannot be forced on model ", context_.model.name, ": ", why));
  }

  void WriteParallel(Value choice) {
    if (choice["disable_parallel_tool_use"].boolean() != true) return;
    if (context_.dialect.parallel_tool_calls) {
      body_.Add("parallel_tool_calls", "false");
    } else {
      context_.losses.Add("parallel_tool_calls_not_limited");
    }
  }

  ChatBody& body_;
  ChatContext& context_;
  std::size_t functions_ = 0;
  bool search_ = false;
  bool forced_is_search_ = false;
};

}  // namespace

Result<ToolForce> WriteTools(ChatBody& body, ChatContext& context) { return ToolsWriter(body, context).Write(); }

}  // namespace ccp::translate
