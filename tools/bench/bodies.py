"""The requests that the benchmarks send: as Claude Code's are. Pure."""
import json

INSTRUCTION = ("Use this tool to work on the files of the project. Prefer editing an existing file to creating a new "
               "one; never write \"documentation\" unless asked.\n\nUsage:\n- The path must be absolute.\n- Results "
               "come with line numbers, as `cat -n` prints them.\n- Lines over 2000 characters are cut.\n")
SOURCE = ("     1\t#include <string>\n     2\t\n     3\tstd::size_t Lines(std::string_view text) {\n"
          "     4\t  std::size_t n = 0;\n     5\t  for (char c : text) n += c == '\\n';\n"
          "     6\t  printf(\"%zu lines\\n\", n);\n     7\t  return n;\n     8\t}\n")


def tool(number):
    properties = {"file_path": {"type": "string", "description": "The absolute path to the file"},
                  "limit": {"type": "integer", "minimum": 1}, "mode": {"type": "string", "enum": ["content", "count"]},
                  "edits": {"type": "array", "items": {"type": "object", "properties": {
                      "old_string": {"type": "string"}, "new_string": {"type": "string"}}, "required": ["old_string"]}}}
    return {"name": f"Tool{number}", "description": INSTRUCTION * 4, "input_schema": {
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties,
        "required": ["file_path"], "additionalProperties": False}}


def turn(number):
    return [{"role": "assistant", "content": [
                {"type": "text", "text": "I will read the file."},
                {"type": "tool_use", "id": f"toolu_{number:06}", "name": "Tool1",
                 "input": {"file_path": "/src/a.cc"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": f"toolu_{number:06}", "content": SOURCE * 8}]}]


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def request(model, stream, target_bytes):
    """Shaped as Claude Code's: a small one has only text, larger ones tools and as many tool turns as fill them."""
    value = {"model": model, "max_tokens": 4096, "stream": stream, "system": "You are a helpful assistant.",
             "messages": [{"role": "user", "content": "What does this project do?"}]}
    if target_bytes < 10_000:
        value["messages"][0]["content"] = "Please explain what the function does, in detail. " * (target_bytes // 52)
        return compact(value)
    value["system"] = [{"type": "text", "text": INSTRUCTION * 30, "cache_control": {"type": "ephemeral"}}]
    value["tools"] = [tool(number) for number in range(25)]
    value["metadata"] = {"user_id": "user_0_session_0"}
    one_turn = len(compact(turn(0)))
    for number in range(max(1, (target_bytes - len(compact(value))) // one_turn)):
        value["messages"] += turn(number)
    return compact(value)


BODY_BYTES = {"small": 1_000, "cc": 117_000, "mb": 960_000}
