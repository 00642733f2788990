// Any bytes in any cuts as the requests of one connection, through the parser and through the real connection. The cuts
// change nothing, a request that is accepted is within the limits and free of what proxies read differently, and a refusal
// says what to answer. The handler sees what stands there, its client gets the answers in order, and then the end.
#include "tests/fuzz/client_conversation.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/small_http_limits.h"

namespace {

using namespace ccp::edge;  // NOLINT: a program of one file
using namespace ccp::fuzz;  // NOLINT

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; });
}

void CheckRequest(RequestParser& parser, const HttpLimits& limits) {
  const HttpRequest& request = parser.request();
  Require(!request.method.empty() && !request.target.empty(), "a request without method or target");
  Require(request.target.size() <= limits.target_bytes, "a target over the limit", request.target);
  Require(request.headers.size() <= limits.header_fields, "too many fields");
  Require(request.body.size() <= limits.body_bytes, "a body over the limit", request.body);
  Require(!HasControl(request.method) && !HasControl(request.target), "a control character", request.target);
  for (const auto& [name, value] : request.headers) {
    Require(!name.empty() && !HasControl(name) && !HasControl(value), "a control character in a header", name);
    Require(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "case", name);
  }
}

Parsed Read(const std::vector<std::string>& pieces) {
  const HttpLimits limits = SmallLimits();
  return Parse(pieces, [&](RequestParser& parser) { CheckRequest(parser, limits); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  const Parsed whole = Read({text});
  Require(Read(Cut(text, seed)) == whole, "the cuts change what was read", text);
  RequireNone(CheckFraming(text, whole.requests), text);

  static ClientConversation& conversation = *new ClientConversation;
  RequireNone(CheckConversation(conversation, text, seed, whole), text);
  return 0;
}
