#include "tools/bench/claude_code_request.h"

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::bench {
namespace {

constexpr int kTools = 25;

constexpr std::string_view kInstruction =
    "You are an interactive tool that helps users with software engineering tasks. Use the instructions below and the "
    "tools available to you to assist the user.\n\n# Tone\n- Be concise, direct and to the point.\n- Only use \"emojis\" "
    "if the user asks for them.\n- Prefer editing an existing file to creating a new one.\n";

constexpr std::string_view kSourceCode =
    "#include <string>\n\n// Returns the number of lines in `text`.\nstd::size_t CountLines(std::string_view text) {\n"
    "  std::size_t lines = 0;\n  for (char c : text) {\n    if (c == '\\n') ++lines;\n  }\n"
    "  printf(\"%zu lines\\n\", lines);\n  return lines;\n}\n\n";

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string Tool(int number) {
  return Concat(R"({"name":"Tool)", number, R"(","description":)", json::Quoted(Repeated(kInstruction, 4)),
                R"(,"input_schema":{"type":"object","properties":{"file_path":{"type":"string","description":)",
                R"("The absolute path to the file to modify"},"limit":{"type":"integer","minimum":1},"mode":{"type":)",
                R"("string","enum":["content","files_with_matches","count"]}},"required":["file_path"],)",
                R"("additionalProperties":false,"$schema":"http://json-schema.org/draft-07/schema#"}})");
}

std::string ToolTurn(int number) {
  return Concat(R"({"role":"assistant","content":[{"type":"text","text":"I will read the file."},{"type":"tool_use","id":)",
                R"("toolu_)", 1'000'000 + number, R"(","name":"Read","input":{"file_path":"/src/a.cc","limit":200}}]},)",
                R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_)", 1'000'000 + number,
                R"(","content":)", json::Quoted(Repeated(kSourceCode, 8)), "}]}");
}

}  // namespace

std::string ClaudeCodeRequest(std::size_t bytes) {
  std::string body = Concat(R"({"model":"claude-sonnet-4-5","max_tokens":32000,"stream":true,"metadata":{"user_id":"u"},)",
                            R"("system":[{"type":"text","text":)", json::Quoted(Repeated(kInstruction, 30)),
                            R"(,"cache_control":{"type":"ephemeral"}}],"tools":[)");
  for (int i = 0; i < kTools; ++i) body += Concat(i == 0 ? "" : ",", Tool(i));
  body += R"(],"messages":[{"role":"user","content":"What does this project do?"})";
  for (int i = 0; body.size() < bytes; ++i) body += Concat(",", ToolTurn(i));
  body += "]}";
  return body;
}

}  // namespace ccp::bench
