#include "edge/translate/search_round.h"

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/translate/surrogate_joiner.h"

namespace ccp::translate {
namespace {

constexpr std::string_view kIdPrefix = "srvtoolu_ccp_";

void AppendEscapedMember(std::string& out, std::string_view key, std::string_view escaped) {
  SurrogateJoiner joiner;
  out += Concat(",\"", key, "\":\"", joiner.Push(escaped));
  out += joiner.Flush();
  out += '"';
}

}  // namespace

std::string MessagesOf(const SearchRound& round, const Dialect& dialect) {
  std::string calls, results;
  for (std::size_t i = 0; i < round.calls.size(); ++i) {
    const EchoedCall& call = round.calls[i];
    const std::string id = json::Quoted(call.id.empty() ? Concat("search_", i) : call.id);
    const std::string arguments = json::Quoted(call.arguments);
    calls += Concat(calls.empty() ? "" : ",", R"({"id":)", id, R"(,"type":"function","function":{"name":")",
                    kSearchCall, R"(","arguments":)", arguments, "}}");
    results += Concat(R"(,{"role":"tool","tool_call_id":)", id, R"(,"name":")", kSearchCall, R"(","content":)",
                      arguments, "}");
  }
  std::string out = R"({"role":"assistant")";
  AppendEscapedMember(out, "content", round.text);
  if (dialect.echo_required) {
    const bool known = !round.reasoning.empty();
    AppendEscapedMember(out, "reasoning_content", known ? std::string_view(round.reasoning) : dialect.unknown_reasoning);
  }
  out += Concat(R"(,"tool_calls":[)", calls, "]}", results);
  return out;
}

std::vector<std::string> BlocksOf(const SearchRound& round, std::string_view seed) {
  std::vector<std::string> blocks;
  for (std::size_t i = 0; i < round.calls.size(); ++i) {
    const std::string id = DerivedId(kIdPrefix, Concat(seed, ":", i));
    blocks.push_back(Concat(R"({"type":"server_tool_use","id":")", id, R"(","name":"web_search","input":{}})"));
    blocks.push_back(Concat(R"({"type":"web_search_tool_result","tool_use_id":")", id, R"(","content":[]})"));
  }
  return blocks;
}

bool IsEchoedSearch(std::string_view server_tool_id) { return server_tool_id.starts_with(kIdPrefix); }

}  // namespace ccp::translate
