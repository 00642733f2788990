// One turn: what its attempts share. Lives in the coroutine that answers the request.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/route/decide.h"
#include "common/usage/record.h"
#include "edge/api/client_stream.h"
#include "edge/api/context.h"
#include "edge/http/server.h"
#include "edge/snapshot.h"
#include "edge/translate/messages_request.h"

namespace ccp::edge {

struct TurnState {
  ApiContext& context;
  HttpRequest& http;
  ResponseWriter& client;
  ClientStream stream;
  std::shared_ptr<const Snapshot> snapshot;
  std::string request_id;
  std::string session;
  std::unique_ptr<const translate::MessagesRequest> request;  // Until the answer has begun.
  std::string requested_model;
  route::Decision decision;
  std::int64_t estimated_tokens = 0;       // Of the input, by our estimate alone.
  std::int64_t input_tokens = 0;           // The same as the model of the first attempt would count.
  int attempts = 0;                        // Made so far.
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();

  // What the turn came to, for metrics and the access log.
  int http_status = 499;                   // Until something was sent: the client went away.
  std::string answered_by;                 // Model of the last attempt.
  usage::Tokens tokens;
  std::chrono::microseconds first_byte{0};
  std::string error;

  // Once an attempt's content goes to the client no other attempt can follow, so nobody needs the request any more: a
  // stream that lasts an hour need not keep it.
  void ForgetRequest() {
    request.reset();
    std::vector<Header>().swap(http.headers);
  }

  std::chrono::microseconds Elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  }
};

}  // namespace ccp::edge
