// The edge's endpoints: a table of method, path and function.
//
// Threading: one Api per worker. Errors: every refusal has the Anthropic shape and the true status.
#pragma once


#include "edge/api/context.h"
#include "edge/http/awaitable.h"
#include "edge/http/server.h"

namespace ccp::edge {

class Api {
 public:
  explicit Api(ApiContext& context) : context_(context) {}

  Awaitable<void> Handle(HttpRequest& request, ResponseWriter& response);

  // The body of an answer that the HTTP server gives by itself, which also leaves a usage row: for HttpServer::Options.
  std::string RefusedByServer(const RequestError& error);

 private:
  ApiContext& context_;
};

}  // namespace ccp::edge
