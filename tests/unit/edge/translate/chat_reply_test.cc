// translation.md 4.1, row by row: upstream chunks on the left, the message an SDK accumulates on the right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/translate/reasoning_state.h"
#include "tests/unit/edge/translate/answer_reader.h"
#include "tests/unit/edge/translate/reply_harness.h"

namespace ccp::translate {
namespace {

using testing::Accumulated;
using testing::Accumulator;
using testing::Bytewise;
using testing::Delta;
using testing::Finish;
using testing::Json;
using testing::kDone;
using testing::Ran;
using testing::Translate;
using testing::Given;
using testing::Sse;
using testing::Summary;
using testing::Text;
using testing::Think;
using testing::Tool;
using Phase = Reply::Phase;

constexpr std::string_view kGenerated = "toolu_GENERATED";

// Ids that the edge made up, so that a row can name them.
std::string WithGeneratedIdsNamed(std::string summary) {
  for (std::size_t at = summary.find("tool:toolu_"); at != std::string::npos; at = summary.find("tool:toolu_", at + 1)) {
    const std::size_t begin = at + 5;
    const std::size_t end = summary.find(' ', begin);
    if (end - begin == 30) summary.replace(begin, 30, kGenerated);
  }
  return summary;
}

// A fragment that only goes on with a call.
std::string More(int index, std::string_view escaped) {
  return Tool(R"({"index":)" + std::to_string(index) + R"(,"function":{"arguments":")" + std::string(escaped) + "\"}}");
}

struct Row {
  std::string name;
  std::vector<std::string> chunks;
  std::string want;
};

class StreamRowTest : public ::testing::TestWithParam<Row> {};

TEST_P(StreamRowTest, GivesTheMessageHoweverItIsCut) {
  Given given;
  given.stop_sequences = {"STOP"};
  for (const std::string_view line_end : {"\n", "\r\n", "\r"}) {
    const std::string stream = Sse(GetParam().chunks, line_end);
    const Ran whole = Translate(given, {stream});
    const Accumulated answer = Accumulator::Of(whole.out);
    ASSERT_EQ(answer.problem, "") << whole.out;
    ASSERT_EQ(answer.error, "") << whole.out;
    EXPECT_EQ(WithGeneratedIdsNamed(Summary(answer.message)), GetParam().want);
    EXPECT_EQ(whole.phase, Phase::kComplete);

    const Accumulated bytewise = Accumulator::Of(Translate(given, Bytewise(stream)).out);
    EXPECT_EQ(bytewise.problem, "");
    EXPECT_EQ(bytewise.message, answer.message);
    for (std::size_t cut = 1; cut < stream.size(); cut += 7) {
      EXPECT_EQ(Translate(given, {stream.substr(0, cut), stream.substr(cut)}).out, whole.out) << "cut at " << cut;
    }
  }
}

TEST_P(StreamRowTest, GivesTheSameMessageWithoutStreaming) {
  Given given;
  given.stop_sequences = {"STOP"};
  const std::string stream = Sse(GetParam().chunks);
  const Accumulated streamed = Accumulator::Of(Translate(given, {stream}).out);
  given.client = Form::kJson;
  const Ran ran = Translate(given, {stream});
  ASSERT_EQ(ran.phase, Phase::kComplete);
  EXPECT_EQ(Json::parse(ran.out), streamed.message);
}

const Row kRows[] = {
    {"Text", {Text("Hel"), Text("lo"), Finish("stop"), kDone}, "text:Hello | end_turn"},
    {"RoleChunkIsNoContent", {Delta(R"({"role":"assistant","content":""})"), Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"NoContentAtAll", {Delta(R"({"role":"assistant","content":""})"), Finish("stop"), kDone}, "end_turn"},
    {"NullEverything", {Delta(R"({"role":null,"content":null,"tool_calls":null,"reasoning_content":null,"refusal":null,"function_call":null})"), Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"NullDelta", {Delta("null"), Text("x"), Finish("stop")}, "text:x | end_turn"},
    {"ArrayContent", {Delta(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"), Finish("stop"), kDone}, "text:ab | end_turn"},
    {"MistralThinkingPart", {Delta(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"b"}]})"), Finish("stop"), kDone}, "thinking:hm | text:b | end_turn"},
    {"EscapesStay", {Text(R"(a\"\\\n\u00e9\/ü)"), Finish("stop"), kDone}, "text:a\"\\\né/ü | end_turn"},
    {"SurrogatesTornApart", {Text(R"(x\ud83d)"), Text(R"(\ude00y)"), Finish("stop"), kDone}, "text:x😀y | end_turn"},
    {"LoneHighSurrogate", {Text(R"(x\ud83d)"), Text("y"), Finish("stop"), kDone}, "text:x\xEF\xBF\xBDy | end_turn"},
    {"LoneHighSurrogateAtEnd", {Text(R"(x\ud83d)"), Finish("stop"), kDone}, "text:x\xEF\xBF\xBD | end_turn"},
    {"LoneLowSurrogate", {Text(R"(\ude00)"), Finish("stop"), kDone}, "text:\xEF\xBF\xBD | end_turn"},

    // Chunks that are alike but for their text are not read as JSON again; what differs elsewhere must still count.
    {"LikeChunksWithEscapes", {Text("a"), Text(R"(\"b\\)"), Text(R"(\u00e9)"), Text(""), Text("c"), Finish("stop"), kDone}, "text:a\"b\\éc | end_turn"},
    {"LikeButNotJson", {Text("a"), Text(R"(\x)"), Text("b"), Finish("stop"), kDone}, "text:ab | end_turn"},
    {"LikeButSaysMore", {Text("a"), Text(R"(b","refusal":"c)"), Text("d"), Finish("stop"), kDone}, "text:abcd | refusal"},
    {"LikeButFinishes", {Text("a"), Text("b"), Delta(R"({"content":"c"})", "\"length\""), kDone}, "text:abc | max_tokens"},
    {"LikeThoughtsAndTextsInTurns", {Think("a"), Think("b"), Text("c"), Text("d"), Think("e"), Think(""), Think("f"), Finish("stop"), kDone}, "thinking:ab | text:cd | thinking:ef | end_turn"},

    {"ReasoningContent", {Think("hm"), Think("m"), Text("x"), Finish("stop"), kDone}, "thinking:hmm | text:x | end_turn"},
    {"Reasoning", {Delta(R"({"reasoning":"hm","content":""})"), Text("x"), Finish("stop"), kDone}, "thinking:hm | text:x | end_turn"},
    {"ReasoningSaidTwice", {Delta(R"({"reasoning":"hm","reasoning_content":"hm"})"), Text("x"), Finish("stop"), kDone}, "thinking:hm | text:x | end_turn"},
    {"ReasoningDetailsAndReasoning", {Delta(R"({"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]})"), Text("x"), Finish("stop"), kDone}, "thinking:hm | text:x | end_turn"},
    {"ReasoningSummary", {Delta(R"({"reasoning_details":[{"type":"reasoning.summary","summary":"sum"}]})"), Text("x"), Finish("stop"), kDone}, "thinking:sum | text:x | end_turn"},
    {"ThinkingBlocks", {Delta(R"({"reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"sig"}]})"), Text("x"), Finish("stop"), kDone}, "thinking:hm | text:x | end_turn"},
    {"ThinkingBlocksRedacted", {Delta(R"({"thinking_blocks":[{"type":"redacted_thinking","data":"EmwK+/="}]})"), Text("x"), Finish("stop"), kDone}, R"({"type":"redacted_thinking","data":"EmwK+/="} | text:x | end_turn)"},
    {"ThinkingBlocksInOrder", {Delta(R"({"reasoning_content":"ab","thinking_blocks":[{"type":"thinking","thinking":"a","signature":"A1"},{"type":"redacted_thinking","data":"R1"},{"type":"thinking","thinking":"b","signature":"B1"}]})"), Text("x"), Finish("stop"), kDone}, R"(thinking:a | {"type":"redacted_thinking","data":"R1"} | thinking:b | text:x | end_turn)"},
    {"ThinkingBlocksOnePerSignature", {Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"a","signature":""}]})"), Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":"A1"}]})"), Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"b"}]})"), Text("x"), Finish("stop"), kDone}, "thinking:a | thinking:b | text:x | end_turn"},
    {"ThinkingBlocksSignedWithoutText", {Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":"A1"}]})"), Text("x"), Finish("stop"), kDone}, "thinking: | text:x | end_turn"},
    {"ThinkingBlocksOfNothing", {Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":""},{"type":"redacted_thinking","data":""},{"type":"redacted_thinking"},null]})"), Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"ThinkingBlocksBeforeACall", {Delta(R"({"thinking_blocks":[{"type":"redacted_thinking","data":"R1"}]})"), Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Delta(R"({"thinking_blocks":[{"type":"redacted_thinking","data":"R2"}]})"), Finish("tool_calls"), kDone}, R"({"type":"redacted_thinking","data":"R1"} | tool:t f {} | {"type":"redacted_thinking","data":"R2"} | tool_use)"},
    {"ReasoningAfterText", {Think("a"), Text("b"), Think("c"), Text("d"), Finish("stop"), kDone}, "thinking:a | text:b | thinking:c | text:d | end_turn"},
    {"ReasoningThenTool", {Think("a"), Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "thinking:a | tool:t f {} | tool_use"},
    {"Refusal", {Delta(R"({"refusal":"I can"})"), Delta(R"({"refusal":"not"})"), Finish("stop"), kDone}, "text:I cannot | refusal"},

    {"FinishLength", {Text("x"), Finish("length"), kDone}, "text:x | max_tokens"},
    {"FinishFilter", {Text("x"), Finish("content_filter"), kDone}, "text:x | refusal"},
    {"FinishSafety", {Text("x"), Finish("SAFETY"), kDone}, "text:x | refusal"},
    {"FinishContextFull", {Text("x"), Finish("model_context_window_exceeded"), kDone}, "text:x | model_context_window_exceeded"},
    {"FinishContextFullWithCall", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"b\""}})"), Finish("model_context_window_exceeded"), kDone}, R"(tool:t f {"a":null} | model_context_window_exceeded)"},
    {"FinishFilterWithItsReason", {Text("x"), Finish("content_filter: PROHIBITED_CONTENT"), kDone}, "text:x | refusal"},
    {"FinishEos", {Text("x"), Finish("eos"), kDone}, "text:x | end_turn"},
    {"FinishUnknown", {Text("x"), Finish("whatever"), kDone}, "text:x | end_turn"},
    {"FinishToolCallsWithoutCalls", {Text("x"), Finish("tool_calls"), kDone}, "text:x | end_turn"},
    {"FinishStopWithCall", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Finish("stop"), kDone}, "tool:t f {} | tool_use"},
    {"FinishLengthWithCall", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Finish("length"), kDone}, "tool:t f {} | max_tokens"},
    {"FinishFilterWithCall", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Finish("content_filter"), kDone}, "tool:t f {} | refusal"},
    {"StopSequenceOfVllm", {Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"STOP"}]})", kDone}, "text:x | stop_sequence=STOP"},
    {"StopSequenceNotAskedFor", {Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"</s>"}]})", kDone}, "text:x | end_turn"},
    {"StopTokenNumberOfVllm", {Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":151645}]})", kDone}, "text:x | end_turn"},
    {"TwoFinishes", {Text("x"), Finish("length"), Finish("stop"), kDone}, "text:x | max_tokens"},
    {"ContentAndFinishInOneChunk", {Delta(R"({"content":"x"})", "\"stop\""), kDone}, "text:x | end_turn"},
    {"NoDone", {Text("x"), Finish("stop")}, "text:x | end_turn"},
    {"DoneWithoutFinish", {Text("x"), kDone}, "text:x | end_turn"},
    {"DoneWithoutFinishAfterCall", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), kDone}, "tool:t f {} | tool_use"},
    {"NothingAfterDoneCounts", {Text("x"), Finish("stop"), kDone, Text("y")}, "text:x | end_turn"},

    {"EmptyChoices", {R"({"choices":[],"prompt_filter_results":[]})", Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"NullChoices", {R"({"choices":null})", Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"MissingChoices", {R"({"id":"x","usage":null})", Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"OtherChoicesAreIgnored", {R"({"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}]})", R"({"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"length"}]})", Finish("stop"), kDone}, "text:yes | end_turn"},
    {"JunkIsSkipped", {Text("a"), "keep-alive", "{\"half\":", Text("b"), Finish("stop"), kDone}, "text:ab | end_turn"},
    {"MessageInsteadOfDelta", {R"({"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]})", kDone}, "text:x | end_turn"},
    {"MessageRepeatedAtEnd", {Text("x"), R"({"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]})", kDone}, "text:x | end_turn"},

    // Tool calls.
    {"ToolStreams", {Tool(R"({"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":""}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":"}})"), Tool(R"({"index":0,"function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:call_1 get {"a":1} | tool_use)"},
    {"ToolAfterText", {Text("x"), Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "text:x | tool:t f {} | tool_use"},
    {"TextAfterTool", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Text("x"), Finish("tool_calls"), kDone}, "tool:t f {} | text:x | tool_use"},
    {"TextBetweenFragments", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":"}})"), Text("x"), Tool(R"({"index":0,"function":{"arguments":"1}"}})"), Text("y"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | text:xy | tool_use)"},
    {"ArgumentsEmpty", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":""}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"ArgumentsNull", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":null}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"ArgumentsMissing", {Tool(R"({"index":0,"id":"t","function":{"name":"f"}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"ArgumentsAsObject", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":{"a":[1,"x\n"]}}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":[1,"x\n"]} | tool_use)"},
    {"ArgumentsEncodedTwice", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"\"{\\\"a\\\":1}\""}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"ArgumentsNoObject", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"[1]"}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"ArgumentsTextNull", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"null"}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"ArgumentsBehindEmptyObject", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"ArgumentsCumulative", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":\"x"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":\"xy\"}"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":\"xy\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":"xy"} | tool_use)"},
    {"ArgumentsRepeatedAtEnd", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":"}})"), Tool(R"({"index":0,"function":{"arguments":"1}"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"SameFragmentTwiceIsContent", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\""}})"), Tool(R"({"index":0,"function":{"arguments":"ha"}})"), Tool(R"({"index":0,"function":{"arguments":"ha"}})"), Tool(R"({"index":0,"function":{"arguments":"\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":"haha"} | tool_use)"},
    {"ClosingBracketsMissing", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":[1,{\"b\":\"c\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":[1,{"b":"c"}]} | tool_use)"},
    {"CutInString", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"b\",\"command\":\"rm -rf /tm"}})"), Finish("length"), kDone}, R"(tool:t f {"a":"b","command":null} | max_tokens)"},
    {"CutAfterValueByLength", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"b\""}})"), Finish("length"), kDone}, R"(tool:t f {"a":null} | max_tokens)"},
    {"MalformedArguments", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\": foo}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":null} | tool_use)"},
    {"RawNewlineInString", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"x\ny\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":"x\ny"} | tool_use)"},
    {"NeedlessBackslash", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"\\d+\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":"\\d+"} | tool_use)"},
    {"TrailingComma", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":[1,2 , ],}"}})"),
                       Finish("tool_calls"), kDone},
     R"(tool:t f {"a":[1,2]} | tool_use)"},
    {"TrailingCommaCut", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":1,"}})"),
                          Tool(R"({"index":0,"function":{"arguments":" "}})"),
                          Tool(R"({"index":0,"function":{"arguments":"}"}})"), Finish("tool_calls"), kDone},
     R"(tool:t f {"a":1} | tool_use)"},
    {"CommaBetweenFragments", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":1, "}})"),
                               Tool(R"({"index":0,"function":{"arguments":"\"b\":2}"}})"), Finish("tool_calls"), kDone},
     R"(tool:t f {"a":1,"b":2} | tool_use)"},
    {"CommaAtTheEndPromisesMore", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":1,"}})"),
                                   Finish("tool_calls"), kDone},
     R"(tool:t f {"a":null} | tool_use)"},
    {"BlankTextBeforeTool", {Text(R"(\n\u000a\f)"), Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"),
                             Text(R"( \t)"), Finish("tool_calls"), kDone},
     "tool:t f {} | tool_use"},
    {"LeadingSpaceStaysWithItsText", {Text(R"(\n)"), Text(" "), Text("x "), Text(R"(\n)"), Text("y"), Finish("stop"), kDone},
     "text:\n x \ny | end_turn"},
    {"BlankTextWithinThinking", {Think("a"), Text(R"(\n)"), Think("b"), Text("x"), Finish("stop"), kDone},
     "thinking:ab | text:\nx | end_turn"},
    {"GarbageBehindObject", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":1}</tool>"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"BigNumbersAndOrder", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"z\":9223372036854775807,\"a\":\"ü😀\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"z":9223372036854775807,"a":"ü😀"} | tool_use)"},

    {"ParallelInOrder", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"), Tool(R"({"index":1,"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {} | tool:b g {"x":1} | tool_use)"},
    {"ParallelInOneChunk", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:a f {} | tool:b g {} | tool_use"},
    {"ParallelInterleaved", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"p\":"}})"), Tool(R"({"index":1,"id":"b","function":{"name":"g","arguments":"{\"q\":"}})"), Tool(R"({"index":0,"function":{"arguments":"1}"}})"), Tool(R"({"index":1,"function":{"arguments":"2}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"p":1} | tool:b g {"q":2} | tool_use)"},
    {"FragmentsAlike", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"p\":\""}})"), More(0, "x"), More(0, "y"), More(0, R"(\\n)"), More(0, ""), More(0, R"(z\"})"), More(0, ""), Finish("tool_calls"), kDone}, R"(tool:a f {"p":"xy\nz"} | tool_use)"},
    {"FragmentsAlikeInterleaved", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"p\":\""}})"), More(0, "x"), More(0, "y"), Tool(R"({"index":1,"id":"b","function":{"name":"g","arguments":"{\"q\":\""}})"), More(1, "u"), More(1, "v"), More(0, R"(z\"})"), More(1, R"(w\"})"), Finish("tool_calls"), kDone}, R"(tool:a f {"p":"xyz"} | tool:b g {"q":"uvw"} | tool_use)"},
    {"FragmentsAlikeAroundText", {Text("a"), Text("b"), Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"p\":\""}})"), More(0, "x"), More(0, "y"), More(0, R"(z\"})"), Text("c"), Text("d"), Finish("tool_calls"), kDone}, R"(text:ab | tool:a f {"p":"xyz"} | text:cd | tool_use)"},
    {"FragmentsOfAnIndexBeyondAByte", {Tool(R"({"index":256,"id":"a","function":{"name":"f","arguments":"{\"p\":\""}})"), More(256, "x"), More(256, "y"), More(256, R"(z\"})"), Finish("tool_calls"), kDone}, R"(tool:a f {"p":"xyz"} | tool_use)"},
    {"ChoicesThatAreNoList", {R"({"choices":{"a":1},"delta":{"content":"x"}})", R"({"choices":{"a":1},"delta":{"content":"y"}})", Text("z"), Finish("stop"), kDone}, "text:z | end_turn"},
    {"CallsThatAreNoList", {Delta(R"({"tool_calls":{"function":{"name":"f","arguments":"{}"}}})"), Finish("tool_calls"), kDone}, "tool:toolu_GENERATED f {} | tool_use"},
    {"ParallelIndicesDescending", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"), Tool(R"({"index":2,"id":"c","function":{"name":"h","arguments":"{}"}})"), Tool(R"({"index":1,"id":"b","function":{"name":"g","arguments":"{}"}})"), Tool(R"({"index":0,"function":{"arguments":"}"}})"), Finish("tool_calls"), kDone}, "tool:a f {} | tool:b g {} | tool:c h {} | tool_use"},
    {"NameLate", {Tool(R"({"index":0,"id":"t","function":{"arguments":"{\"a\":"}})"), Tool(R"({"index":0,"function":{"name":"f"}})"), Tool(R"({"index":0,"function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"NameNever", {Text("x"), Tool(R"({"index":0,"id":"t","function":{"arguments":"{}"}})"), Finish("tool_calls"), kDone}, "text:x | end_turn"},
    {"NameRepeated", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\""}})"), Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"EmptyNameAndIdLater", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\""}})"), Tool(R"({"index":0,"id":"","function":{"name":"","arguments":":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"IdMissing", {Tool(R"({"index":0,"function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:toolu_GENERATED f {} | tool_use"},
    {"IdNull", {Tool(R"({"index":0,"id":null,"function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:toolu_GENERATED f {} | tool_use"},
    {"NameBehindWholeArguments", {Tool(R"({"index":0,"id":"t","function":{"arguments":"{\"a\":1}"}})"), Tool(R"({"index":0,"function":{"name":"f"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"IdLate", {Tool(R"({"index":0,"function":{"name":"f","arguments":"{\"a\":"}})"), Tool(R"({"index":0,"id":"late","function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:toolu_GENERATED f {"a":1} | tool_use)"},
    {"IdWithForeignCharacters", {Tool(R"({"index":0,"id":"functions.f:0","function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:functions_f_0 f {} | tool_use"},
    {"IdTwice", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{}"}})"), Tool(R"({"index":1,"id":"t","function":{"name":"g","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool:toolu_GENERATED g {} | tool_use"},
    {"IndexMissingOneCall", {Tool(R"({"id":"t","function":{"name":"f","arguments":"{\"a\":"}})"), Tool(R"({"function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"IndexMissingNewId", {Tool(R"({"id":"a","function":{"name":"f","arguments":"{}"}})"), Tool(R"({"id":"b","function":{"name":"f","arguments":"{}"}})"), Finish("tool_calls"), kDone}, "tool:a f {} | tool:b f {} | tool_use"},
    {"IndexMissingByIdInterleaved", {Tool(R"({"id":"a","function":{"name":"f","arguments":"{\"p\":"}})"), Tool(R"({"id":"b","function":{"name":"g","arguments":"{}"}})"), Tool(R"({"id":"a","function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"p":1} | tool:b g {} | tool_use)"},
    {"IndexAndIdMissingNameBeginsCall", {Tool(R"({"function":{"name":"f","arguments":"{\"a\":1}"}})"), Tool(R"({"function":{"name":"f","arguments":"{\"a\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:toolu_GENERATED f {"a":1} | tool:toolu_GENERATED f {"a":2} | tool_use)"},
    {"SameIndexNewIdAndName", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})"), Tool(R"({"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"x":1} | tool:b g {"y":2} | tool_use)"},
    {"LegacyFunctionCall", {Delta(R"({"function_call":{"name":"f","arguments":"{\"a\":"}})"), Delta(R"({"function_call":{"arguments":"1}"}})"), Finish("function_call"), kDone}, R"(tool:toolu_GENERATED f {"a":1} | tool_use)"},
    {"ToolCallsAsAnObject", {Delta(R"({"tool_calls":{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"IndexAsText", {Tool(R"({"index":"0","id":"t","function":{"name":"f","arguments":"{\"a\":"}})"), Tool(R"({"index":"0","function":{"arguments":"1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"IndexAsTextInterleaved", {Tool(R"({"index":"0","id":"t","function":{"name":"f","arguments":"{\"a\":"}})"), Tool(R"({"index":"1","id":"u","function":{"name":"f","arguments":"{\"b\":"}})"), Tool(R"({"index":"0","function":{"arguments":"1}"}})"), Tool(R"({"index":"1","function":{"arguments":"2}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool:u f {"b":2} | tool_use)"},
    {"ContentAsOnePart", {Delta(R"({"content":{"type":"text","text":"a"}})"), Finish("stop"), kDone}, "text:a | end_turn"},
    {"SameIndexNewIdSameName", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})"), Tool(R"({"index":0,"id":"b","function":{"name":"f","arguments":"{\"y\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"x":1} | tool:b f {"y":2} | tool_use)"},
    {"SameIndexNewIdThenItsArguments", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})"), Tool(R"({"index":0,"id":"b","function":{"name":"g","arguments":""}})"), Tool(R"({"index":0,"function":{"arguments":"{\"y\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"x":1} | tool:b g {"y":2} | tool_use)"},
    {"ParallelArgumentsCumulative", {Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}})"), Tool(R"({"index":0,"function":{"arguments":"{\"x\":1}"}},{"index":1,"function":{"arguments":"{\"y\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:a f {"x":1} | tool:b g {"y":2} | tool_use)"},
    {"CallSaidInBothWays", {Delta(R"({"function_call":{"name":"f","arguments":"{}"},"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]})"), Finish("tool_calls"), kDone}, "tool:t f {} | tool_use"},
    {"AudioIsItsTranscript", {Delta(R"({"content":null,"audio":{"id":"a","transcript":"Hi "}})"), Delta(R"({"audio":{"transcript":"you","data":"AAAA"}})"), Finish("stop"), kDone}, "text:Hi you | end_turn"},
    {"FunctionNull", {Tool(R"({"index":0,"id":"t","function":null})"), Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"ArgumentsBehindNull", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":null}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"ArgumentsBehindTextNull", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"null"}})"), Tool(R"({"index":0,"function":{"arguments":"{\"a\":1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"SecondObjectBehindTheFirst", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":1}{\"a\":2}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":1} | tool_use)"},
    {"ArgumentsInSingleQuotes", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{'a':1}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {} | tool_use)"},
    {"EmptyToolDelta", {Tool(R"({"index":0})"), Text("x"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"EmptyToolList", {Delta(R"({"tool_calls":[],"content":"x"})"), Finish("stop"), kDone}, "text:x | end_turn"},
    {"SurrogatesTornApartInArguments", {Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":\"\ud83d"}})"), Tool(R"({"index":0,"function":{"arguments":"\ude00\"}"}})"), Finish("tool_calls"), kDone}, R"(tool:t f {"a":"😀"} | tool_use)"},
};

INSTANTIATE_TEST_SUITE_P(Chunks, StreamRowTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// ---- Errors: what the caller and the client see.

struct ErrorRow {
  std::string name;
  std::string stream;
  std::string out_end;      // With which the client's stream ends; "" if nothing went out.
  int http_status;
  std::string message;      // A part of it.
};

class StreamErrorTest : public ::testing::TestWithParam<ErrorRow> {};

TEST_P(StreamErrorTest, NeverLooksLikeAnAnswer) {
  const Ran ran = Translate({}, {GetParam().stream});
  EXPECT_EQ(ran.phase, Phase::kFailed);
  EXPECT_THAT(ran.out, ::testing::Not(::testing::HasSubstr("message_stop")));
  EXPECT_EQ(ran.error.http_status, GetParam().http_status);
  EXPECT_THAT(ran.error.message, ::testing::HasSubstr(GetParam().message));
  if (GetParam().out_end.empty()) {
    EXPECT_EQ(ran.out, "");
    return;
  }
  const Accumulated answer = Accumulator::Of(ran.out);
  EXPECT_EQ(answer.problem, "");
  EXPECT_THAT(answer.error, ::testing::StartsWith(GetParam().out_end));
}

const ErrorRow kErrorRows[] = {
    {"Nothing", "", "", 502, "ended early"},
    {"CommentsOnly", ": OPENROUTER PROCESSING\n\n", "", 502, "ended early"},
    {"CutAfterText", Sse({Text("x")}), "api_error: upstream ended early", 502, "ended early"},
    {"CutInsideEvent", Sse({Text("x")}) + "data: {\"choi", "api_error: upstream ended early", 502, "ended early"},
    {"CutInsideTool", Sse({Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":"}})")}), "api_error", 502, "ended early"},
    {"ErrorFirst", Sse({R"({"error":{"message":"slow down","code":429}})"}), "", 429, "slow down"},
    {"ErrorCodeAsText", Sse({R"({"error":{"message":"slow down","code":"429"}})"}), "", 429, "slow down"},
    {"ErrorByName", Sse({R"({"error":{"message":"busy","type":"overloaded_error"}})"}), "", 529, "busy"},
    {"ErrorWithoutCode", Sse({R"({"error":{"message":"broken"}})"}), "", 502, "broken"},
    {"ErrorString", Sse({R"({"error":"broken"})"}), "", 502, "broken"},
    {"ErrorOfVllm", Sse({R"({"object":"error","message":"too big","code":400})"}), "", 400, "too big"},
    {"ErrorArrayOfGemini", Sse({R"([{"error":{"code":503,"message":"later","status":"UNAVAILABLE"}}])"}), "", 529, "later"},
    {"ErrorEventWithText", "event: error\ndata: it broke\n\n", "", 502, "it broke"},
    {"ErrorAfterText", Sse({Text("x"), R"({"error":{"message":"busy","code":529}})", Text("y"), kDone}), "overloaded_error: ", 529, "busy"},
    {"ErrorBesideChoices", Sse({Text("x"), R"({"error":{"message":"gone","code":500},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})"}), "api_error: ", 500, "gone"},
    {"FinishReasonError", Sse({Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"message":"gone","code":502}}]})"}), "api_error: ", 502, "gone"},
    {"DoneOnly", Sse({kDone}), "", 502, "no choices"},
    {"ErrorInsideTheChoice", Sse({Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":null,"error":{"message":"gone","code":502}}]})"}), "api_error: ", 502, "gone"},
    {"FinishOfAnOverloadedDeepSeek", Sse({Text("x"), Finish("insufficient_system_resource"), kDone}), "overloaded_error: ", 529, "insufficient_system_resource"},
    {"FinishOfACallThatGeminiCannotRead", Sse({Text("x"), Finish("function_call_filter: MALFORMED_FUNCTION_CALL"), kDone}), "api_error: ", 502, "MALFORMED_FUNCTION_CALL"},
    {"FinishAborted", Sse({Text("x"), Finish("abort"), kDone}), "api_error: ", 502, "abort"},
};

INSTANTIATE_TEST_SUITE_P(Streams, StreamErrorTest, ::testing::ValuesIn(kErrorRows),
                         [](const auto& row) { return row.param.name; });

// ---- Usage: translation.md 3.2.

struct UsageRow {
  std::string name;
  std::vector<std::string> chunks;
  usage::Tokens want;
  usage::Quality quality = usage::Quality::kReported;
};

class StreamUsageTest : public ::testing::TestWithParam<UsageRow> {};

TEST_P(StreamUsageTest, IsReportedOnce) {
  const Ran ran = Translate({}, {Sse(GetParam().chunks)});
  EXPECT_EQ(ran.tokens, GetParam().want);
  EXPECT_EQ(ran.quality, GetParam().quality);
  const Json usage = Accumulator::Of(ran.out).message["usage"];
  EXPECT_EQ(usage["input_tokens"], GetParam().want.input);
  EXPECT_EQ(usage["cache_read_input_tokens"], GetParam().want.cache_read);
  EXPECT_EQ(usage["cache_creation_input_tokens"], GetParam().want.cache_write);
  EXPECT_EQ(usage["output_tokens"], GetParam().want.output);
  const bool thought = usage.contains("output_tokens_details");
  EXPECT_EQ(thought ? usage["output_tokens_details"]["thinking_tokens"].get<std::int64_t>() : 0,
            GetParam().want.reasoning);
}

std::string UsageChunk(std::string_view usage) { return R"({"choices":[],"usage":)" + std::string(usage) + "}"; }

const UsageRow kUsageRows[] = {
    {"AfterFinish", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3})"), kDone}, {.input = 10, .output = 3}},
    {"WithFinish", {Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":3}})", kDone}, {.input = 10, .output = 3}},
    {"BeforeFinish", {UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3})"), Text("x"), Finish("stop"), kDone}, {.input = 10, .output = 3}},
    {"LastCounts", {R"({"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}})", R"({"choices":[{"index":0,"delta":{"content":"y"}}],"usage":{"prompt_tokens":10,"completion_tokens":2}})", Finish("stop"), kDone}, {.input = 10, .output = 2}},
    {"NullDoesNotCount", {UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3})"), R"({"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":null})", kDone}, {.input = 10, .output = 3}},
    {"InChoiceOfKimi", {Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":10,"completion_tokens":3,"cached_tokens":4}}]})", kDone}, {.input = 6, .cache_read = 4, .output = 3}},
    {"CachedOfOpenAi", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":8,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}})"), kDone}, {.input = 1, .cache_read = 8, .cache_write = 1, .output = 3, .reasoning = 2}},
    {"CachedOfDeepSeek", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2})"), kDone}, {.input = 2, .cache_read = 8, .output = 3}},
    {"CachedOfGateways", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":10,"completion_tokens":3,"cache_read_input_tokens":4,"cache_creation_input_tokens":5})"), kDone}, {.input = 1, .cache_read = 4, .cache_write = 5, .output = 3}},
    {"MoreCachedThanPrompt", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":5,"completion_tokens":3,"cached_tokens":8})"), kDone}, {.input = 0, .cache_read = 8, .output = 3}},
    {"ReasoningBesideOfXai", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":12,"completion_tokens":1,"total_tokens":399,"completion_tokens_details":{"reasoning_tokens":386}})"), kDone}, {.input = 12, .output = 387, .reasoning = 386}},
    {"ReasoningWithin", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":4}})"), kDone}, {.input = 12, .output = 5, .reasoning = 4}},
    {"LargerTotalSaysNothing", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":12,"completion_tokens":5,"total_tokens":100})"), kDone}, {.input = 12, .output = 5}},
    {"NegativeAndFractions", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":5.0,"completion_tokens":-3})"), kDone}, {.input = 5, .output = 0}},
    {"NonsenseStaysWithinBounds", {Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":1,"completion_tokens":9223372036854775807,"total_tokens":-9223372036854775807,"cached_tokens":9223372036854775807,"cache_creation_tokens":9223372036854775807})"), kDone}, {.input = 0, .cache_read = 1'000'000'000'000, .cache_write = 1'000'000'000'000, .output = 1'000'000'000'000}},
    {"NoneIsEstimated", {Text("12345678"), Finish("stop"), kDone}, {.input = 7, .output = 2}, usage::Quality::kEstimated},
};

INSTANTIATE_TEST_SUITE_P(Chunks, StreamUsageTest, ::testing::ValuesIn(kUsageRows),
                         [](const auto& row) { return row.param.name; });

// ---- What rows cannot say.

class ChatReplyTest : public ::testing::Test {
 protected:
  std::unique_ptr<Reply> Make(const Given& given) { return MakeChatReply(testing::ContextOf(given, scratch_)); }
  json::Document scratch_;
  Given given_;
  std::string out_;
};

TEST_F(ChatReplyTest, WaitsForUsageAfterFinishAndNoLongerThanTold) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), Finish("stop")}), out_);
  EXPECT_TRUE(reply->lingers());
  EXPECT_THAT(out_, ::testing::HasSubstr("content_block_stop"));
  EXPECT_THAT(out_, ::testing::Not(::testing::HasSubstr("message_delta")));
  reply->Finish(Reply::End::kClean, out_);
  EXPECT_EQ(Accumulator::Of(out_).problem, "");
  EXPECT_FALSE(reply->lingers());
}

TEST_F(ChatReplyTest, EndsAtTheUsageChunkWithoutDone) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), Finish("stop"), UsageChunk(R"({"prompt_tokens":1,"completion_tokens":1})")}), out_);
  EXPECT_EQ(reply->phase(), Phase::kComplete);
}

TEST_F(ChatReplyTest, ForwardsEachFragmentAtOnce) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":"{\"a"}})")}), out_);
  EXPECT_THAT(out_, ::testing::EndsWith("\"partial_json\":\"{\\\"a\"}}\n\n"));
}

TEST_F(ChatReplyTest, PhasesFollowWhatTheClientSaw) {
  const auto reply = Make(given_);
  EXPECT_EQ(reply->phase(), Phase::kNothing);
  reply->Feed(": comment\n\n", out_);
  EXPECT_EQ(reply->phase(), Phase::kNothing);
  reply->Start(out_);
  reply->Start(out_);
  EXPECT_EQ(reply->phase(), Phase::kStarted);
  reply->Feed(Sse({Text("")}), out_);
  EXPECT_EQ(reply->phase(), Phase::kStarted);
  reply->Feed(Sse({Text("x")}), out_);
  EXPECT_EQ(reply->phase(), Phase::kContent);
  reply->Feed(Sse({Finish("stop"), kDone}), out_);
  EXPECT_EQ(reply->phase(), Phase::kComplete);
  EXPECT_EQ(Accumulator::Of(out_).problem, "");
}

TEST_F(ChatReplyTest, AnotherAttemptContinuesAStartedStream) {
  const auto first = Make(given_);
  first->Start(out_);
  first->Feed(Sse({R"({"error":{"message":"busy","code":529}})"}), out_);
  EXPECT_EQ(first->phase(), Phase::kFailed);
  given_.started = true;
  const auto second = Make(given_);
  second->Feed(Sse({Text("x"), Finish("stop"), kDone}), out_);
  const Accumulated answer = Accumulator::Of(out_);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(Summary(answer.message), "text:x | end_turn");
}

TEST_F(ChatReplyTest, FailEndsAStartedStream) {
  const auto reply = Make(given_);
  reply->Start(out_);
  RequestError error;
  error.type = "timeout_error";
  error.message = "too slow";
  reply->Fail(error, out_);
  reply->Fail(error, out_);
  reply->Feed(Sse({Text("x")}), out_);
  EXPECT_EQ(Accumulator::Of(out_).error, "timeout_error: too slow");
  EXPECT_EQ(reply->phase(), Phase::kFailed);
}

TEST_F(ChatReplyTest, FailWritesNothingBeforeTheStreamBegan) {
  const auto reply = Make(given_);
  reply->Fail(RequestError{}, out_);
  EXPECT_EQ(out_, "");
}

TEST_F(ChatReplyTest, RenamedToolsGetTheirNamesBack) {
  given_.tool_names["short_1234"] = "mcp__a_very_long_name";
  const auto reply = Make(given_);
  reply->Feed(Sse({Tool(R"({"index":0,"id":"t","function":{"name":"short_1234","arguments":"{}"}})"), kDone}), out_);
  EXPECT_EQ(Summary(Accumulator::Of(out_).message), "tool:t mcp__a_very_long_name {} | tool_use");
}

TEST_F(ChatReplyTest, OmittedThinkingTravelsInTheSignature) {
  given_.omit_thinking_text = true;
  given_.dialect.history = Dialect::History::kReasoningContent;
  const auto reply = Make(given_);
  reply->Feed(Sse({Think("se"), Think(R"(cr\net)"), Text("x"), kDone}), out_);
  const Json block = Accumulator::Of(out_).message["content"][0];
  EXPECT_EQ(block["thinking"], "");
  EXPECT_THAT(out_, ::testing::Not(::testing::HasSubstr("thinking_delta")));
  EXPECT_EQ(DecodeState(block["signature"].get<std::string>(), "secret"),
            (ReasoningState{StateKind::kReasoningContent, "secr\net"}));
}

TEST_F(ChatReplyTest, ShownThinkingIsMerelyMarked) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Think("hm"), Text("x"), kDone}), out_);
  const std::string signature = Accumulator::Of(out_).message["content"][0]["signature"];
  EXPECT_EQ(DecodeState(signature, "secret"), (ReasoningState{StateKind::kMarker, ""}));
}

TEST_F(ChatReplyTest, UpstreamsOwnSignatureIsKept) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"hm"}]})"),
                   Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":"EqQB/+="}]})"), Text("x"), kDone}),
              out_);
  EXPECT_EQ(Accumulator::Of(out_).message["content"][0]["signature"], "EqQB/+=");
}

