// Random answers, told the way upstreams tell them: calls interleaved, ids and names late, indices missing, arguments
// cumulative, text after tools, reasoning after text, usage anywhere. Whatever the telling and the cuts, the client gets a legal answer with all
// of the content, once and in order, and the same message with and without streaming.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/edge/translate/answer_reader.h"
#include "tests/unit/edge/translate/reply_harness.h"

namespace ccp::translate {
namespace {

using testing::Accumulated;
using testing::Accumulator;
using testing::Bytewise;
using testing::Given;
using testing::Json;
using testing::Translate;

constexpr unsigned kAnswers = 100;

// What the model says, block by block, and what the upstream makes of it.
struct Told {
  std::vector<Json> blocks;          // As the client is to get them; ids only where the upstream gave them in time.
  std::vector<std::string> chunks;
  usage::Tokens usage;
};

class Storyteller {
 public:
  explicit Storyteller(unsigned seed) : random_(seed) {}

  Told Tell() {
    const int sections = Pick(1, 4);
    for (int i = 0; i < sections; ++i) {
      const int kind = Pick(0, 3);
      if (kind == 0) Prose("text", "content");
      else if (kind == 1) Prose("thinking", Pick(0, 1) == 0 ? "reasoning_content" : "reasoning");
      else Calls();
      if (Pick(0, 5) == 0) Chunk(R"({"choices":[]})");
      if (Pick(0, 5) == 0) Usage();
    }
    const bool calls = std::any_of(told_.blocks.begin(), told_.blocks.end(), [](const Json& b) { return b["type"] == "tool_use"; });
    told_.chunks.push_back(testing::Finish(calls ? "tool_calls" : "stop"));
    Usage();
    told_.chunks.push_back(testing::kDone);
    return told_;
  }

  // `text` cut at random places between characters.
  std::vector<std::string> Cut(std::string_view text) {
    std::vector<std::string> pieces;
    while (!text.empty()) {
      std::size_t length = std::min<std::size_t>(Pick(1, 9), text.size());
      while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
      pieces.emplace_back(text.substr(0, length));
      text.remove_prefix(length);
    }
    return pieces;
  }

  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

 private:
  struct Call {
    std::int64_t index;
    std::string id;
    std::string name;
    std::string arguments;
    bool cumulative;
    bool name_late;
    bool id_late;
    bool by_id;  // Without an index: each fragment names the call by its id.
    std::vector<std::string> fragments;
  };

  void Chunk(std::string chunk) { told_.chunks.push_back(std::move(chunk)); }

  void Usage() {
    told_.usage = {.input = Pick(1, 1000), .output = Pick(1, 1000)};
    Chunk(R"({"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":)" + std::to_string(told_.usage.input) +
          R"(,"completion_tokens":)" + std::to_string(told_.usage.output) + "}}");
  }

  std::string Words() {
    static const std::vector<std::string> kWords = {"a", " b", "\n", "\"q\"", "\\", "ü", "😀", "{\"x\":", "}", "<think>", "\t", "data: "};
    std::string words = "w";
    for (int i = Pick(0, 12); i > 0; --i) words += kWords[Pick(0, static_cast<int>(kWords.size()) - 1)];
    return words;
  }

  void Prose(const std::string& kind, const std::string& field) {
    const std::string words = Words();
    for (const std::string& piece : Cut(words)) {
      Json delta;
      delta[field] = piece;
      Chunk(testing::Delta(Pick(0, 1) == 0 ? delta.dump() : delta.dump(-1, ' ', /*ensure_ascii=*/true)));
    }
    if (!told_.blocks.empty() && told_.blocks.back()["type"] == kind) {
      told_.blocks.back()[kind] = told_.blocks.back()[kind].get<std::string>() + words;
    } else {
      told_.blocks.push_back({{"type", kind}, {kind, words}});
    }
  }

