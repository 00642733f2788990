// A web search that the upstream does by itself, but only when it is asked a second time: Kimi calls a function
// "$web_search", wants the call's own arguments back as its result, and then answers. All that is one answer to the
// client, who sees that there was a search; what was asked for and which pages were found, the upstream does not say.
// Pure. Internal to edge/translate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edge/translate/dialect.h"
#include "edge/translate/tool_calls.h"

namespace ccp::translate {

inline constexpr std::string_view kSearchCall = "$web_search";
inline constexpr std::string_view kSearchTool = R"({"type":"builtin_function","function":{"name":"$web_search"}})";

// More searches than that in one answer are an upstream that goes round in circles.
inline constexpr int kMaxSearchRounds = 8;

// What the assistant said in one round, and the searches that it ended with.
struct SearchRound {
  std::string text;                 // Still escaped; so is the next.
  std::string reasoning;
  std::vector<EchoedCall> calls;
};

// The assistant's message and the results, separated by a comma: what the next request has behind its messages.
std::string MessagesOf(const SearchRound& round, const Dialect& dialect);

// server_tool_use and web_search_tool_result of each search, as JSON. `seed` makes the ids.
std::vector<std::string> BlocksOf(const SearchRound& round, std::string_view seed);

// Whether the id of a search was made by BlocksOf(): an upstream that searches by itself does not know it.
bool IsEchoedSearch(std::string_view server_tool_id);

}  // namespace ccp::translate
