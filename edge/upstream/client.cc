#include "edge/upstream/client.h"

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/call.h"
#include "edge/upstream/dialer.h"
#include "edge/upstream/pool.h"
#include "edge/upstream/request_head.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// As curl does: the lower-case name first; HTTP_PROXY in capitals is taken too, since this is no CGI program.
std::string FromEnvironment(const char* lower, const char* upper) {
  for (const char* name : {lower, upper}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at start, before there are threads.
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

RequestError BadRequestOfOurs(std::string what) {
  RequestError error;
  error.origin = RequestError::Origin::kEdge;
  error.retry = RequestError::Retry::kElsewhere;
  error.http_status = 500;
  error.type = ErrorTypeForStatus(error.http_status);
  error.message = std::move(what);
  return error;
}

// The parts of the URLs met so far. A configuration has a handful of them, asked for with each request; the clients of
// direct models may add queries of their own, so it is bounded.
class UrlCache {
 public:
  // The parts stay valid for whoever holds them: a request keeps its own over all its waits.
  absl::StatusOr<std::shared_ptr<const UrlParts>> Parse(const std::string& url) {
    if (const auto known = parts_.find(url); known != parts_.end()) return known->second;
    auto parsed = ParseUrl(url);
    if (!parsed.ok()) return parsed.status();
    if (parts_.size() >= kMost) parts_.clear();
    return parts_.emplace(url, std::make_shared<const UrlParts>(*std::move(parsed))).first->second;
  }

 private:
  static constexpr std::size_t kMost = 256;
  std::unordered_map<std::string, std::shared_ptr<const UrlParts>> parts_;
};

class PooledClient final : public UpstreamClient {
 public:
  PooledClient(asio::io_context& context, std::shared_ptr<TlsSettings> tls, ProxyRules proxies, const Options& options)
      : dialer_(context, std::move(tls), std::move(proxies)),
        shared_{ConnectionPool({.idle_time = options.idle_time, .room = options.room_for_idle}), {}} {}

  Awaitable<Result<std::unique_ptr<UpstreamCall>>> Send(UpstreamRequest request) override {
    if (request.prepared == nullptr) {
      auto prepared = Prepare(request);
      if (!prepared.ok()) co_return std::move(prepared).error();
      request.prepared = *std::move(prepared);
    }
    const std::shared_ptr<const UrlParts>& url = request.prepared->url;
    const std::string end_of_head = EndOfHead(request);
    const RequestBuffers buffers{asio::buffer(request.prepared->head), asio::buffer(end_of_head),
                                 asio::buffer(request.body.data(), request.body.size())};
    const Origin& origin = url->origin;

    for (std::unique_ptr<Connection> connection = shared_.pool.Take(origin);;) {
      const bool fresh = connection == nullptr;
      if (fresh) {
        shared_.pool.MakeRoom();
        std::shared_ptr<const Origin> kept(url, &origin);
        auto dialed = co_await dialer_.Dial(std::move(kept), shared_.pool.Sessions(origin), request.timeouts.connect);
        if (!dialed.ok()) co_return std::move(dialed).error();
        connection = *std::move(dialed);
      }
      auto exchanged = co_await Exchange(shared_, std::move(connection), buffers, request);
      if (fresh || !exchanged.no_answer) co_return std::move(exchanged.call);
    }
  }

  Result<std::shared_ptr<const PreparedRequest>> Prepare(const UpstreamRequest& request) override {
    auto url = urls_.Parse(request.url);
    if (!url.ok()) return BadRequestOfOurs(std::string(Message(url.status())));
    auto head = WriteRequestHead(request, **url, ForwardProxy((*url)->origin));
    if (!head.ok()) return BadRequestOfOurs(std::string(Message(head.status())));
    return std::make_shared<const PreparedRequest>(PreparedRequest{*std::move(url), *std::move(head)});
  }

  void CloseIdle() override { shared_.pool.CloseIdle(); }

 private:
  // The proxy that wants to see the whole URL: plain http through HTTP_PROXY. A CONNECT tunnel is none.
  const Proxy* ForwardProxy(const Origin& origin) const {
    return origin.scheme == Scheme::kHttp ? dialer_.proxies().For(origin) : nullptr;
  }

  Dialer dialer_;
  CallResources shared_;
  UrlCache urls_;
};

}  // namespace

Awaitable<Result<std::size_t>> UpstreamCall::Read(std::string& out) {
  while (true) {
    boost::system::error_code error;
    if (!ready()) std::tie(error) = co_await Readable();
    if (auto taken = Take(error, out)) co_return *std::move(taken);
  }
}

UpstreamClient::Options UpstreamClient::OptionsFromEnvironment() {
  Options options;
  options.https_proxy = FromEnvironment("https_proxy", "HTTPS_PROXY");
  options.http_proxy = FromEnvironment("http_proxy", "HTTP_PROXY");
  options.no_proxy = FromEnvironment("no_proxy", "NO_PROXY");
  return options;
}

absl::StatusOr<std::unique_ptr<UpstreamClient>> UpstreamClient::Create(asio::io_context& context, Options options) {
  auto tls = MakeTlsSettings(options.ca_file);
  if (!tls.ok()) return tls.status();
  auto proxies = ProxyRules::Make(options.https_proxy, options.http_proxy, options.no_proxy);
  if (!proxies.ok()) return proxies.status();
  return std::make_unique<PooledClient>(context, *std::move(tls), *std::move(proxies), options);
}

}  // namespace ccp::edge