TEST_F(ChatReplyTest, EachThinkingBlockKeepsItsSignature) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"a","signature":"A1"},{"type":"thinking","thinking":"b"}]})"),
                   Delta(R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":"B1"}]})"), Text("x"), kDone}),
              out_);
  const Json content = Accumulator::Of(out_).message["content"];
  EXPECT_EQ(content[0]["signature"], "A1");
  EXPECT_EQ(content[1]["signature"], "B1");
}

TEST_F(ChatReplyTest, RedactedThinkingThatNoClaudeWroteIsALoss) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Delta(R"({"thinking_blocks":[{"type":"redacted_thinking","data":"a\"b"}]})"), Text("x"), kDone}), out_);
  EXPECT_EQ(Summary(Accumulator::Of(out_).message), "text:x | end_turn");
  EXPECT_THAT(reply->losses().codes(), ::testing::Contains("reply_bytes_skipped"));
}

TEST_F(ChatReplyTest, EncryptedReasoningGetsABlockOfItsOwn) {
  given_.dialect.history = Dialect::History::kReasoningDetails;
  const auto reply = Make(given_);
  reply->Feed(Sse({Delta(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"AB","id":"rs","format":"f","index":0}]})"),
                   Delta(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"CD","index":0}]})"), Text("x"), kDone}),
              out_);
  const Accumulated answer = Accumulator::Of(out_);
  EXPECT_EQ(answer.problem, "");
  const auto state = DecodeState(answer.message["content"][0]["signature"].get<std::string>(), "secret");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->kind, StateKind::kReasoningDetails);
  EXPECT_EQ(state->payload, R"([{"type":"reasoning.encrypted","data":"ABCD","id":"rs","format":"f","index":0}])");
}

