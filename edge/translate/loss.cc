#include "edge/translate/loss.h"

#include <algorithm>

namespace ccp::translate {

const std::vector<LossCode>& LossCodes() {
  static const std::vector<LossCode> codes = {
      // Request: history and content.
      {"cache_control_dropped", "prompt-cache marks were left out; the upstream caches by its own rules or not"},
      {"thinking_history_dropped", "thinking of earlier turns was left out; the upstream takes none back"},
      {"images_dropped", "images were replaced by a note; the upstream reads none"},
      {"documents_dropped", "documents in tool results were replaced by a note; the upstream reads none"},
      {"citations_dropped", "citation marks and settings were left out"},
      {"server_tool_history_dropped", "results of server tools in earlier turns were left out"},
      {"unknown_block_dropped", "a content block of a kind unknown here was left out"},
      {"tool_result_orphaned", "a tool result without its call was passed on as user text"},
      {"tool_result_invented", "a tool call without a result was answered with a note; the upstream demands one"},
      {"tool_call_renumbered", "two tool calls of one turn had the same id; the second got a new one"},
      {"assistant_turn_invented",
       "a short assistant message was put between tool results and user text; the upstream wants one there"},
      {"system_in_user_turn", "a system message inside the conversation was passed on as marked user text"},
      // Request: tools.
      {"server_tool_dropped", "a server tool was left out; the upstream has nothing like it"},
      {"server_tool_emulated", "web search is done by the upstream's own search"},
      {"tools_dropped", "tools were left out because the model's drop_tools names them"},
      {"tool_name_changed", "a tool name was shortened or rewritten for the upstream; the client sees its own"},
      {"tool_schema_reduced", "keywords that the upstream refuses were taken out of tool schemas"},
      {"tool_strict_dropped", "strict was left out; the schema does not meet the upstream's conditions for it"},
      {"tool_choice_downgraded", "the upstream cannot be forced as asked; the choice of tool is its own"},
      {"parallel_tool_calls_not_limited", "the upstream cannot be kept from calling several tools at once"},
      // Request: parameters.
      {"max_tokens_capped", "max_tokens was lowered to what the model can write"},
      {"stop_sequences_cut", "the upstream takes fewer stop sequences; the edge ends the text at the others"},
      {"sampling_dropped", "temperature or top_p was left out; the upstream refuses them"},
      {"top_k_dropped", "top_k was left out; the upstream has none"},
      {"user_dropped", "metadata.user_id was left out; the upstream has no field for it"},
      {"service_tier_dropped", "service_tier was left out; the upstream has none"},
      {"thinking_dropped", "the wish for thinking was left out; the upstream has no switch for it"},
      {"thinking_disabled_for_tool_choice", "thinking was switched off; the upstream refuses it with a forced tool"},
      {"thinking_disabled_for_prefill", "thinking was switched off; the upstream refuses it once an answer is begun"},
      {"thinking_disabled_for_search", "thinking was switched off; the upstream does not search the web while it thinks"},
      {"thinking_disabled_for_max_tokens", "thinking was switched off; the model's max_tokens leaves no room for it"},
      {"thinking_disabled_for_history",
       "thinking was switched off until the tool loop ends; its thinking so far came from another upstream"},
      {"thinking_budget_capped", "thinking.budget_tokens was lowered to fit below the capped max_tokens"},
      {"json_schema_downgraded", "the JSON schema of the answer was passed on as an instruction, not enforced"},
      {"context_management_dropped", "context_management was left out; history is sent whole"},
      {"mcp_servers_dropped", "mcp_servers were left out; the upstream does not reach them"},
      {"container_dropped", "container was left out; the upstream runs no code"},
      // Reply.
      {"tool_arguments_repaired", "cut or malformed tool arguments were completed to a JSON object"},
      {"tool_call_dropped", "a tool call without a usable name or arguments was left out"},
      {"web_search_not_done", "the upstream wanted to search the web, but the answer ended there or called other tools"},
      {"tool_call_from_text", "a function call that the model wrote as text became a tool call"},
      {"reply_bytes_skipped", "parts of the upstream's answer could not be read and were left out"},
      {"usage_estimated", "the upstream reported no usage; the counts are estimates"},
  };
  return codes;
}

void Losses::Add(std::string_view code) {
  if (std::find(codes_.begin(), codes_.end(), code) == codes_.end()) codes_.push_back(code);
}

}  // namespace ccp::translate
