// How each kind of content and each order of turns arrives upstream. The row is the specification.
#include <gtest/gtest.h>

#include "edge/translate/reasoning_state.h"
#include "tests/unit/edge/translate/request_harness.h"

namespace ccp::translate {
namespace {

struct Case {
  std::string name;
  std::string dialect;
  std::string request;   // Members of the request.
  std::string messages;  // Upstream's messages.
  std::string losses;
};

class ChatMessagesTest : public testing::TestWithParam<Case> {};

TEST_P(ChatMessagesTest, ArriveAs) {
  const Case& row = GetParam();
  const Translated got = Translate(Request(row.request), TestModel(row.dialect));
  EXPECT_EQ(MemberOf(got.body, "messages"), row.messages) << got.body;
  EXPECT_EQ(got.losses, row.losses);
}

std::string NameOf(const testing::TestParamInfo<Case>& row) { return row.param.name; }

const std::string kHi = R"({"role":"user","content":"hi"})";

INSTANTIATE_TEST_SUITE_P(System, ChatMessagesTest, testing::ValuesIn(std::vector<Case>{
    {"String", "openai", R"("system":"be \"brief\"\n")",
     R"([{"role":"system","content":"be \"brief\"\n"},)" + kHi + "]", ""},
    {"DeveloperForReasoners", "openai-reasoning", R"("system":"s")",
     R"([{"role":"developer","content":"s"},)" + kHi + "]", ""},
    {"LoneBlockIsAString", "openai", R"("system":[{"type":"text","text":"s"}])",
     R"([{"role":"system","content":"s"},)" + kHi + "]", ""},
    {"BlocksStayParts", "openai", R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])",
     R"([{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)" + kHi + "]", ""},
    {"BlocksJoinedByABlankLine", "vllm", R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])",
     R"([{"role":"system","content":"a\n\nb"},)" + kHi + "]", ""},
    {"EmptyAndBlankBlocksGo", "openai",
     R"("system":[{"type":"text","text":""},{"type":"text","text":" \n"},{"type":"text","text":"s"}])",
     R"([{"role":"system","content":"s"},)" + kHi + "]", ""},
    {"NothingLeftIsNoMessage", "openai", R"("system":[{"type":"text","text":" "}])", "[" + kHi + "]", ""},
    {"NullIsAbsent", "openai", R"("system":null)", "[" + kHi + "]", ""},
    {"BillingHeaderGoes", "openai",
     R"("system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=12345;"},{"type":"text","text":"s"}])",
     R"([{"role":"system","content":"s"},)" + kHi + "]", ""},
    {"CacheControlGoesAtOpenAi", "openai",
     R"("system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}])",
     R"([{"role":"system","content":"s"},)" + kHi + "]", "cache_control_dropped"},
    {"CacheControlStaysAtOpenRouter", "openrouter",
     R"("system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}])",
     R"([{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)" +
     kHi + "]", ""},
    {"InsideTheConversationStaysInPlace", "openai",
     R"("messages":[{"role":"user","content":"a"},{"role":"system","content":"cwd is /","output_config":{"effort":"low"}},{"role":"assistant","content":"b"},)"
     R"({"role":"user","content":"c"},{"role":"system","content":[{"type":"text","text":"d"}]}])",
     R"([{"role":"user","content":"a"},{"role":"system","content":"cwd is /"},{"role":"assistant","content":"b"},)"
     R"({"role":"user","content":"c"},{"role":"system","content":"d"}])", ""},
    {"InsideBehindToolResults", "openai",
     R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},)"
     R"({"role":"system","content":"s"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]}])",
     R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
     R"({"role":"tool","tool_call_id":"t1","content":"r"},{"role":"system","content":"s"}])", ""},
    {"InsideBecomesUserTextForTemplates", "vllm",
     R"("messages":[{"role":"user","content":"a"},{"role":"system","content":"cwd is /"}])",
     R"([{"role":"user","content":"a\n\n<system-reminder>\ncwd is /\n</system-reminder>"}])", "system_in_user_turn"},
}), NameOf);