TEST_F(ChatReplyTest, EncryptedReasoningOfTwoIdsIsTwo) {
  given_.dialect.history = Dialect::History::kReasoningDetails;
  const auto reply = Make(given_);
  reply->Feed(Sse({Delta(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"AB","id":"a"},{"type":"reasoning.encrypted","data":"CD","id":"b"}]})"),
                   Delta(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"EF","id":"b"}]})"), Text("x"), kDone}),
              out_);
  const auto state = DecodeState(Accumulator::Of(out_).message["content"][0]["signature"].get<std::string>(), "secret");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->payload, R"([{"type":"reasoning.encrypted","data":"AB","id":"a"},{"type":"reasoning.encrypted","data":"CDEF","id":"b"}])");
}

TEST_F(ChatReplyTest, ThoughtSignatureTravelsInTheToolId) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Tool(R"({"index":0,"id":"t","extra_content":{"google":{"thought_signature":"sig=="}},"function":{"name":"f","arguments":"{}"}})"), kDone}), out_);
  const std::string id = Accumulator::Of(out_).message["content"][0]["id"];
  const ToolIdParts parts = SplitToolId(id, "secret");
  EXPECT_EQ(parts.id, "t");
  EXPECT_EQ(parts.state, (ReasoningState{StateKind::kThoughtSignature, "sig=="}));
}

