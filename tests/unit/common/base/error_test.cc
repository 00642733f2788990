#include "common/base/error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ccp {
namespace {

struct Case {
  int status;
  std::string_view type;
};

TEST(ErrorType, FollowsTheStatus) {
  const Case kCases[] = {
      {400, "invalid_request_error"}, {401, "authentication_error"}, {402, "billing_error"},
      {403, "permission_error"},      {404, "not_found_error"},      {408, "timeout_error"},
      {409, "invalid_request_error"}, {413, "request_too_large"},    {422, "invalid_request_error"},
      {429, "rate_limit_error"},      {500, "api_error"},            {502, "api_error"},
      {503, "overloaded_error"},      {504, "timeout_error"},        {529, "overloaded_error"},
  };
  for (const Case& row : kCases) EXPECT_EQ(ErrorTypeForStatus(row.status), row.type) << row.status;
}

TEST(ErrorBody, HasAnthropicsShape) {
  EXPECT_EQ(ErrorBody(InvalidRequest("bad \"x\""), "req_1"),
            R"({"type":"error","error":{"type":"invalid_request_error","message":"bad \"x\""},"request_id":"req_1"})");
  EXPECT_EQ(ErrorBody(ClientError(404, "none"), ""),
            R"({"type":"error","error":{"type":"not_found_error","message":"none"},"request_id":null})");
}

TEST(ErrorBody, IsJsonWhateverTheMessageHolds) {
  std::string message;
  for (int c = 0; c < 256; ++c) message.push_back(static_cast<char>(c));
  const auto body = nlohmann::json::parse(ErrorBody(InvalidRequest(message), "req\xff"), nullptr, false);
  ASSERT_FALSE(body.is_discarded());
  EXPECT_EQ(body["error"]["type"], "invalid_request_error");
}

TEST(ClientError, IsTheClientsAndFinal) {
  const RequestError error = ClientError(413, "too large");
  EXPECT_EQ(error.origin, RequestError::Origin::kClient);
  EXPECT_EQ(error.retry, RequestError::Retry::kNever);
  EXPECT_EQ(error.http_status, 413);
  EXPECT_EQ(error.type, "request_too_large");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<std::string> good(std::string("x"));
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, "x");
  EXPECT_EQ(good->size(), 1U);
  const Result<std::string> bad(InvalidRequest("no"));
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "no");
}

TEST(Result, GivesAMoveOnlyValueAway) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(4));
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 4);
}

}  // namespace
}  // namespace ccp