INSTANTIATE_TEST_SUITE_P(User, ChatMessagesTest, testing::ValuesIn(std::vector<Case>{
    {"String", "openai", R"("messages":[{"role":"user","content":"h\u00e9 \ud83d\ude00 \u001b \/"}])",
     R"([{"role":"user","content":"h\u00e9 \ud83d\ude00 \u001b \/"}])", ""},
    {"LoneSurrogatesAreReplaced", "openai",
     R"("messages":[{"role":"user","content":"a\ud83d b\ude00 \\ud800 \ud83d\ud83d\ude00"}])",
     R"([{"role":"user","content":"a\ufffd b\ufffd \\ud800 \ufffd\ud83d\ude00"}])", ""},
    {"LoneTextIsAString", "openai", R"("messages":[{"role":"user","content":[{"type":"text","text":"x"}]}])",
     R"([{"role":"user","content":"x"}])", ""},
    {"TextsStayInOrder", "openai",
     R"("messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}])", ""},
    {"TextsJoinedForStringTemplates", "deepseek",
     R"("messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}])",
     R"([{"role":"user","content":"x\n\ny"}])", ""},
    {"EmptyTextGoes", "openai",
     R"("messages":[{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"y"}]}])",
     R"([{"role":"user","content":"y"}])", ""},
    {"TurnsInARowAreOne", "openai", R"("messages":[{"role":"user","content":"x"},{"role":"user","content":"y"}])",
     R"([{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}])", ""},
    {"ImageBase64", "openai",
     R"("messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO+/=="}},{"type":"text","text":"y"}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO+/=="}},{"type":"text","text":"y"}]}])",
     ""},
    {"ImageUrl", "vllm",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x/y.png?a=1&b"}}]}])",
     R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png?a=1&b"}}]}])", ""},
    {"ImageFileIsRefused", "openai",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}])",
     "error: 400 messages.0.content.0.source: images by file id cannot be read here; send base64 or a url", ""},
    {"ImageWhereNoneIsRead", "deepseek",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"}},{"type":"text","text":"y"}]}])",
     R"([{"role":"user","content":"[image left out: this model reads no images]\n\ny"}])", "images_dropped"},
    {"PdfIsAFile", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])",
     R"([{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}])",
     ""},
    {"PdfWithoutTitle", "openrouter",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])",
     R"([{"role":"user","content":[{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}])",
     ""},
    {"PdfWhereNoneIsRead", "groq",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])",
     "error: 400 messages.0.content.0: model test-model reads no PDF documents; send the text instead", ""},
    {"PdfByUrlIsRefused", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"u"}}]}])",
     "error: 400 messages.0.content.0.source: documents by url or file id cannot be read here; send base64 or text",
     ""},
    {"PdfByFileIdIsRefused", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}])",
     "error: 400 messages.0.content.0.source: documents by url or file id cannot be read here; send base64 or text",
     ""},
    {"TextDocument", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","title":"T","context":"C","source":{"type":"text","media_type":"text/plain","data":"body"}},{"type":"text","text":"q"}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"<document>\ntitle: T\ncontext: C\nbody\n</document>"},{"type":"text","text":"q"}]}])",
     ""},
    {"ContentDocument", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","citations":{"enabled":true},"source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}])",
     R"([{"role":"user","content":"<document>\na\nb\n</document>"}])", "citations_dropped"},
    {"PictureInAContentDocument", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]}},{"type":"text","text":"q"}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"<document>\na\n</document>"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},{"type":"text","text":"q"}]}])",
     ""},
    {"ContentDocumentOfAString", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":"a"}}]}])",
     R"([{"role":"user","content":"<document>\na\n</document>"}])", ""},
    {"CitationsOfAPdfAreALoss", "openai",
     R"("messages":[{"role":"user","content":[{"type":"document","citations":{"enabled":true},"source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])",
     R"([{"role":"user","content":[{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}])",
     "citations_dropped"},
    {"SearchResult", "openai",
     R"("messages":[{"role":"user","content":[{"type":"search_result","title":"T","source":"https://s","content":[{"type":"text","text":"a"}]}]}])",
     R"([{"role":"user","content":"title: T\nsource: https://s\na"}])", ""},
    {"UnknownBlockGoesWithANote", "openai",
     R"("messages":[{"role":"user","content":[{"type":"hologram","x":1},{"type":"container_upload","file_id":"f"},{"type":"text","text":"q"}]}])",
     R"([{"role":"user","content":"q"}])", "unknown_block_dropped"},
    {"NothingAtAllIsRefused", "openai", R"("messages":[{"role":"user","content":""}])",
     "error: 400 messages: at least one message with content is required", ""},
    {"CacheControlStaysAtOpenRouter", "openrouter",
     R"("messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}])", ""},
}), NameOf);