constexpr char kCitations[] = R"({"annotations":[{"type":"url_citation","url_citation":{"url":"https://a.example/","title":"A \"b\""}},{"type":"url_citation","url_citation":{"url":"https://a.example/"}}]})";

TEST_F(ChatReplyTest, CitationsBecomeSearchBlocks) {
  given_.web_search = true;
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), Delta(kCitations), Finish("stop"), kDone}), out_);
  const Accumulated answer = Accumulator::Of(out_);
  ASSERT_EQ(answer.problem, "");
  const Json& content = answer.message["content"];
  ASSERT_EQ(content.size(), 3u);
  EXPECT_EQ(content[1]["type"], "server_tool_use");
  EXPECT_EQ(content[2]["tool_use_id"], content[1]["id"]);
  EXPECT_EQ(content[2]["content"].size(), 1u);
  EXPECT_EQ(content[2]["content"][0]["title"], "A \"b\"");
}

TEST_F(ChatReplyTest, CitationsOfASearchThatNobodyAskedForGo) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), Delta(kCitations), Finish("stop"), kDone}), out_);
  EXPECT_EQ(Summary(Accumulator::Of(out_).message), "text:x | end_turn");
  EXPECT_THAT(reply->losses().codes(), ::testing::Contains("citations_dropped"));
}

