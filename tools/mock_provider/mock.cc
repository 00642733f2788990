#include "tools/mock_provider/mock.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/http/server.h"
#include "tools/mock_provider/canned.h"
#include "tools/mock_provider/render.h"
#include "tools/mock_provider/script.h"

namespace ccp::mock {
namespace {

namespace asio = boost::asio;
using edge::Awaitable;
using edge::Timer;
using edge::kAwait;
using edge::Header;
using edge::HttpRequest;
using edge::ResponseWriter;
using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::vector<Header> Type(const char* type) { return {{"content-type", type}}; }
std::vector<Header> JsonType() { return Type("application/json"); }

std::int64_t UnixSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

Awaitable<void> Pause(std::chrono::microseconds time) {
  if (time <= std::chrono::microseconds(0)) co_return;
  Timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(kAwait);
}

// The endpoints. Lives on the provider's thread.
class Endpoints {
 public:
  Endpoints(MockOptions options, Script script) : options_(std::move(options)), script_(std::move(script)) {
    if (options_.canned_events > 0) canned_.emplace(options_.canned_events, options_.tokens_per_second > 0);
  }

  Awaitable<void> Handle(HttpRequest& request, ResponseWriter& out) {
    const std::string_view path = request.path();
    if (request.method == "POST" && EndsWith(path, "/chat/completions")) return Answer(Api::kChat, request, out);
    if (request.method == "POST" && EndsWith(path, "/messages")) return Answer(Api::kMessages, request, out);
    if (request.method == "POST" && EndsWith(path, "/messages/count_tokens")) return CountTokens(request, out);
    if (request.method == "POST" && path == "/script") return ReplaceScript(request, out);
    if (path == "/requests") return Requests(request, out);
    if (EndsWith(path, "/models")) return out.Send(200, JsonType(), kModels);
    if (path == "/healthz" || path == "/") return out.Send(200, Type("text/plain"), "ok\n");
    return NotFoundAnswer(out);
  }

 private:
  // In the path of a canned stream:
  static constexpr std::string_view kOneWriteAnEvent = "/writes/";
  static constexpr std::string_view kToolCalls = "/tools/";  // Instead of text; one write an event too.
  static constexpr std::string_view kModels =
      R"({"object":"list","has_more":false,"data":[)"
      R"({"id":"mock-model","object":"model","type":"model","display_name":"Mock Model","created":1760000000,"owned_by":"mock"},)"
      R"({"id":"mock-small","object":"model","type":"model","display_name":"Mock Small","created":1760000000,"owned_by":"mock"}]})";

  Awaitable<void> NotFoundAnswer(ResponseWriter& out) {
    const Rendering answer =
        RenderError(Api::kMessages, 404, "the mock provider has no such endpoint; see ccp-mock --help");
    co_await out.Send(404, answer.headers, answer.body);
  }

  Awaitable<void> Answer(Api api, HttpRequest& http, ResponseWriter& out) {
    if (canned_.has_value()) {
      const bool tools = http.path().find(kToolCalls) != std::string_view::npos;
      const auto content = tools ? CannedAnswers::Content::kTools : CannedAnswers::Content::kText;
      return AnswerCanned(canned_->For(api, content), tools, http, out);
    }
    return AnswerByScript(api, http, out);
  }

  Awaitable<void> AnswerCanned(const CannedAnswer& answer, bool tools, HttpRequest& http, ResponseWriter& out) {
    if (!CannedAnswers::WantsStream(http.body)) {
      co_await out.Send(200, JsonType(), answer.body);
      co_return;
    }
    co_await out.Begin(200, Type("text/event-stream"));
    if (options_.tokens_per_second > 0) {
      co_await WritePaced(answer, out);
    } else if (tools || http.path().find(kOneWriteAnEvent) != std::string_view::npos) {
      for (const std::string& event : answer.events) co_await out.Write(event);
    } else {
      co_await out.Write(answer.burst);
    }
    co_await out.End();
  }

  // By the clock and not by pauses, so that the pace holds however late the timers are.
  Awaitable<void> WritePaced(const CannedAnswer& answer, ResponseWriter& out) {
    Timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::now());
    const std::chrono::nanoseconds step(1'000'000'000 / options_.tokens_per_second);
    for (std::string event : answer.events) {
      timer.expires_at(timer.expiry() + step);
      co_await timer.async_wait(kAwait);
      CannedAnswers::Stamp(event, std::chrono::steady_clock::now());
      co_await out.Write(event);
    }
  }

