// Any bytes in any cuts as the requests of one connection. The cuts change nothing, a request that is accepted is within
// the limits and free of what proxies read differently, and a refusal says what to answer.
#include "edge/http/request_parser.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/small_http_limits.h"

namespace {

using namespace ccp::edge;  // NOLINT: a program of one file
using ccp::fuzz::Require;
using State = RequestParser::State;

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

std::string Describe(RequestParser& parser) {
  const HttpRequest& request = parser.request();
  std::string text = request.method + " " + request.target + (parser.keep_alive() ? " keep\n" : " close\n");
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
  return text + "\n" + request.body + "\n";
}

// All that the parser makes of the pieces, until it fails.
std::string Read(const std::vector<std::string>& pieces) {
  const HttpLimits limits = SmallLimits();
  RequestParser parser(limits);
  std::string seen;
  for (const std::string& piece : pieces) {
    std::string_view rest = piece;
    while (!rest.empty()) {
      const std::size_t taken = parser.Feed(rest);
      Require(taken <= rest.size(), "took more than there was");
      rest.remove_prefix(taken);
      if (parser.state() == State::kFailed) {
        const int status = parser.error().http_status;
        Require(status >= 400 && status <= 599 && !parser.error().message.empty(), "a refusal without a reason");
        return seen + "refused";  // For which of several faults may depend on the cuts.
      }
      if (parser.state() == State::kComplete) {
        CheckRequest(parser, limits);
        seen += Describe(parser);
        parser.Reset();
      } else {
        Require(rest.empty(), "bytes left over in the middle of a request", rest);
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ccp::fuzz::Input input(data, size);
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  const std::string whole = Read({text});
  Require(Read(ccp::fuzz::Cut(text, seed)) == whole, "the cuts change what was read", whole);
  return 0;
}
