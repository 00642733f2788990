// Inputs of the benchmarks: a request as large and as shaped as Claude Code's, and a provider's stream chunk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ccp::bench {

// A Messages request of about `bytes`: system blocks, 25 tools with schemas, then turns of tool use and tool results that
// hold source code (so: full of \n and \" escapes). Same bytes on every call.
std::string ClaudeCodeRequest(std::size_t bytes);

inline constexpr std::size_t kTypicalRequestBytes = 117'000;

// One Chat Completions stream chunk of about 300 bytes.
inline constexpr std::string_view kStreamChunk =
    R"({"id":"chatcmpl-8f1d0c2b7a9e4d5f9b0a1c2d3e4f5a6b","object":"chat.completion.chunk","created":1763800000,)"
    R"("model":"deepseek-chat","system_fingerprint":"fp_3a5770e1b4_prod0225","choices":[{"index":0,"delta":)"
    R"({"content":" the next token of an answer"},"logprobs":null,"finish_reason":null}],"usage":null})";

}  // namespace ccp::bench