  Json Object(int depth) {
    Json object = Json::object();
    for (int i = Pick(0, 3); i > 0; --i) {
      const std::string key = "k" + std::to_string(Pick(0, 99));
      switch (Pick(0, depth > 0 ? 4 : 3)) {
        case 0: object[key] = Words(); break;
        case 1: object[key] = Pick(-1000, 1000); break;
        case 2: object[key] = nullptr; break;
        case 3: object[key] = Json::array({1.5, true, "x"}); break;
        default: object[key] = Object(depth - 1);
      }
    }
    return object;
  }

  Call NewCall() {
    Call call;
    call.index = next_index_++;
    call.id = "call_" + std::to_string(call.index);
    call.name = "tool" + std::to_string(Pick(0, 3));
    call.arguments = Object(2).dump(Pick(0, 2) - 1);
    call.cumulative = Pick(0, 4) == 0;
    call.name_late = Pick(0, 4) == 0;
    call.id_late = !call.name_late && Pick(0, 3) == 0;  // An announcement says one of them.
    call.by_id = false;
    if (Pick(0, 9) == 0) call.arguments = "{}";
    call.fragments = Cut(call.arguments);
    if (call.cumulative) {
      for (std::size_t i = 1; i < call.fragments.size(); ++i) call.fragments[i] = call.fragments[i - 1] + call.fragments[i];
    }
    return call;
  }

  // Up to three parallel calls, their fragments interleaved.
  void Calls() {
    std::vector<Call> calls(Pick(1, 3));
    std::generate(calls.begin(), calls.end(), [this] { return NewCall(); });
    const bool by_id = Pick(0, 3) == 0;
    for (Call& call : calls) {
      call.by_id = by_id;
      if (by_id) call.id_late = false;
      told_.blocks.push_back({{"type", "tool_use"}, {"name", call.name}, {"input", Json::parse(call.arguments)}});
      if (!call.id_late) told_.blocks.back()["id"] = call.id;
      Json delta = Fragment(call, "");
      if (!call.id_late) delta["id"] = call.id;
      if (!call.name_late) delta["function"]["name"] = call.name;
      Chunk(testing::Tool(delta.dump()));
    }
    std::vector<std::size_t> sent(calls.size(), 0);
    while (true) {
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (sent[i] < calls[i].fragments.size()) open.push_back(i);
      }
      if (open.empty()) return;
      const std::size_t i = open[Pick(0, static_cast<int>(open.size()) - 1)];
      Json delta = Fragment(calls[i], calls[i].fragments[sent[i]]);
      const bool last = ++sent[i] == calls[i].fragments.size();
      if (calls[i].id_late && last) delta["id"] = calls[i].id;
      if (calls[i].name_late && last) delta["function"]["name"] = calls[i].name;
      Chunk(testing::Tool(delta.dump()));
    }
  }

  static Json Fragment(const Call& call, const std::string& arguments) {
    Json fragment = {{"function", {{"arguments", arguments}}}};
    if (call.by_id) {
      fragment["id"] = call.id;
    } else {
      fragment["index"] = call.index;
    }
    return fragment;
  }