TEST_F(ChatReplyTest, PagesThatGlmFoundBecomeSearchBlocks) {
  given_.web_search = true;
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"web_search":[{"refer":"ref_1","title":"A","link":"https://a.example/","content":"..."}]})", kDone}), out_);
  const Accumulated answer = Accumulator::Of(out_);
  ASSERT_EQ(answer.problem, "");
  ASSERT_EQ(answer.message["content"].size(), 3u);
  EXPECT_EQ(answer.message["content"][2]["content"][0]["url"], "https://a.example/");
}

TEST_F(ChatReplyTest, ARefusalHasItsDetails) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("x"), Finish("content_filter"), kDone}), out_);
  EXPECT_THAT(out_, ::testing::HasSubstr(R"("stop_details":{"type":"refusal","category":null,"explanation":null})"));
}

// 64 bits, beyond a double, beyond any exponent: digits stay as they are, in both forms.
TEST_F(ChatReplyTest, NumbersKeepTheirDigits) {
  constexpr std::string_view kNumbers[] = {"18446744073709551616", "1e400", "-0.0", "1.10", "0.1000000000000000055511151231257827"};
  std::string arguments = R"({\"n\":[)";
  std::string want = "{\"n\":[";
  for (const std::string_view number : kNumbers) {
    arguments += std::string(number) + ",";
    want += std::string(number) + ",";
  }
  arguments += R"(0]})";
  want += "0]}";
  for (const Form client : {Form::kEvents, Form::kJson}) {
    given_.client = client;
    const Ran ran = Translate(given_, {Sse({Tool(R"({"index":0,"id":"t","function":{"name":"f","arguments":")" + arguments + "\"}}"), kDone})});
    EXPECT_EQ(ran.phase, Phase::kComplete);
    EXPECT_THAT(ran.out, ::testing::HasSubstr(client == Form::kJson ? want : arguments));
  }
}

