// One turn: what its attempts share. Lives in the coroutine that answers the request.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/id.h"
#include "edge/api/client_stream.h"
#include "edge/api/context.h"
#include "edge/api/offload.h"
#include "edge/http/awaitable.h"
#include "edge/http/gradual_release.h"
#include "edge/http/server.h"
#include "edge/snapshot.h"
#include "edge/translate/messages_request.h"

namespace ccp::edge {

using Failure = std::unique_ptr<RequestError>;  // Null: none. Small, because coroutines keep it for as long as they wait.

struct TurnState {
  ApiContext& context;
  HttpRequest& http;
  ResponseWriter& client;
  ClientStream stream;
  std::shared_ptr<const Snapshot> snapshot;
  Id request_id;
  std::string session;
  std::unique_ptr<translate::MessagesRequest> request;  // While an attempt needs it; at rest, http.body is all of it.
  std::string requested_model;
  std::string route;                       // "exact", "default", "rule:opus-to-claude"
  std::int64_t estimated_tokens = 0;       // Of the input, by our estimate alone. This and the next: 0 until measured.
  std::int64_t input_tokens = 0;           // The same as the model of the first attempt would count.
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  int attempts = 0;                        // Made so far.
  bool streamed = false;                   // As the client asked.
  bool large = false;                      // What takes long is done elsewhere: see offload.h.

  // What the turn came to, for metrics and the access log.
  int http_status = 499;                   // Until something was sent: the client went away.
  Failure failure;                         // What the client was told, or would have been.

  // REQUIRES: it is large. `work` lives in the coroutine that awaits this.
  Awaitable<void> Elsewhere(absl::FunctionRef<void()> work) {
    return DoElsewhere(*context.offload, stream.executor(), work);
  }
  // Frees what was made of the request.
  template <typename T>
  void Drop(std::unique_ptr<T>& made) {
    if (large && made != nullptr) DropElsewhere(*context.offload, std::move(made));
    made.reset();
  }

  // While an attempt waits for its answer nobody reads the request, but the next attempt may: its text alone is kept.
  void RestRequest() {
    http.body = std::move(*request).TakeBody();
    Drop(request);
  }
  void WakeRequest() {
    if (request != nullptr) return;
    auto again = translate::MessagesRequest::Parse(std::move(http.body), translate::MessagesRequest::Endpoint::kMessages);
    request = *std::move(again);  // It was valid before.
  }

  // Once an attempt's content goes to the client no other attempt can follow, so nobody needs the request any more: a
  // stream that lasts an hour need not keep it.
  void ForgetRequest() {
    ReleaseGradually(stream.executor(), std::exchange(http.body, {}));
    std::vector<Header>().swap(http.headers);
  }

  std::chrono::microseconds Elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  }
};

}  // namespace ccp::edge