  std::mt19937 random_;
  std::int64_t next_index_ = 0;
  Told told_;
};

std::string Describe(const Told& told) {
  std::string all;
  for (const std::string& chunk : told.chunks) all += chunk + "\n";
  return all;
}

TEST(ReplyProperty, AllContentOnceAndInOrderHoweverToldAndCut) {
  for (unsigned seed = 0; seed < kAnswers; ++seed) {
    Storyteller storyteller(seed);
    const Told told = storyteller.Tell();
    const std::string stream = testing::Sse(told.chunks);
    const std::string whole = Translate({}, {stream}).out;
    const Accumulated answer = Accumulator::Of(whole);
    ASSERT_EQ(answer.problem, "") << "seed " << seed << "\n" << Describe(told);
    ASSERT_EQ(answer.error, "") << "seed " << seed;
    const Json& content = answer.message["content"];
    ASSERT_EQ(content.size(), told.blocks.size()) << "seed " << seed << "\n" << Describe(told) << content.dump(1);
    for (std::size_t i = 0; i < content.size(); ++i) {
      for (const auto& [key, value] : told.blocks[i].items()) {
        ASSERT_EQ(content[i][key], value) << "seed " << seed << " block " << i << "\n" << Describe(told);
      }
    }
    EXPECT_EQ(answer.message["usage"]["input_tokens"], told.usage.input);
    EXPECT_EQ(answer.message["usage"]["output_tokens"], told.usage.output);

    ASSERT_EQ(Translate({}, storyteller.Cut(stream)).out, whole) << "seed " << seed;
    ASSERT_EQ(Translate({}, Bytewise(stream)).out, whole) << "seed " << seed;
    Given given;
    given.client = Form::kJson;
    ASSERT_EQ(Json::parse(Translate(given, {stream}).out), answer.message) << "seed " << seed;
  }
}

TEST(ReplyProperty, EveryCutOfTheStreamIsAnErrorOrTheWholeAnswer) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    const std::string stream = testing::Sse(Storyteller(seed).Tell().chunks);
    const std::size_t finished = stream.find("\"finish_reason\":\"");
    for (std::size_t length = 0; length < stream.size(); length += 1 + stream.size() / 200) {
      for (const auto end : {Reply::End::kClean, Reply::End::kCut}) {
        Given given;
        given.end = end;
        const auto ran = Translate(given, {stream.substr(0, length)});
        const Accumulated answer = Accumulator::Of(ran.out);
        if (length < finished) {
          ASSERT_EQ(ran.phase, Reply::Phase::kFailed) << stream.substr(0, length);
          ASSERT_EQ(ran.out.find("message_stop"), std::string::npos);
        } else if (ran.phase == Reply::Phase::kComplete) {
          ASSERT_EQ(answer.problem, "");
        }
      }
    }
  }
}

// ---- The short way

// Chunks as upstreams send them by the hundred: most repeat the one before but for a text, some do not.
class Repeater {
 public:
  explicit Repeater(unsigned seed) : random_(seed) {}

  std::vector<std::string> Chunks() {
    std::vector<std::string> chunks;
    std::size_t kind = 0;
    for (int i = Pick(2, 40); i > 0; --i) {
      if (Pick(0, 4) == 0) kind = static_cast<std::size_t>(Pick(0, static_cast<int>(std::size(kKinds)) - 1));
      std::string chunk(kKinds[kind]);
      if (const std::size_t at = chunk.find('@'); at != std::string::npos) chunk.replace(at, 1, Piece());
      chunks.push_back(std::move(chunk));
    }
    if (Pick(0, 3) != 0) chunks.push_back(testing::kDone);
    return chunks;
  }