const std::string kAsk = R"({"role":"user","content":"q"})";
std::string Turns(const std::string& rest) { return R"("messages":[)" + kAsk + "," + rest + "]"; }
std::string Chat(const std::string& rest) { return "[" + kAsk + (rest.empty() ? "" : ",") + rest + "]"; }
// A turn between two questions of which nothing was left: the questions are one turn then.
const std::string kAskedTwice = R"([{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"q"}]}])";
std::string Use(const std::string& id, const std::string& input = "{}") {
  return R"({"type":"tool_use","id":")" + id + R"(","name":"f","input":)" + input + "}";
}
std::string Assistant(const std::string& blocks) { return R"({"role":"assistant","content":[)" + blocks + "]}"; }
std::string User(const std::string& blocks) { return R"({"role":"user","content":[)" + blocks + "]}"; }
std::string ResultOf(const std::string& id, const std::string& members) {
  return R"({"type":"tool_result","tool_use_id":")" + id + "\"" + (members.empty() ? "" : ",") + members + "}";
}
std::string Call(const std::string& id, const std::string& arguments = "{}") {
  return R"({"id":")" + id + R"(","type":"function","function":{"name":"f","arguments":")" + arguments + "\"}}";
}
std::string Calls(const std::string& calls) { return R"({"role":"assistant","content":null,"tool_calls":[)" + calls +
    "]}"; }
std::string Tool(const std::string& id, const std::string& text) {
  return R"({"role":"tool","tool_call_id":")" + id + R"(","content":")" + text + "\"}";
}
const std::string kPng = R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}})";
const std::string kPngPart = R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}})";

