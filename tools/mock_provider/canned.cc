#include "tools/mock_provider/canned.h"

#include "tools/mock_provider/render.h"
#include "tools/mock_provider/script.h"

namespace ccp::mock {
namespace {

constexpr std::int64_t kCreated = 1'760'000'000;  // Any fixed time: the bytes must not differ from run to run.

CannedAnswer Make(Api api, std::size_t events) {
  Request request;
  request.api = api;
  request.model = "mock-model";
  request.input_tokens = 100;
  Reply reply;
  reply.piece_chars = 6;
  reply.text.emplace();
  for (std::size_t i = 0; i < events; ++i) *reply.text += " token";

  CannedAnswer answer;
  answer.body = Render(reply, request, "canned", kCreated).body;
  request.stream = true;
  answer.events = Render(reply, request, "canned", kCreated).events;
  for (const std::string& event : answer.events) answer.burst += event;
  return answer;
}

}  // namespace

CannedAnswers::CannedAnswers(std::size_t events) : answers_{Make(Api::kChat, events), Make(Api::kMessages, events)} {}

const CannedAnswer& CannedAnswers::For(Api api) const { return answers_[api == Api::kChat ? 0 : 1]; }

bool CannedAnswers::WantsStream(std::string_view body) {
  constexpr std::string_view kKey = "\"stream\":";
  const std::size_t key = body.rfind(kKey);
  if (key == std::string_view::npos) return false;
  const std::size_t value = body.find_first_not_of(' ', key + kKey.size());
  return value != std::string_view::npos && body.substr(value, 4) == "true";
}

}  // namespace ccp::mock