 private:
  // @ stands for a text, still escaped.
  static constexpr std::string_view kKinds[] = {
      R"({"choices":[{"index":0,"delta":{"content":"@"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}],"usage":null})",
      R"({"choices":[{"delta":{"role":"assistant","content":"","content":"@"}}]})",
      R"({"choices":[{"delta":{"content":"@","reasoning_content":null,"tool_calls":null}}]})",
      R"({"choices":[{"delta":{"content":"@","reasoning_content":"","tool_calls":[]}}]})",
      R"({"choices":[{"delta":{"content":"@","refusal":null,"reasoning":"r"}}]})",
      R"({"choices":[{"delta":{"content":"@","extra_content":{"google":{"thought":true}}}}]})",
      R"({"choices":[{"delta":{"content":"@","extra_content":{"google":{"thought_signature":"s"}}}}]})",
      R"({"choices":[{"delta":{"reasoning_content":"@"}}]})",
      R"({"choices":[{"delta":{"content":null,"reasoning_content":"@"}}]})",
      R"({"choices":[{"delta":{"content":"","reasoning_content":"@"}}]})",
      R"({"choices":[{"delta":{"reasoning":"@"}}]})",
      R"({"choices":[{"delta":{"refusal":"@"}}]})",
      R"({"choices":[{"delta":{"content":[{"type":"text","text":"@"}]}}]})",
      R"({"choices":[{"delta":{"content":"a"}},{"index":1,"delta":{"content":"@"}}]})",
      R"({"choices":[{"index":1,"delta":{"content":"@"}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"content":null,"tool_calls":[{"index":1,"id":null,"function":{"name":null,"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"","type":"function","function":{"name":"","arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"$web_search","arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":"0","function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":256,"function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":{"index":0,"function":{"arguments":"@"}}}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}},{"index":1,"function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"function_call":{"name":"g","arguments":"@"}}}]})",
      R"({"choices":[{"delta":{"content":"@"},"finish_reason":"stop"}]})",
      R"({"choices":[{"delta":{"content":"@"},"finish_reason":""}]})",
      R"({"choices":[{"delta":{"content":"@"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
      R"({"choices":[{"message":{"content":"@"}}]})",
      R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})",
  };

  std::string Piece() {
    static const std::vector<std::string> kPieces = {
        "",      "a",     " b",       "\\n",          "{",           "}",          "{\\\"a\\\":",  "1}",
        "\\\"",  "ST",    "OP",       "<think>", "<th", "ink>",        "</think>",   "\\ud83d",      "\\ude00",
        "\\\\",  "null",  "\xC3\xA9", "\xC3",          "<tool_call>", "</tool_call>", "{\\\"name\\\":\\\"f\\\"}", "{}",
        "\\u00e9", "\\x",  "STOP",     "\x01"};
    return kPieces[static_cast<std::size_t>(Pick(0, static_cast<int>(kPieces.size()) - 1))];
  }

  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  std::mt19937 random_;
};

// What the client has after each chunk.
std::vector<std::string> Steps(const Given& given, const std::vector<std::string>& chunks) {
  json::Document scratch;
  const std::unique_ptr<Reply> reply = MakeChatReply(testing::ContextOf(given, scratch));
  std::vector<std::string> steps;
  std::string out;
  for (const std::string& chunk : chunks) {
    reply->Feed(testing::Sse({chunk}), out);
    steps.push_back(out + std::to_string(static_cast<int>(reply->phase())));
  }
  reply->Finish(given.end, out);
  steps.push_back(out + std::to_string(static_cast<int>(reply->phase())) + std::to_string(reply->tokens().output));
  return steps;
}

std::vector<Given> Settings() {
  std::vector<Given> settings(5);
  settings[1].stops_here = {"STOP"};
  settings[2].dialect.think_tag = "think";
  settings[2].dialect.text_tool_calls = true;
  settings[2].callable = {"f"};
  settings[3] = settings[2];
  settings[3].stops_here = {"STOP", "b"};
  settings[4].echoes_search = true;
  settings[4].omit_thinking_text = true;
  return settings;
}

// A chunk like the one before is not read again. With a number of its own in each, none is like another.
TEST(ReplyProperty, ARepeatedChunkSaysWhatItWouldSayAlone) {
  const std::vector<Given> settings = Settings();
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const std::vector<std::string> chunks = Repeater(seed).Chunks();
    std::vector<std::string> unlike = chunks;
    for (std::size_t i = 0; i < unlike.size(); ++i) {
      if (unlike[i] != testing::kDone) unlike[i].insert(1, "\"n\":" + std::to_string(i) + ",");
    }
    const Given& given = settings[seed % settings.size()];
    ASSERT_EQ(Steps(given, chunks), Steps(given, unlike)) << "seed " << seed << "\n" << ::testing::PrintToString(chunks);
  }
}

}  // namespace
}  // namespace ccp::translate