  Awaitable<void> AnswerByScript(Api api, HttpRequest& http, ResponseWriter& out) {
    Remember(http);
    auto request = ReadRequest(api, http.path(), std::move(http.headers), std::move(http.body));
    if (!request.ok()) {
      const Rendering refusal = RenderError(api, 400, Message(request.status()));
      co_await out.Send(400, refusal.headers, refusal.body);
      co_return;
    }
    const Reply reply = script_.Answer(*request);
    const Rendering rendering = Render(reply, *request, NewId(""), UnixSeconds());
    co_await Deliver(PlanDelivery(reply, rendering, options_.tokens_per_second), rendering, out);
  }

  Awaitable<void> Deliver(Delivery delivery, const Rendering& rendering, ResponseWriter& out) {
    co_await Pause(delivery.head_delay);
    if (delivery.whole) {
      co_await out.Send(rendering.status, rendering.headers, delivery.writes.front().bytes);
      co_return;
    }
    if (delivery.head) co_await out.Begin(rendering.status, rendering.headers);
    for (const Delivery::Write& write : delivery.writes) {
      if (!delivery.head || out.client_gone()) break;
      co_await Pause(write.delay);
      co_await out.Write(write.bytes);
    }
    switch (delivery.end) {
      case Delivery::End::kComplete:
        co_await out.End();
        break;
      case Delivery::End::kCut:
        out.Abort();
        break;
      case Delivery::End::kHang:
        co_await Hang(out);
        break;
    }
  }

  // Until the client goes away: then this coroutine is cancelled.
  Awaitable<void> Hang(ResponseWriter& out) {
    while (!out.client_gone()) co_await Pause(std::chrono::hours(1));
  }

  Awaitable<void> CountTokens(HttpRequest& http, ResponseWriter& out) {
    Remember(http);
    const auto request = ReadRequest(Api::kMessages, http.path(), std::move(http.headers), std::move(http.body));
    if (!request.ok()) {
      const Rendering refusal = RenderError(Api::kMessages, 400, Message(request.status()));
      co_await out.Send(400, refusal.headers, refusal.body);
      co_return;
    }
    co_await out.Send(200, JsonType(), Concat(R"({"input_tokens":)", request->input_tokens, "}"));
  }

  Awaitable<void> ReplaceScript(HttpRequest& http, ResponseWriter& out) {
    auto script = Script::Parse(http.body);
    if (!script.ok()) {
      const Rendering refusal = RenderError(Api::kMessages, 400, Message(script.status()));
      co_await out.Send(400, refusal.headers, refusal.body);
      co_return;
    }
    script_ = *std::move(script);
    co_await out.Send(200, JsonType(), "{}");
  }

  Awaitable<void> Requests(HttpRequest& http, ResponseWriter& out) {
    if (http.method == "DELETE") log_.clear();
    std::string body = R"({"requests":[)";
    for (std::size_t i = 0; i < log_.size(); ++i) body += Concat(i == 0 ? "" : ",", log_[i]);
    body += "]}";
    co_await out.Send(200, JsonType(), body);
  }

  void Remember(const HttpRequest& http) {
    if (options_.kept_requests == 0) return;
    Json headers = Json::object();
    for (const auto& [name, value] : http.headers) headers[name] = value;
    log_.push_back(Dump({{"method", http.method},
                         {"target", http.target},
                         {"path", std::string(http.path())},
                         {"headers", headers},
                         {"body", http.body}}));
    if (log_.size() > options_.kept_requests) log_.pop_front();
  }

  MockOptions options_;
  Script script_;
  std::optional<CannedAnswers> canned_;
  std::deque<std::string> log_;  // Each already JSON.
};

class ThreadedProvider final : public MockProvider {
 public:
  ThreadedProvider(MockOptions options, Script script)
      : address_(options.address), wanted_port_(options.port), endpoints_(std::move(options), std::move(script)) {}

  ~ThreadedProvider() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Run() {
    edge::HttpServer::Options options;
    options.address = address_;
    options.port = wanted_port_;
    auto server = edge::HttpServer::Listen(
        context_, std::move(options),
        [this](HttpRequest& request, ResponseWriter& out) { return endpoints_.Handle(request, out); });
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    server_->Start();
    thread_ = std::thread([this] { context_.run(); });
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return server_->port(); }
  std::string base_url() const override { return Concat("http://", address_, ":", port()); }

 private:
  std::string address_;
  std::uint16_t wanted_port_;
  Endpoints endpoints_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<edge::HttpServer> server_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MockProvider>> MockProvider::Start(MockOptions options) {
  auto script = Script::Parse(options.script);
  if (!script.ok()) return script.status();
  auto provider = std::make_unique<ThreadedProvider>(std::move(options), *std::move(script));
  if (auto status = provider->Run(); !status.ok()) return status;
  return provider;
}

}  // namespace ccp::mock
