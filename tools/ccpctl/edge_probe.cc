#include "tools/ccpctl/edge_probe.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/base/text.h"

namespace ccp::ctl {
namespace {

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Blocking calls with a limit: one short exchange needs no event loop. The limits bound connect() too on Linux.
void LimitTime(const Socket& socket, std::chrono::milliseconds timeout) {
  timeval limit{};
  limit.tv_sec = timeout.count() / 1000;
  limit.tv_usec = timeout.count() % 1000 * 1000;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

std::string Exchange(const std::string& host, const std::string& port, std::chrono::milliseconds timeout,
                     std::string& problem) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  const std::string name = bracketed ? host.substr(1, host.size() - 2) : host;
  if (const int code = getaddrinfo(name.c_str(), port.c_str(), &wanted, &found); code != 0) {
    problem = gai_strerror(code);
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  const std::string request =
      Concat("GET /healthz HTTP/1.1\r\nHost: ", host, ":", port, "\r\nConnection: close\r\n\r\n");
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const Socket socket(::socket(address->ai_family, address->ai_socktype, address->ai_protocol));
    LimitTime(socket, timeout);
    if (connect(socket.get(), address->ai_addr, address->ai_addrlen) != 0 ||
        send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      problem = std::strerror(errno);
      continue;
    }
    char answer[512];
    const ssize_t size = recv(socket.get(), answer, sizeof answer, 0);
    if (size > 0) return {answer, static_cast<std::size_t>(size)};
    problem = size == 0 ? "it closed the connection" : std::strerror(errno);
  }
  return {};
}

}  // namespace

absl::Status ProbeEdge(const std::string& url, std::chrono::milliseconds timeout) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return absl::OkStatus();
  const std::string authority = url.substr(kScheme.size(), url.find('/', kScheme.size()) - kScheme.size());
  const std::size_t bracket = authority.rfind(']');  // [::1]:8082
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  const std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : authority.substr(colon + 1);
  std::string problem = "it is not an edge";
  const std::string answer = Exchange(host, port, timeout, problem);
  if (answer.starts_with("HTTP/1.1 200")) return absl::OkStatus();
  return Unavailable("no edge answers at ", url, " (", problem,
                     "). Start one with \"ccpctl up\", or name another with --edge.");
}

}  // namespace ccp::ctl
