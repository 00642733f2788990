#include "tools/mock_provider/canned.h"

#include "tools/mock_provider/render.h"
#include "tools/mock_provider/script.h"

namespace ccp::mock {
namespace {

constexpr std::int64_t kCreated = 1'760'000'000;  // Any fixed time: the bytes must not differ from run to run.

constexpr std::string_view kId = "8f1d0c2b7a9e4d5f9b0a1c2d3e4f5a6b";
constexpr std::string_view kPiece = " token";
constexpr std::string_view kStamp = "@0000000000000000000";
constexpr int kToolCalls = 3;
constexpr std::size_t kFragments = 50;
constexpr std::size_t kFragmentBytes = 12;

Reply Text(std::size_t events, std::string_view piece) {
  Reply reply;
  reply.piece_chars = static_cast<std::int64_t>(piece.size());
  reply.text.emplace();
  for (std::size_t i = 0; i < events; ++i) *reply.text += piece;
  return reply;
}

// Code with quotes and line ends, as an Edit has it: both are escaped twice on their way.
Reply Tools() {
  constexpr std::string_view kBegin = R"({"file_path":"/src/a.cc","new_string":")";
  constexpr std::string_view kLine = R"(  puts(\"a line\");\n)";
  constexpr std::string_view kEnd = R"("})";
  std::string arguments(kBegin);
  while (arguments.size() + kLine.size() + kEnd.size() <= kFragments * kFragmentBytes) arguments += kLine;
  arguments.resize(kFragments * kFragmentBytes - kEnd.size(), ' ');
  arguments += kEnd;

  Reply reply;
  reply.piece_chars = kFragmentBytes;
  for (int i = 0; i < kToolCalls; ++i) reply.tool_calls.push_back({"", "Edit", arguments});
  return reply;
}

void Insert(std::string& event, std::string_view before, std::string_view piece) {
  const std::size_t at = event.find(before);
  if (at != std::string::npos) event.insert(at, piece);
}

// What real providers say in every chunk beyond what a script needs: about 300 bytes for a token.
void AddWhatProvidersSay(std::string& event) {
  Insert(event, R"("choices":[{)", R"("service_tier":"default","system_fingerprint":"fp_3a5770e1b4_prod0225",)");
  Insert(event, R"("finish_reason":)", R"("logprobs":null,)");
  const bool chunk_without_usage = event.ends_with("}\n\n") && event.find(R"("usage":)") == std::string::npos;
  if (chunk_without_usage) event.insert(event.size() - 3, R"(,"usage":null)");
}

CannedAnswer Make(Api api, const Reply& reply) {
  Request request;
  request.api = api;
  request.model = "mock-model";
  request.input_tokens = 100;
  CannedAnswer answer;
  answer.body = Render(reply, request, kId, kCreated).body;
  request.stream = true;
  answer.events = Render(reply, request, kId, kCreated).events;
  if (api == Api::kChat) {
    for (std::string& event : answer.events) AddWhatProvidersSay(event);
  }
  for (const std::string& event : answer.events) answer.burst += event;
  return answer;
}

}  // namespace

CannedAnswers::CannedAnswers(std::size_t events, bool stamped) {
  const Reply text = Text(events, stamped ? kStamp : kPiece);
  for (const Api api : {Api::kChat, Api::kMessages}) {
    answers_[api == Api::kChat ? 0 : 1] = {Make(api, text), Make(api, Tools())};
  }
}

const CannedAnswer& CannedAnswers::For(Api api, Content content) const {
  return answers_[api == Api::kChat ? 0 : 1][content == Content::kText ? 0 : 1];
}

void CannedAnswers::Stamp(std::string& event, std::chrono::steady_clock::time_point now) {
  const std::size_t at = event.find(kStamp);
  if (at == std::string::npos) return;
  const std::string digits = std::to_string(std::chrono::nanoseconds(now.time_since_epoch()).count());
  event.replace(at + kStamp.size() - digits.size(), digits.size(), digits);
}

bool CannedAnswers::WantsStream(std::string_view body) {
  constexpr std::string_view kKey = "\"stream\":";
  const std::size_t key = body.rfind(kKey);
  if (key == std::string_view::npos) return false;
  const std::size_t value = body.find_first_not_of(' ', key + kKey.size());
  return value != std::string_view::npos && body.substr(value, 4) == "true";
}

}  // namespace ccp::mock