INSTANTIATE_TEST_SUITE_P(Assistant, ChatMessagesTest, testing::ValuesIn(std::vector<Case>{
    {"TextsAreOneStream", "openai",
     Turns(Assistant(R"({"type":"text","text":"a"},{"type":"text","text":"b"})") + "," + kAsk),
     Chat(R"({"role":"assistant","content":"ab"},)" + kAsk), ""},
    {"CallsBesideText", "openai",
     Turns(Assistant(R"({"type":"text","text":"a"},)" + Use("t1")) + "," + User(ResultOf("t1", R"("content":"r")"))),
     Chat(R"({"role":"assistant","content":"a","tool_calls":[)" + Call("t1") + "]}," + Tool("t1", "r")), ""},
    {"EmptyContentBesideCalls", "mistral", Turns(Assistant(Use("abcDEF123")) + "," + User(ResultOf("abcDEF123",
     R"("content":"r")"))),
     Chat(R"({"role":"assistant","content":"","tool_calls":[)" + Call("abcDEF123") + "]}," + Tool("abcDEF123", "r")),
         ""},
    {"ArgumentsKeepBytes", "openai",
     Turns(Assistant(Use("t1",
         R"({"z": 9007199254740993, "a": 1.10, "e":1E5, "s": "x\n\"y\" \\ \u00e9 é", "o": { } , "l" : [ 1 , 2 ]})")) +
         "," + User(ResultOf("t1", R"("content":"r")"))),
     Chat(Calls(Call("t1",
         R"({\"z\":9007199254740993,\"a\":1.10,\"e\":1E5,\"s\":\"x\\n\\\"y\\\" \\\\ \\u00e9 é\",\"o\":{},\"l\":[1,2]})")) +
         "," + Tool("t1", "r")), ""},
    {"ArgumentsWithALoneSurrogate", "openai", Turns(Assistant(Use("t1",
     R"({"s":"\ud800"})")) + "," + User(ResultOf("t1", R"("content":"r")"))),
     Chat(Calls(Call("t1", R"({\"s\":\"\\ufffd\"})")) + "," + Tool("t1", "r")), ""},
    {"EmptyTurnGoes", "openai", Turns(Assistant("") + "," + kAsk), kAskedTwice, ""},
    {"EmptyTextGoes", "openai", Turns(Assistant(R"({"type":"text","text":""},)" + Use("t1")) + "," +
     User(ResultOf("t1", R"("content":"r")"))), Chat(Calls(Call("t1")) + "," + Tool("t1", "r")), ""},
    {"CitationsOfATextGo", "openai",
     Turns(Assistant(R"({"type":"text","text":"a","citations":[{"type":"char_location"}]},{"type":"text","text":"b","citations":null})") +
         "," + kAsk),
     Chat(R"({"role":"assistant","content":"ab"},)" + kAsk), "citations_dropped"},
    {"ThinkingIsDropped", "openai",
     Turns(Assistant(R"({"type":"thinking","thinking":"hm","signature":"EqQB"},{"type":"text","text":"a"})") + "," +
     kAsk),
     Chat(R"({"role":"assistant","content":"a"},)" + kAsk), "thinking_history_dropped"},
    {"ThinkingOnlyTurnGoes", "openai",
     Turns(Assistant(R"({"type":"thinking","thinking":"hm","signature":""})") + "," + kAsk), kAskedTwice,
     "thinking_history_dropped"},
    {"TurnsAroundASilentOneAreOne", "mistral",
     Turns(Assistant(Use("abcDEF123")) + "," + Assistant(R"({"type":"redacted_thinking","data":"x"})") + "," +
           User(R"({"type":"text","text":"x"})") + "," + Assistant(R"({"type":"thinking","thinking":"","signature":""})") +
           "," + User(ResultOf("abcDEF123", R"("content":"r")"))),
     Chat(R"({"role":"assistant","content":"","tool_calls":[)" + Call("abcDEF123") + "]}," + Tool("abcDEF123", "r") +
          R"(,{"role":"assistant","content":"I have read the tool results."},{"role":"user","content":"x"})"),
     "thinking_history_dropped,assistant_turn_invented"},
    {"RedactedThinkingGoes", "deepseek",
     Turns(Assistant(R"({"type":"redacted_thinking","data":"xx"},{"type":"text","text":"a"})") + "," + kAsk),
     Chat(R"({"role":"assistant","content":"a"},)" + kAsk), "thinking_history_dropped"},
    {"ServerToolPairGoes", "openai",
     Turns(Assistant(R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"a"})") +
         "," + kAsk),
     Chat(R"({"role":"assistant","content":"a"},)" + kAsk), "server_tool_history_dropped"},
    {"PrefillStaysLast", "openai", Turns(Assistant(R"({"type":"text","text":"{"})")),
     Chat(R"({"role":"assistant","content":"{"})"), ""},
    {"PrefillAtMistral", "mistral", Turns(Assistant(R"({"type":"text","text":"{"})")),
     Chat(R"({"role":"assistant","content":"{","prefix":true})"), ""},
    {"UserTextBehindResultsAtMistral", "mistral",
     Turns(Assistant(Use("abcDEF123")) + "," + User(ResultOf("abcDEF123",
         R"("content":"r")") + R"(,{"type":"text","text":"go on"})")),
     Chat(R"({"role":"assistant","content":"","tool_calls":[)" + Call("abcDEF123") + "]}," + Tool("abcDEF123", "r") +
          R"(,{"role":"assistant","content":"I have read the tool results."},{"role":"user","content":"go on"})"),
     "assistant_turn_invented"},
    {"PrefillAtKimi", "kimi", Turns(Assistant(R"({"type":"text","text":"{"})")),
     Chat(R"({"role":"assistant","content":"{","partial":true})"), ""},
    {"TurnsInARowAreOne", "openai", Turns(Assistant(Use("t1")) + "," + Assistant(Use("t2")) + "," + User(ResultOf("t2",
     R"("content":"2")")) + "," + User(ResultOf("t1", R"("content":"1")"))),
     Chat(Calls(Call("t1") + "," + Call("t2")) + "," + Tool("t2", "2") + "," + Tool("t1", "1")), ""},
}), NameOf);

INSTANTIATE_TEST_SUITE_P(Results, ChatMessagesTest, testing::ValuesIn(std::vector<Case>{
    {"StringStaysString", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1", R"("content":"a\nb")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", R"(a\nb)")), ""},
    {"TextsUnderEachOther", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"text","text":"a"},{"type":"text","text":"b"}])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", R"(a\nb)")), ""},
    {"AbsentIsEmpty", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1", ""))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "")), ""},
    {"NullIsEmpty", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1", R"("content":null)"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "")), ""},
    {"NoBlocksIsEmpty", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1", R"("content":[])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "")), ""},
    {"ErrorIsMarked", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("is_error":true,"content":"no such file")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "Error: no such file")), ""},
    {"NoErrorIsNotMarked", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("is_error":false,"content":"ok")"))), Chat(Calls(Call("t1")) + "," + Tool("t1", "ok")), ""},
    {"ImagesBehindAllToolMessages", "openai",
     Turns(Assistant(Use("t1") + "," + Use("t2")) + "," + User(ResultOf("t1",
         R"("content":[)" + kPng + "]") + "," + ResultOf("t2",
         R"("content":"r2")") + R"(,{"type":"text","text":"look"})")),
     Chat(Calls(Call("t1") + "," + Call("t2")) + "," + Tool("t1", "[image attached below]") + "," + Tool("t2",
         "r2") + R"(,{"role":"user","content":[)" + kPngPart + R"(,{"type":"text","text":"look"}]})"), ""},
    {"ImageBesideText", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"text","text":"shot"},)" + kPng + "]"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "shot") + R"(,{"role":"user","content":[)" + kPngPart + "]}"), ""},
    {"ImageWhereNoneIsRead", "deepseek", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[)" + kPng + "]"))),
     Chat(R"({"role":"assistant","content":null,"reasoning_content":"","tool_calls":[)" + Call("t1") + "]}," +
         Tool("t1", "[image left out: this model reads no images]")), "images_dropped"},
    {"PdfWhereNoneIsRead", "groq", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JV"}}])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "[document left out: this model reads no PDF files]")),
         "documents_dropped"},
    {"PictureInADocument", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},)" + kPng + "]}}]"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", R"(<document>\na\n</document>)") +
          R"(,{"role":"user","content":[)" + kPngPart + "]}"), ""},
    {"SearchResultIsText", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"search_result","title":"T","source":"S","citations":{"enabled":true},"content":[{"type":"text","text":"a"}]}])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", R"(title: T\nsource: S\na)")), "citations_dropped"},
    {"BrowserStateIsANote", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"browser_state","url":"u"}])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "[browser state left out]")), "unknown_block_dropped"},
    {"ToolReferenceIsText", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":[{"type":"tool_reference","tool_name":"mcp__x"},{"type":"text","text":"Tool loaded."}])"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", R"([tool loaded: mcp__x]\nTool loaded.)")), ""},
    {"TextMovesBehindResults", "openai",
     Turns(Assistant(Use("t1")) + "," + User(R"({"type":"text","text":"x"},)" + ResultOf("t1", R"("content":"r")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "r") + R"(,{"role":"user","content":"x"})"), ""},
    {"OrphanIsUserText", "openai", Turns(Assistant(R"({"type":"text","text":"a"})") + "," + User(ResultOf("t9",
     R"("content":"r")") + R"(,{"type":"text","text":"x"})")),
     Chat(R"({"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":"[tool result t9] r"},{"type":"text","text":"x"}]})"),
         "tool_result_orphaned"},
    {"SecondResultIsUserText", "openai", Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
     R"("content":"1")") + "," + ResultOf("t1", R"("content":"2")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "1") + R"(,{"role":"user","content":"[tool result t1] 2"})"),
         "tool_result_orphaned"},
    {"MissingResultIsInvented", "openai", Turns(Assistant(Use("t1") + "," + Use("t2")) + "," + User(ResultOf("t2",
     R"("content":"2")"))),
     Chat(Calls(Call("t1") + "," + Call("t2")) + "," + Tool("t2", "2") + "," + Tool("t1",
         "[no result: the tool call was not answered]")), "tool_result_invented"},
    {"CallAtTheEndIsAnswered", "openai", Turns(Assistant(Use("t1"))), Chat(Calls(Call("t1")) + "," + Tool("t1",
     "[no result: the tool call was not answered]")), "tool_result_invented"},
    {"LateResultIsUserText", "openai",
     Turns(Assistant(Use("t1")) + "," + kAsk + "," + Assistant(R"({"type":"text","text":"a"})") + "," +
     User(ResultOf("t1", R"("content":"r")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1",
         "[no result: the tool call was not answered]") + "," + kAsk +
         R"(,{"role":"assistant","content":"a"},{"role":"user","content":"[tool result t1] r"})"),
     "tool_result_invented,tool_result_orphaned"},
    {"RepeatedPairOfAnOldClient", "openai",
     Turns(Assistant(Use("t1")) + "," + User(ResultOf("t1",
         R"("content":"r")")) + "," + Assistant(Use("t1")) + "," + User(ResultOf("t1", R"("content":"r")"))),
     Chat(Calls(Call("t1")) + "," + Tool("t1", "r") + "," + Calls(Call("t1")) + "," + Tool("t1", "r")), ""},
    {"SameIdTwiceInOneTurn", "openai", Turns(Assistant(Use("t1") + "," + Use("t1")) + "," + User(ResultOf("t1",
     R"("content":"1")") + "," + ResultOf("t1", R"("content":"2")"))),
     Chat(Calls(Call("t1") + "," + Call("t1_2")) + "," + Tool("t1", "1") + "," + Tool("t1_2", "2")),
         "tool_call_renumbered"},
    {"RepeatedIdWhoseNumberIsTaken", "openai",
     Turns(Assistant(Use("t1") + "," + Use("t1_2") + "," + Use("t1")) + "," +
           User(ResultOf("t1", R"("content":"1")") + "," + ResultOf("t1_2", R"("content":"2")") + "," +
                ResultOf("t1", R"("content":"3")"))),
     Chat(Calls(Call("t1") + "," + Call("t1_2") + "," + Call("t1_3")) + "," + Tool("t1", "1") + "," + Tool("t1_2", "2") + "," +
          Tool("t1_3", "3")),
         "tool_call_renumbered"},
}), NameOf);

// --- Reasoning that goes back -----------------------------------------------------------------------------------------

std::string Signed(StateKind kind, std::string payload) { return EncodeState({kind, std::move(payload)}, kTestSecret); }
std::string Thinking(const std::string& text, const std::string& signature) {
  return R"({"type":"thinking","thinking":")" + text + R"(","signature":")" + signature + "\"}";
}
std::string StatefulId(StateKind kind, std::string payload) { return AttachStateToToolId("t1", {kind,
    std::move(payload)}, kTestSecret); }
std::string ThinkAndCall(const std::string& thinking, const std::string& id = "t1") {
  return Turns(Assistant(thinking + (thinking.empty() ? "" : ",") + Use(id)) + "," + User(ResultOf(id,
      R"("content":"r")")));
}
std::string CallsWith(const std::string& member, const std::string& content = "null") {
  return Chat(R"({"role":"assistant","content":)" + content + member + R"(,"tool_calls":[)" + Call("t1") + "]}," +
      Tool("t1", "r"));
}

INSTANTIATE_TEST_SUITE_P(Reasoning, ChatMessagesTest, testing::ValuesIn(std::vector<Case>{
    {"DeepSeekGetsItsText", "deepseek", ThinkAndCall(Thinking(R"(hm\n)", Signed(StateKind::kMarker, ""))),
     CallsWith(R"(,"reasoning_content":"hm\n")"), ""},
    {"DeepSeekGetsWhatTheBlockOmits", "deepseek", ThinkAndCall(Thinking("", Signed(StateKind::kReasoningContent,
     "h\"m"))), CallsWith(R"(,"reasoning_content":"h\"m")"), ""},
    {"DeepSeekGetsAnEmptyOne", "deepseek", ThinkAndCall(""), CallsWith(R"(,"reasoning_content":"")"), ""},
    {"DeepSeekGetsAnotherVendorsText", "deepseek", ThinkAndCall(Thinking("claude", "EqQBCk")),
     CallsWith(R"(,"reasoning_content":"claude")"), ""},
    {"DeepSeekGetsNoneBesideText", "deepseek", Turns(Assistant(Thinking("hm",
     "") + R"(,{"type":"text","text":"a"})") + "," + kAsk), Chat(R"({"role":"assistant","content":"a"},)" + kAsk), ""},
    {"KimiGetsABlankForAnUnknownOne", "kimi", ThinkAndCall(""), CallsWith(R"(,"reasoning_content":" ")"), ""},
    {"KimiFromAToolId", "kimi", ThinkAndCall("", StatefulId(StateKind::kReasoningContent, "hm")),
     CallsWith(R"(,"reasoning_content":"hm")"), ""},
    {"VllmReasoning", "vllm", ThinkAndCall(Thinking("hm", "")), CallsWith(R"(,"reasoning":"hm")", "\"\""), ""},
    {"OpenRouterDetails", "openrouter", ThinkAndCall(Thinking("hm", Signed(StateKind::kReasoningDetails,
     R"([{"type":"reasoning.encrypted","data":"x"}])"))),
     CallsWith(R"(,"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}])"), ""},
    {"OpenRouterDetailsOfTwoBlocks", "openrouter",
     ThinkAndCall(Thinking("", Signed(StateKind::kReasoningDetails, R"([{"i":0}])")) + "," + Thinking("",
         Signed(StateKind::kReasoningDetails, R"([{"i":1}])"))),
     CallsWith(R"(,"reasoning_details":[{"i":0},{"i":1}])"), ""},
    {"OpenRouterTextOfAnother", "openrouter", ThinkAndCall(Thinking("hm", "EqQB")), CallsWith(R"(,"reasoning":"hm")"),
     ""},
    {"OpenAiGetsNoneAndACleanId", "openai", ThinkAndCall("", StatefulId(StateKind::kThoughtSignature, "sig")),
     CallsWith(""), ""},
    {"LiteLlmGetsAClaudesBlocks", "litellm", ThinkAndCall(Thinking(R"(h\nm)", "EqQB+/=") + R"(,{"type":"redacted_thinking","data":"EmwK"})"),
     CallsWith(R"(,"thinking_blocks":[{"type":"thinking","thinking":"h\nm","signature":"EqQB+/="},{"type":"redacted_thinking","data":"EmwK"}])"), ""},
    {"LiteLlmGetsEscapedSignatures", "litellm", ThinkAndCall(Thinking("hm", R"(EqQB\u002B\/=)") + R"(,{"type":"redacted_thinking","data":"Em\u002B\/"})"),
     CallsWith(R"(,"thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"EqQB+/="},{"type":"redacted_thinking","data":"Em+/"}])"), ""},
    {"LiteLlmGetsNobodyElses", "litellm", ThinkAndCall(Thinking("hm", Signed(StateKind::kReasoningContent, "hm")) + "," + Thinking("hm",
     "8f14e45f-ceea") + R"(,{"type":"redacted_thinking","data":"no base64"})"), CallsWith(""), "thinking_history_dropped"},
    {"LiteLlmGetsTheBlocksBesideText", "litellm", Turns(Assistant(Thinking("hm",
     "EqQB") + R"(,{"type":"text","text":"a"})") + "," + kAsk),
     Chat(R"({"role":"assistant","content":"a","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"EqQB"}]},)" + kAsk), ""},
    {"LiteLlmGetsACleanId", "litellm", ThinkAndCall("", StatefulId(StateKind::kThoughtSignature, "sig")), CallsWith(""), ""},
    {"GeminiThoughtSignature", "gemini", ThinkAndCall("", StatefulId(StateKind::kThoughtSignature, "s+/=")),
     Chat(R"({"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s+/="}}}]},)" +
         Tool("t1", "r")), ""},
}), NameOf);