TEST_F(ChatReplyTest, InvalidUtf8IsReplaced) {
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("a\xFFz"), Finish("stop"), kDone}), out_);
  EXPECT_EQ(Summary(Accumulator::Of(out_).message), "text:a\xEF\xBF\xBDz | end_turn");
}

TEST_F(ChatReplyTest, MessageStartCarriesModelAndEstimate) {
  const auto reply = Make(given_);
  reply->Start(out_);
  const Json message = testing::ParseEvents(out_).events.at(0)["message"];
  EXPECT_EQ(message["model"], "claude-test");
  EXPECT_EQ(message["id"], "msg_1");
  EXPECT_EQ(message["usage"]["input_tokens"], 7);
}

TEST_F(ChatReplyTest, CallsThatHoldTooMuchMemoryEndInAnError) {
  const std::string first = Tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}})");
  const std::string arguments = R"("{\"x\":\")" + std::string(1u << 20, 'x') + "\"";
  const auto reply = Make(given_);
  reply->Feed(Sse({first}), out_);
  for (int i = 1; i < 40 && reply->phase() == Phase::kContent; ++i) {
    const std::string call = R"({"index":)" + std::to_string(i) + R"(,"function":{"name":"g","arguments":)" + arguments;
    reply->Feed(Sse({Tool(call + "}}")}), out_);
  }
  EXPECT_EQ(reply->phase(), Phase::kFailed);
  EXPECT_LT(out_.size(), 10'000u);
  EXPECT_THAT(Accumulator::Of(out_).error, ::testing::HasSubstr("larger than 32 MiB"));
}

// An upstream that never ends: what does not go out at once is bounded, wherever it is held.
TEST_F(ChatReplyTest, NothingPilesUpWithoutBound) {
  struct Case {
    std::string_view name;
    Given given;
    std::string first;
    std::string more;
    bool client_is_told = false;
  };
  const std::string megabyte(1u << 20, 'x');
  Given object;
  object.client = Form::kJson;
  Given omitted;
  omitted.omit_thinking_text = true;
  omitted.dialect.history = Dialect::History::kReasoningContent;
  Given details = omitted;
  details.dialect.history = Dialect::History::kReasoningDetails;
  Given calls;
  calls.dialect.text_tool_calls = true;
  calls.callable = {"f"};
  Given tagged;
  tagged.dialect.think_tag = "think";
  const std::string detail = R"({"reasoning_details":[{"type":"reasoning.encrypted","data":")" + megabyte + "\"}]}";
  for (const Case& c : {Case{"OneObject", object, Text("a"), Text(megabyte)},
                        Case{"OmittedThinking", omitted, Think("a"), Think(megabyte), true},
                        Case{"Details", details, Text("a"), Delta(detail), true},
                        Case{"UnclosedCall", calls, Text("a <tool_call>"), Text(megabyte), true},
                        Case{"SpaceBeforeATag", tagged, Text(" "), Text(std::string(megabyte.size(), ' '))}}) {
    SCOPED_TRACE(c.name);
    const auto reply = Make(c.given);
    std::string out;
    reply->Feed(Sse({c.first}), out);
    const std::string more = Sse({c.more});
    int fed = 0;
    while (reply->phase() != Phase::kFailed && fed < 70) {
      reply->Feed(more, out);
      ++fed;
    }
    ASSERT_EQ(reply->phase(), Phase::kFailed);
    EXPECT_THAT(fed, ::testing::AllOf(::testing::Ge(63), ::testing::Le(65)));
    EXPECT_THAT(reply->error().message, ::testing::HasSubstr("more than 64 MiB of it would have to be held back"));
    EXPECT_EQ(Accumulator::Of(out).error.empty(), !c.client_is_told);
    EXPECT_LT(out.size(), 10'000u);
  }
}

TEST_F(ChatReplyTest, CitedPagesAreBoundedToo) {
  given_.web_search = true;
  const auto reply = Make(given_);
  const std::string title(1u << 20, 'x');
  for (int i = 0; i < 70 && reply->phase() != Phase::kFailed; ++i) {
    const std::string page = R"({"url":")" + std::to_string(i) + R"(","title":")" + title + "\"}";
    reply->Feed(Sse({Delta(R"({"annotations":[{"type":"url_citation","url_citation":)" + page + "}]}")}), out_);
  }
  ASSERT_EQ(reply->phase(), Phase::kFailed);
  EXPECT_THAT(reply->error().message, ::testing::HasSubstr("more than 64 MiB"));
}

TEST_F(ChatReplyTest, EventsWithoutBlankLinesBetweenThemAreRead) {
  std::string stream;
  for (const std::string& event : {Text("a"), std::string("junk"), Text("b"), Finish("length"), kDone, Text("c")}) {
    stream += "data: " + event + "\n";
  }
  for (const auto& pieces : {std::vector<std::string>{stream}, Bytewise(stream)}) {
    const Ran ran = Translate(given_, pieces);
    EXPECT_EQ(Summary(Accumulator::Of(ran.out).message), "text:ab | max_tokens");
    EXPECT_THAT(ran.losses, ::testing::Contains("reply_bytes_skipped"));
  }
}

TEST_F(ChatReplyTest, AnEventOfManyMegabytesPasses) {
  const std::string text(8u << 20, 'x');
  const std::string stream = Sse({Text(text), Finish("stop"), kDone});
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < stream.size(); at += 16'384) pieces.push_back(stream.substr(at, 16'384));
  const Ran ran = Translate({}, pieces);
  EXPECT_EQ(Accumulator::Of(ran.out).message["content"][0]["text"].get<std::string>().size(), text.size());
}

// ---- Text that is more than text, where the dialect says so.

struct SplitRow {
  std::string name;
  std::vector<std::string> texts;
  std::string want;
};

class TextSplitTest : public ::testing::TestWithParam<SplitRow> {};

TEST_P(TextSplitTest, HoweverItIsCut) {
  Given given;
  given.dialect.think_tag = "think";
  given.dialect.text_tool_calls = true;
  given.callable = {"f", "g"};
  std::string all;
  for (const std::string& text : GetParam().texts) all += text;
  std::vector<std::string> chunks;
  for (const std::string& text : GetParam().texts) chunks.push_back(Text(text));
  chunks.push_back(kDone);
  const Accumulated answer = Accumulator::Of(Translate(given, {Sse(chunks)}).out);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(WithGeneratedIdsNamed(Summary(answer.message)), GetParam().want);
}

