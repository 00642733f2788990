// Any bytes in any cuts as an upstream's HTTP answer. The cuts change nothing, what is accepted has a status, and a
// connection that failed or got more than one answer is not used again.
#include "edge/upstream/response_parser.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using ccp::edge::ResponseParser;
using ccp::fuzz::Require;

// A whole answer, or "": where among several faults the first is noticed may depend on the cuts.
std::string Read(ResponseParser::Expect expect, const std::vector<std::string>& pieces) {
  ResponseParser parser(expect);
  std::string body;
  for (const std::string& piece : pieces) {
    if (parser.Feed(piece, body).ok()) continue;
    Require(!parser.reusable(), "reusable after an error");
    return "";
  }
  if (!parser.FeedEof().ok()) return "";
  Require(parser.head_done(), "an answer without a head");
  Require(parser.status() >= 200 && parser.status() <= 999, "no final status", std::to_string(parser.status()));
  std::string seen = std::to_string(parser.status()) + "\n";
  for (const auto& [name, value] : parser.headers()) {
    Require(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "case", name);
    seen += name + ": " + value + "\n";
  }
  if (expect == ResponseParser::Expect::kNoBody) Require(body.empty(), "a body where none can be", body);
  return seen + "\n" + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ccp::fuzz::Input input(data, size);
  const auto expect = input.TakeFlag() ? ResponseParser::Expect::kNoBody : ResponseParser::Expect::kBody;
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  const std::string whole = Read(expect, {text});
  Require(Read(expect, ccp::fuzz::Cut(text, seed)) == whole, "the cuts change what was read", whole);
  return 0;
}
