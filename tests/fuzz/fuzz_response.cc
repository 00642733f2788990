// Any bytes in any cuts as an upstream's HTTP answer, through the parser and through the real connection. The cuts change
// nothing, what is accepted has a status and ends where framing.h says, and a connection that failed, was closed or got more
// than one answer is not used again: whoever uses it again gets the answer to its own request.
#include "edge/upstream/content_decoder.h"
#include "edge/upstream/response_parser.h"
#include "tests/fuzz/framing.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/upstream_conversation.h"

namespace {

using namespace ccp::fuzz;  // NOLINT: a program of one file
using ccp::edge::ContentDecoder;
using ccp::edge::ResponseParser;
using Expect = ResponseParser::Expect;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Whole {
  int status = 0;
  Headers headers;
  std::string body;
  bool reusable = false;
  bool operator==(const Whole&) const = default;
};

// A whole answer, or nothing: where among several faults the first is noticed may depend on the cuts.
std::optional<Whole> Read(Expect expect, const std::vector<std::string>& pieces) {
  ResponseParser parser(expect);
  Whole seen;
  for (const std::string& piece : pieces) {
    if (parser.Feed(piece, seen.body).ok()) continue;
    Require(!parser.reusable(), "reusable after an error");
    return std::nullopt;
  }
  if (!parser.FeedEof().ok()) return std::nullopt;
  Require(parser.head_done(), "an answer without a head");
  Require(parser.status() >= 200 && parser.status() <= 999, "no final status", std::to_string(parser.status()));
  for (const auto& [name, value] : parser.headers()) {
    Require(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "case", name);
  }
  if (expect == Expect::kNoBody) Require(seen.body.empty(), "a body where none can be", seen.body);
  seen.status = parser.status();
  seen.headers = parser.headers();
  seen.reusable = parser.reusable();
  return seen;
}

// What stands there is what was read, and nobody has cause to doubt where the next answer begins if there may be one.
void CheckFraming(std::string_view text, Expect expect, const Whole& seen) {
  const AnswerTo request = expect == Expect::kNoBody ? AnswerTo::kHead : AnswerTo::kOther;
  auto answer = ReadAnswer(text, request);
  while (answer && answer->Word(1).starts_with('1')) {
    text.remove_prefix(answer->size);
    answer = ReadAnswer(text, request);
  }
  Require(answer.has_value(), "an answer where none ends", text);
  Require(answer->Word(1) == std::to_string(seen.status), "another status", text);
  Require(answer->body == seen.body, "another body", seen.body);
  if (!seen.reusable) return;
  Require(!answer->until_close, "reusable, and only the connection's end is the answer's end", text);
  Require(answer->size == text.size(), "reusable, and there is more", text);
  Require(!Lists(*answer, "connection", "close"), "reusable, and the upstream closes", text);
  const bool may = answer->Word(0) == "HTTP/1.1" || Lists(*answer, "connection", "keep-alive");
  Require(may, "reusable, and the version closes", text);
}

// Freed from its content encoding at one go; absent if it cannot be.
std::optional<std::string> Decoded(const Whole& whole) {
  const auto encoding = std::find_if(whole.headers.begin(), whole.headers.end(),
                                     [](const auto& header) { return header.first == "content-encoding"; });
  auto decoder = ContentDecoder::For(encoding == whole.headers.end() ? "" : encoding->second);
  if (!decoder.ok()) return std::nullopt;
  if (*decoder == nullptr) return whole.body;
  std::string out;
  if (!(*decoder)->Feed(whole.body, out).ok() || !(*decoder)->Finish().ok()) return std::nullopt;
  return out;
}

void CheckError(const Fetched& fetched) {
  const ccp::RequestError& error = *fetched.error;
  Require(error.origin == ccp::RequestError::Origin::kUpstream, "an error of somebody else", error.message);
  Require(error.http_status == 502 && !error.message.empty() && !error.timed_out, "another error", error.message);
}

void CheckConnection(std::string_view text, Expect expect, std::uint8_t seed, const std::optional<Whole>& whole) {
  static UpstreamConversation& conversation = *new UpstreamConversation;
  const auto end = (seed & 0x40) != 0 ? UpstreamConversation::End::kClose : UpstreamConversation::End::kStay;
  const std::string method = expect == Expect::kNoBody ? "HEAD" : "POST";
  const Fetched fetched = conversation.Fetch(method, Cut(text, seed, kMostPieces), end);
  if (fetched.error) CheckError(fetched);
  Require(fetched.no_answer == text.empty(), "no answer, and some bytes, or the other way round", text);

  const auto decoded = whole ? Decoded(*whole) : std::nullopt;
  if (!fetched.error) {
    Require(whole && decoded, "accepted in pieces, refused as a whole", text);
    Require(fetched.status == whole->status && fetched.headers == whole->headers, "another head", text);
    Require(fetched.body == *decoded, "another body", fetched.body);
  } else if (decoded) {
    // How much larger it may become is looked at as it comes.
    Require(decoded->size() > ContentDecoder::kFreeBytes, "refused in pieces, accepted as a whole", text);
  }
  const bool again = conversation.FetchAgain("of the next");
  Require(!again || (!fetched.error && whole->reusable && end == UpstreamConversation::End::kStay), "used again", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto expect = input.TakeFlag() ? Expect::kNoBody : Expect::kBody;
  const std::uint8_t seed = input.TakeByte();
  const std::string text(input.rest());
  const std::optional<Whole> whole = Read(expect, {text});
  Require(Read(expect, Cut(text, seed)) == whole, "the cuts change what was read", text);
  if (whole) CheckFraming(text, expect, *whole);
  CheckConnection(text, expect, seed, whole);
  return 0;
}