const SplitRow kSplitRows[] = {
    {"NoTag", {"Hel", "lo"}, "text:Hello | end_turn"},
    {"LeadingTag", {"<think>hm</think>\\nHello"}, "thinking:hm | text:Hello | end_turn"},
    {"TagCut", {"<th", "ink>h", "m</thi", "nk>", "\\n", "Hello"}, "thinking:hm | text:Hello | end_turn"},
    {"TagEscaped", {"\\u003cthink\\u003ehm\\u003c/think\\u003eHello"}, "thinking:hm | text:Hello | end_turn"},
    {"OneNewlineOnly", {"<think>hm</think>\\n\\nHello"}, "thinking:hm | text:\nHello | end_turn"},
    {"SpaceBeforeTag", {"\\n<think>hm</think>x"}, "thinking:hm | text:x | end_turn"},
    {"EmptyThinking", {"<think></think>x"}, "text:x | end_turn"},
    {"NotClosed", {"<think>hm"}, "thinking:hm | end_turn"},
    {"TagNotLeading", {"a <think>hm</think>"}, "text:a <think>hm</think> | end_turn"},
    {"AlmostATag", {"<thin", "g>"}, "text:<thing> | end_turn"},
    {"BeginningOfATagAtEnd", {"<thi"}, "text:<thi | end_turn"},
    {"Hermes", {"Let me.", "<tool_call>{\\\"name\\\":\\\"f\\\",\\\"argu", "ments\\\":{\\\"a\\\":1}}</tool_call>"}, R"(text:Let me. | tool:toolu_GENERATED f {"a":1} | tool_use)"},
    {"HermesTwice", {"<tool_call>{\\\"name\\\":\\\"f\\\"}</tool_call><tool_call>{\\\"name\\\":\\\"g\\\",\\\"arguments\\\":{}}</tool_call>"}, "tool:toolu_GENERATED f {} | tool:toolu_GENERATED g {} | tool_use"},
    {"HermesOfAnUnknownFunction", {"<tool_call>{\\\"name\\\":\\\"h\\\"}</tool_call>"}, "text:<tool_call>{\"name\":\"h\"}</tool_call> | end_turn"},
    {"HermesMalformed", {"<tool_call>oops</tool_call>"}, "text:<tool_call>oops</tool_call> | end_turn"},
    {"HermesNotClosed", {"<tool_call>{\\\"name\\\""}, "text:<tool_call>{\"name\" | end_turn"},
    {"Doubao", {"<|FunctionCallBegin|>[{\\\"name\\\":\\\"f\\\",\\\"parameters\\\":{\\\"a\\\":1}}]<|FunctionCallEnd|>"}, R"(tool:toolu_GENERATED f {"a":1} | tool_use)"},
    {"Kimi", {"<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{\\\"a\\\":1}<|tool_call_end|><|tool_calls_section_end|>"}, R"(tool:toolu_GENERATED f {"a":1} | tool_use)"},
    {"LessThanIsText", {"a < b", " <", "c"}, "text:a < b <c | end_turn"},
};

INSTANTIATE_TEST_SUITE_P(Texts, TextSplitTest, ::testing::ValuesIn(kSplitRows),
                         [](const auto& row) { return row.param.name; });

TEST(ChatReplyText, TheThinkTagIsTheDialects) {
  Given given;
  given.dialect.think_tag = "thought";
  const std::vector<std::string> chunks = {Text("<tho"), Text("ught>hm"), Text("</thought>"), Text("Hel"), Text("lo"),
                                           Text("<thought>"), kDone};
  const Accumulated answer = Accumulator::Of(Translate(given, {Sse(chunks)}).out);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(Summary(answer.message), "thinking:hm | text:Hello<thought> | end_turn");
}

// Gemini's, which say of each chunk whether it holds a thought.
std::string Thought(std::string_view escaped) {
  return Delta(R"({"role":"assistant","content":")" + std::string(escaped) + R"(","extra_content":{"google":{"thought":true}}})");
}
std::string Unmarked(std::string_view escaped) {
  return Delta(R"({"role":"assistant","content":")" + std::string(escaped) + R"(","extra_content":null})");
}

class MarkedThoughtTest : public ::testing::TestWithParam<SplitRow> {};

TEST_P(MarkedThoughtTest, HoweverItIsCut) {
  Given given;
  given.dialect.think_tag = "thought";
  const std::string stream = Sse(GetParam().texts) + Sse({Finish("stop"), kDone});
  for (const auto& pieces : {std::vector<std::string>{stream}, Bytewise(stream)}) {
    const Accumulated answer = Accumulator::Of(Translate(given, pieces).out);
    EXPECT_EQ(answer.problem, "");
    EXPECT_EQ(Summary(answer.message), GetParam().want);
  }
}

const std::string kGeminisCall = Tool(R"({"id":"t","function":{"name":"f","arguments":"{}"}})");

INSTANTIATE_TEST_SUITE_P(Thoughts, MarkedThoughtTest, ::testing::ValuesIn(std::vector<SplitRow>{
    {"First", {Thought("<thought>a"), Thought("b"), Unmarked("</thought>c")}, "thinking:ab | text:c | end_turn"},
    {"BehindText", {Thought("<thought>a"), Unmarked("</thought>b"), Unmarked("c"), Thought("<thought>d"), Thought("e"), Unmarked("</thought>f")}, "thinking:a | text:bc | thinking:de | text:f | end_turn"},
    {"BehindTextAlone", {Unmarked("a"), Thought("<thought>b"), Unmarked("</thought>c")}, "text:a | thinking:b | text:c | end_turn"},
    {"BehindACall", {Thought("<thought>a"), Unmarked("</thought>"), kGeminisCall, Thought("<thought>b"), Unmarked("</thought>c")}, "thinking:a | tool:t f {} | thinking:b | text:c | tool_use"},
    {"TagCut", {Unmarked("a"), Thought("<tho"), Thought("ught>b</tho"), Unmarked("ught>c")}, "text:a | thinking:b | text:c | end_turn"},
    {"ClosedInItsChunk", {Unmarked("a"), Thought("<thought>b</thought>c"), Thought("<thought>d</thought>e")}, "text:a | thinking:b | text:c | thinking:d | text:e | end_turn"},
    {"OneBehindTheOther", {Thought("<thought>a</thought>"), Thought("<thought>b</thought>"), Unmarked("c")}, "thinking:ab | text:c | end_turn"},
    {"ATagWithoutTheMarkIsText", {Thought("<thought>a"), Unmarked("</thought>b"), Unmarked("<thought>c</thought>"), Unmarked("d")}, "thinking:a | text:b<thought>c</thought>d | end_turn"},
    {"ATagWithinATextIsText", {Unmarked("a"), Thought("b <thought>c")}, "text:ab <thought>c | end_turn"},
    {"NothingSaidChangesNothing", {Unmarked("a"), Thought(""), Unmarked("<thought>b")}, "text:a<thought>b | end_turn"},
}), [](const auto& row) { return row.param.name; });

// The whole answer has one mark for all of its text.
TEST(ChatReplyText, OnlyTheFirstThoughtOfAWholeAnswerIsTold) {
  Given given;
  given.upstream = Form::kJson;
  given.dialect.think_tag = "thought";
  const std::string body = R"({"choices":[{"message":{"content":"<thought>a</thought>b <thought>c</thought>","extra_content":{"google":{"thought":true}}},"finish_reason":"stop"}]})";
  EXPECT_EQ(Summary(Accumulator::Of(Translate(given, {body}).out).message), "thinking:a | text:b <thought>c</thought> | end_turn");
}

// Behind the tags nothing is looked for, so a cut character is joined by the same rules as without.
TEST(ChatReplyText, ACharacterCutBehindTheTagIsWhole) {
  Given given;
  given.dialect.think_tag = "think";
  const std::vector<std::string> chunks = {Text("<think>hm</think>a\\ud83d"), Text("\\ude00"), Text("x\\ud83d"),
                                           Text("\\ude00"), kDone};
  const Accumulated answer = Accumulator::Of(Translate(given, {Sse(chunks)}).out);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(Summary(answer.message), "thinking:hm | text:a😀x😀 | end_turn");
}

// ---- Stop sequences that the upstream does not know.

class StopHereTest : public ::testing::TestWithParam<SplitRow> {};

TEST_P(StopHereTest, HoweverItIsCut) {
  for (const bool splits : {false, true}) {
    Given given;
    given.dialect.think_tag = splits ? "think" : "";
    given.stops_here = {"STOP", "TOP-DOWN", "</x>", "😀"};
    std::vector<std::string> chunks;
    for (const std::string& text : GetParam().texts) chunks.push_back(Text(text));
    chunks.push_back(Finish("stop"));
    const Accumulated answer = Accumulator::Of(Translate(given, {Sse(chunks)}).out);
    EXPECT_EQ(answer.problem, "");
    EXPECT_EQ(Summary(answer.message), GetParam().want);
  }
}