TEST(ChatMessages, Gemini3GetsASignatureWhereNoneIsKnown) {
  const std::string request = Request(ThinkAndCall(""));
  EXPECT_NE(Translate(request, TestModel("gemini",
      "gemini-3-pro")).body.find(R"("thought_signature":"skip_thought_signature_validator")"), std::string::npos);
  EXPECT_EQ(Translate(request, TestModel("gemini", "gemini-2.5-pro")).body.find("thought_signature"),
      std::string::npos);
}

TEST(ChatMessages, VllmContinuesAPrefill) {
  const Translated got = Translate(Request(Turns(Assistant(R"({"type":"text","text":"{"})"))), TestModel("vllm"));
  EXPECT_EQ(MemberOf(got.body, "continue_final_message"), "true");
  EXPECT_EQ(MemberOf(got.body, "add_generation_prompt"), "false");
}

TEST(ChatMessages, LlamaDoesNotThinkBeforeAPrefill) {
  const Translated got =
      Translate(Request(R"("thinking":{"type":"adaptive"},)" + Turns(Assistant(R"({"type":"text","text":"{"})"))),
          TestModel("llamacpp"));
  EXPECT_EQ(MemberOf(got.body, "chat_template_kwargs"), R"({"enable_thinking":false})");
  EXPECT_EQ(MemberOf(got.body, "continue_final_message"), "");
  EXPECT_EQ(got.losses, "thinking_disabled_for_prefill");
}

TEST(ChatMessages, LongAndForeignIdsAgreeInCallAndResult) {
  const std::string id(60, 'x');
  for (const std::string dialect : {"openai", "mistral"}) {
    const Translated got = Translate(Request(ThinkAndCall("", id)), TestModel(dialect));
    json::Document document;
    ASSERT_TRUE(document.Parse(got.body).ok());
    std::string called, answered;
    for (const json::Value message : document.root()["messages"].elements()) {
      for (const json::Value call : message["tool_calls"].elements()) called = call["id"].str();
      if (message["role"].is("tool")) answered = message["tool_call_id"].str();
    }
    EXPECT_EQ(called, answered);
    EXPECT_LE(called.size(), dialect == "mistral" ? 9u : 40u);
    EXPECT_FALSE(called.empty());
  }
}

TEST(ChatMessages, RepeatedIdsKeepTheFormTheUpstreamWants) {
  const std::string request = Turns(Assistant(Use("t1") + "," + Use("t1")) + "," +
                                    User(ResultOf("t1", R"("content":"1")") + "," + ResultOf("t1",
                                        R"("content":"2")")));
  const Translated got = Translate(Request(request), TestModel("mistral"));
  json::Document document;
  ASSERT_TRUE(document.Parse(got.body).ok());
  std::vector<std::string> called, answered;
  for (const json::Value message : document.root()["messages"].elements()) {
    for (const json::Value call : message["tool_calls"].elements()) called.push_back(call["id"].str());
    if (message["role"].is("tool")) answered.push_back(message["tool_call_id"].str());
  }
  ASSERT_EQ(called.size(), 2u);
  EXPECT_NE(called[0], called[1]);
  EXPECT_EQ(called, answered);
  for (const std::string& id : called) EXPECT_EQ(id.size(), 9u) << id;
}

// Numbering each from the beginning would take a minute.
TEST(ChatMessages, ManyCallsOfOneIdAreNumberedOnce) {
  constexpr int kCalls = 30'000;
  std::string calls;
  for (int i = 2; i < kCalls; ++i) calls += Use("a_" + std::to_string(i)) + ",";
  for (int i = 0; i < kCalls; ++i) calls += Use("a") + (i + 1 < kCalls ? "," : "");
  const Translated got = Translate(Request(Turns(Assistant(calls))), TestModel("openai"));
  EXPECT_NE(got.body.find(R"("id":"a_59998")"), std::string::npos);
  EXPECT_EQ(got.body.find(R"("id":"a_59999")"), std::string::npos);
}

}  // namespace
}  // namespace ccp::translate
