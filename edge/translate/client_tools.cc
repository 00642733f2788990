#include "edge/translate/client_tools.h"

#include <array>

namespace ccp::translate {
namespace {

// Commands and parameters as Anthropic documents them for each tool, read 2026-11. The descriptions are ours: a model
// that was not trained on these tools has nothing else to go by.
constexpr std::array<ClientTool, 4> kClientTools = {{
    {"bash_", "Run a command in a persistent bash session on the user's machine, or restart that session.",
     R"({"type":"object","properties":{)"
     R"("command":{"type":"string","description":"The command to run. Required unless restart is true."},)"
     R"("restart":{"type":"boolean","description":"True restarts the session."}}})"},
    {"text_editor_", "View, create and edit text files.",
     R"({"type":"object","properties":{)"
     R"("command":{"type":"string","enum":["view","create","str_replace","insert","undo_edit"]},)"
     R"("path":{"type":"string","description":"Path of the file or directory."},)"
     R"("file_text":{"type":"string","description":"For create: the whole text of the file."},)"
     R"("old_str":{"type":"string","description":"For str_replace: the text to replace; it must occur exactly once."},)"
     R"("new_str":{"type":"string","description":"For str_replace and insert: the new text."},)"
     R"("insert_line":{"type":"integer","description":"For insert: the line behind which the text goes; 0 is the top."},)"
     R"("insert_text":{"type":"string","description":"For insert: the text."},)"
     R"("view_range":{"type":"array","items":{"type":"integer"},)"
     R"("description":"For view: first and last line; -1 is the end."}},)"
     R"("required":["command","path"]})"},
    {"memory_", "Keep notes in files below /memories that last from conversation to conversation.",
     R"({"type":"object","properties":{)"
     R"("command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},)"
     R"("path":{"type":"string","description":"For all commands but rename: path below /memories."},)"
     R"("view_range":{"type":"array","items":{"type":"integer"},"description":"For view: first and last line."},)"
     R"("file_text":{"type":"string","description":"For create: the whole text of the file."},)"
     R"("old_str":{"type":"string","description":"For str_replace: the text to replace."},)"
     R"("new_str":{"type":"string","description":"For str_replace: the new text."},)"
     R"("insert_line":{"type":"integer","description":"For insert: the line behind which the text goes."},)"
     R"("insert_text":{"type":"string","description":"For insert: the text."},)"
     R"("old_path":{"type":"string","description":"For rename: the path now."},)"
     R"("new_path":{"type":"string","description":"For rename: the path wanted."}},)"
     R"("required":["command"]})"},
    {"computer_", "See the screen and use mouse and keyboard of a computer. Coordinates are pixels from the top left.",
     R"({"type":"object","properties":{)"
     R"("action":{"type":"string","enum":["key","hold_key","type","cursor_position","mouse_move","left_mouse_down",)"
     R"("left_mouse_up","left_click","left_click_drag","right_click","middle_click","double_click","triple_click",)"
     R"("scroll","wait","screenshot","zoom"]},)"
     R"("coordinate":{"type":"array","items":{"type":"integer"},"description":"x and y."},)"
     R"("start_coordinate":{"type":"array","items":{"type":"integer"},"description":"For left_click_drag: x and y."},)"
     R"("region":{"type":"array","items":{"type":"integer"},"description":"For zoom: x0, y0, x1, y1."},)"
     R"("text":{"type":"string","description":"For type, key and hold_key; for clicks and scroll a key held down."},)"
     R"("scroll_direction":{"type":"string","enum":["up","down","left","right"]},)"
     R"("scroll_amount":{"type":"integer","description":"For scroll: clicks of the wheel."},)"
     R"("duration":{"type":"number","description":"For hold_key and wait: seconds."}},)"
     R"("required":["action"]})"},
}};

constexpr std::array<std::string_view, 5> kServerToolPrefixes = {"web_fetch_", "code_execution_", "tool_search_",
                                                                 "mcp_toolset", "advisor_"};

}  // namespace

const ClientTool* FindClientTool(std::string_view type) {
  for (const ClientTool& tool : kClientTools) {
    if (type.starts_with(tool.type_prefix)) return &tool;
  }
  return nullptr;
}

ToolKind KindOfTool(std::string_view type) {
  if (type.empty() || type == "custom") return ToolKind::kCustom;
  if (type.starts_with("web_search_")) return ToolKind::kWebSearch;
  for (const std::string_view prefix : kServerToolPrefixes) {
    if (type.starts_with(prefix)) return ToolKind::kServer;
  }
  return FindClientTool(type) != nullptr ? ToolKind::kClient : ToolKind::kUnknownTyped;
}

}  // namespace ccp::translate
