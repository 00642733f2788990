#include "edge/upstream/request_head.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

// Framing and hop-by-hop headers belong to the connection.
constexpr std::array<std::string_view, 9> kOurs{"host",    "content-length", "connection", "transfer-encoding", "te",
                                                "trailer", "upgrade",        "keep-alive", "accept-encoding"};

constexpr std::array<bool, 256> MakeTokenCharacters() {
  std::array<bool, 256> allowed{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) allowed[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) allowed[c] = true;
  for (unsigned char c = '0'; c <= '9'; ++c) allowed[c] = true;
  for (const unsigned char c : std::string_view("!#$%&'*+-.^_`|~")) allowed[c] = true;
  return allowed;
}
constexpr std::array<bool, 256> kTokenCharacters = MakeTokenCharacters();

bool IsTokenCharacter(char c) { return kTokenCharacters[static_cast<unsigned char>(c)]; }

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

bool IsOurs(std::string_view name) {
  return std::any_of(kOurs.begin(), kOurs.end(), [&](std::string_view ours) { return EqualsIgnoreCase(name, ours); });
}

}  // namespace

absl::StatusOr<std::string> WriteRequestHead(const UpstreamRequest& request, const UrlParts& url,
                                             const Proxy* forward_proxy) {
  if (!IsToken(request.method)) return InvalidArgument("upstream request: the method is not a word");
  std::string head;
  head.reserve(512);
  head += request.method;
  head += ' ';
  if (forward_proxy != nullptr) head += Concat("http://", url.origin.HostHeader());
  head += url.target;
  head += Concat(" HTTP/1.1\r\nHost: ", url.origin.HostHeader(), "\r\nAccept-Encoding: identity\r\n");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return InvalidArgument("upstream request: a header's name is not a word; check extra_headers");
    if (IsOurs(name)) continue;
    if (FindControlCharacter(value) != std::string_view::npos) {
      return InvalidArgument("upstream request: the value of header ", name,
                             " holds a line break or control character; check extra_headers and the provider key");
    }
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  if (forward_proxy != nullptr && !forward_proxy->authorization.empty()) {
    head += Concat("Proxy-Authorization: ", forward_proxy->authorization, "\r\n");
  }
  return head;
}

std::string EndOfHead(const UpstreamRequest& request) {
  const bool bodyless = request.body.empty() && (request.method == "GET" || request.method == "HEAD");
  return bodyless ? "\r\n" : Concat("Content-Length: ", request.body.size(), "\r\n\r\n");
}

}  // namespace ccp::edge