INSTANTIATE_TEST_SUITE_P(Stops, StopHereTest, ::testing::ValuesIn(std::vector<SplitRow>{
    {"Nowhere", {"a ST", "OMP"}, "text:a STOMP | end_turn"},
    {"InOnePiece", {"a STOP b"}, "text:a  | stop_sequence=STOP"},
    {"CutInTwo", {"a ST", "OP b"}, "text:a  | stop_sequence=STOP"},
    {"CutEverywhere", {"a ", "S", "T", "O", "P"}, "text:a  | stop_sequence=STOP"},
    {"TheFirstToEndCounts", {"a </x> STOP"}, "text:a  | stop_sequence=</x>"},
    {"OneWithinAnother", {"S", "TOP-", "DOWN"}, "stop_sequence=STOP"},
    {"AtTheVeryBeginning", {"STOP"}, "stop_sequence=STOP"},
    {"OnlyItsBeginningAtTheEnd", {"a STO"}, "text:a STO | end_turn"},
    {"Escaped", {"a \\u0053TOP"}, "text:a  | stop_sequence=STOP"},
    {"SurrogatesTornApart", {"a\\ud83d", "\\ude00b"}, "text:a | stop_sequence=😀"},
}), [](const auto& row) { return row.param.name; });

// The stop waits as what may begin a call, and nothing comes behind it.
TEST_F(ChatReplyTest, AStopHereInWhatWaitedEndsTheAnswer) {
  given_.stops_here = {"<"};
  given_.dialect.text_tool_calls = true;
  EXPECT_EQ(Summary(Accumulator::Of(Translate(given_, {Sse({Text("a <"), Finish("stop"), kDone})}).out).message), "text:a  | stop_sequence=<");
}

TEST_F(ChatReplyTest, AStopHereEndsTheAnswerAtOnceInARepeatedChunk) {
  given_.stops_here = {"STOP"};
  const auto reply = Make(given_);
  reply->Feed(Sse({Text("a ST"), Text("OP b")}), out_);
  EXPECT_EQ(reply->phase(), Phase::kComplete);
}

TEST_F(ChatReplyTest, AStopHereEndsTheAnswerAtOnce) {
  given_.stops_here = {"STOP"};
  const auto reply = Make(given_);
  reply->Feed(Sse({Think("STOP"), Text("a STOP b")}), out_);
  EXPECT_EQ(reply->phase(), Phase::kComplete);
  EXPECT_EQ(Summary(Accumulator::Of(out_).message), "thinking:STOP | text:a  | stop_sequence=STOP");
  EXPECT_EQ(reply->quality(), usage::Quality::kEstimated);
}

TEST_F(ChatReplyTest, AWholeAnswerEndsAtItsStopToo) {
  given_.upstream = Form::kJson;
  given_.client = Form::kJson;
  given_.stops_here = {"STOP"};
  const auto reply = Make(given_);
  reply->Feed(R"({"choices":[{"message":{"content":"a STOP b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}})", out_);
  reply->Finish(Reply::End::kClean, out_);
  EXPECT_EQ(Summary(Json::parse(out_)), "text:a  | stop_sequence=STOP");
  EXPECT_EQ(reply->tokens().output, 4);
}

// ---- Whole JSON answers: translation.md 3.

class JsonRowTest : public ::testing::TestWithParam<Row> {};

TEST_P(JsonRowTest, GivesTheMessageInBothForms) {
  Given given;
  given.stop_sequences = {"STOP"};
  given.upstream = Form::kJson;
  const std::string& body = GetParam().chunks.front();
  const Ran streamed = Translate(given, {body});
  const Accumulated answer = Accumulator::Of(streamed.out);
  ASSERT_EQ(answer.problem, "") << streamed.out;
  EXPECT_EQ(WithGeneratedIdsNamed(Summary(answer.message)), GetParam().want);
  given.client = Form::kJson;
  const Ran ran = Translate(given, Bytewise(body));
  EXPECT_EQ(ran.phase, Phase::kComplete);
  EXPECT_EQ(Json::parse(ran.out), answer.message);
  given.upstream = Form::kEvents;  // A wrong label changes nothing.
  EXPECT_EQ(Translate(given, {body}).out, ran.out);
}

std::string Answer(std::string_view message, std::string_view finish = "\"stop\"") {
  return R"({"id":"chatcmpl-1","model":"m","choices":[{"index":0,"message":)" + std::string(message) +
         R"(,"finish_reason":)" + std::string(finish) + R"(}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";
}

const Row kJsonRows[] = {
    {"Text", {Answer(R"({"role":"assistant","content":"Hello"})")}, "text:Hello | end_turn"},
    {"EmptyText", {Answer(R"({"role":"assistant","content":""})")}, "end_turn"},
    {"NullText", {Answer(R"({"role":"assistant","content":null})")}, "end_turn"},
    {"Parts", {Answer(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})")}, "text:ab | end_turn"},
    {"Refusal", {Answer(R"({"content":null,"refusal":"no"})")}, "text:no | refusal"},
    {"ThinkingBeforeTextBeforeTools", {Answer(R"({"tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}],"content":"x","reasoning_content":"hm"})")}, "thinking:hm | text:x | tool:t f {} | tool_use"},
    {"ToolWithEmptyText", {Answer(R"({"content":"","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]})", "\"tool_calls\"")}, R"(tool:t f {"a":1} | tool_use)"},
    {"ToolsWithoutIndices", {Answer(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}]})")}, "tool:a f {} | tool:b f {} | tool_use"},
    {"ToolsWithSameIndices", {Answer(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]})")}, "tool:a f {} | tool:b f {} | tool_use"},
    {"ToolsWithSameIds", {Answer(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"a","function":{"name":"f","arguments":"{}"}}]})")}, "tool:a f {} | tool:toolu_GENERATED f {} | tool_use"},
    {"ToolsWithoutIds", {Answer(R"({"tool_calls":[{"function":{"name":"f","arguments":""}},{"function":{"name":"f","arguments":""}}]})")}, "tool:toolu_GENERATED f {} | tool:toolu_GENERATED f {} | tool_use"},
    {"ArgumentsAsObject", {Answer(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"k":[1.50,2]}}}]})")}, R"(tool:a f {"k":[1.5,2]} | tool_use)"},
    {"FunctionCall", {Answer(R"({"content":null,"function_call":{"name":"f","arguments":"{}"}})", "\"function_call\"")}, "tool:toolu_GENERATED f {} | tool_use"},
    {"FinishNull", {Answer(R"({"content":"x"})", "null")}, "text:x | end_turn"},
    {"FinishLength", {Answer(R"({"content":"x"})", "\"length\"")}, "text:x | max_tokens"},
    {"SecondChoiceIsIgnored", {R"({"choices":[{"index":1,"message":{"content":"no"}},{"index":0,"message":{"content":"yes"},"finish_reason":"stop"}]})"}, "text:yes | end_turn"},
    {"StopSequence", {R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop","stop_reason":"STOP"}]})"}, "text:x | stop_sequence=STOP"},
};

INSTANTIATE_TEST_SUITE_P(Bodies, JsonRowTest, ::testing::ValuesIn(kJsonRows),
                         [](const auto& row) { return row.param.name; });

struct BadBody {
  std::string name;
  std::string body;
  int http_status;
};

class JsonErrorTest : public ::testing::TestWithParam<BadBody> {};

TEST_P(JsonErrorTest, LeavesNothingForTheClient) {
  for (const Form client : {Form::kJson, Form::kEvents}) {
    Given given;
    given.upstream = Form::kJson;
    given.client = client;
    const Ran ran = Translate(given, {GetParam().body});
    EXPECT_EQ(ran.phase, Phase::kFailed);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.error.http_status, GetParam().http_status);
    EXPECT_NE(ran.error.message, "");
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, JsonErrorTest, ::testing::ValuesIn(std::vector<BadBody>{
    {"Empty", "", 502},
    {"Html", "<html><body>Bad gateway</body></html>", 502},
    {"HalfAnAnswer", R"({"choices":[{"message":{"content":"x")", 502},
    {"NoChoices", R"({"choices":[]})", 502},
    {"NotAnObject", "[]", 502},
    {"ErrorWithCode", R"({"error":{"message":"slow","code":429}})", 429},
    {"ErrorWithoutCode", R"({"error":{"message":"broken"}})", 502},
    {"DetailOfFastApi", R"({"detail":"Not Found"})", 502},
    {"ErrorInsideTheChoice", R"({"choices":[{"message":{"content":""},"finish_reason":"stop","error":{"code":429,"message":"slow"}}]})", 429},
    {"FinishOfACallThatGeminiCannotRead", R"({"choices":[{"message":{"role":"assistant"},"finish_reason":"function_call_filter: MALFORMED_FUNCTION_CALL"}]})", 502},
    {"StatusOfMiniMax", R"({"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}})", 502},
    {"ErrorTypeOfMiniMax", R"({"error":{"type":"insufficient_balance_error","message":"insufficient balance"}})", 402},
}), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ccp::translate
