// A Messages API request: validated once, then read many times.
//
// Ownership: owns its body and the JSON index over it; every Value lives as long as the request. Not movable, so that
//   nothing it hands out can dangle: keep it in the unique_ptr that Parse() returns.
// Threading: immutable after Parse(), until TakeBody().
// Errors: 400 invalid_request_error in Anthropic's words ("messages.1.role: ..."), 413 never (the HTTP face counts bytes).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/error.h"
#include "common/json/document.h"
#include "common/route/facts.h"

namespace ccp::translate {

class MessagesRequest {
 public:
  enum class Endpoint { kMessages, kCountTokens };  // count_tokens has no max_tokens.

  static Result<std::unique_ptr<MessagesRequest>> Parse(std::string body, Endpoint endpoint);
  MessagesRequest(const MessagesRequest&) = delete;
  MessagesRequest& operator=(const MessagesRequest&) = delete;

  const std::string& body() const { return body_; }
  std::string TakeBody() && { return std::move(body_); }      // Then the request is of no more use.
  const json::Document& document() const { return document_; }
  json::Value root() const { return document_.root(); }
  const std::string& model() const { return model_; }        // Unescaped, as asked.
  json::Value model_value() const { return model_value_; }   // For splicing.
  bool stream() const { return stream_; }
  std::optional<std::int64_t> max_tokens() const { return max_tokens_; }
  json::Value max_tokens_value() const { return max_tokens_value_; }
  json::Value system() const { return system_; }              // Absent, string or array.
  json::Value messages() const { return messages_; }          // A non-empty array of objects with known roles.
  json::Value tools() const { return tools_; }                // Absent, or an array of objects with names.
  json::Value thinking() const { return thinking_; }
  bool thinking_enabled() const;                              // enabled or adaptive
  bool omit_thinking_text() const;                            // thinking.display is "omitted"

  // Everything routing looks at but token counts and headers.
  route::Facts facts() const;

 private:
  MessagesRequest() = default;
  friend class RequestValidator;
  std::string body_;
  json::Document document_;
  std::string model_;
  json::Value model_value_, max_tokens_value_, system_, messages_, tools_, thinking_;
  bool stream_ = false;
  bool newest_turn_has_image_ = false;
  std::optional<std::int64_t> max_tokens_;
};

}  // namespace ccp::translate
