// Runs an UpstreamClient on the test's own thread and collects what came.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "edge/http/awaitable.h"
#include "edge/upstream/client.h"

namespace ccp::edge {

struct Answer {
  std::optional<RequestError> error;  // Of Send() or of a Read().
  int status = 0;
  std::string body;                   // As far as it came.
  std::string content_type;
};

// A text of so many bytes, in which no part stands twice.
inline std::string Numbers(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + " ";
  text.resize(bytes);
  return text;
}

class ClientFixture : public testing::Test {
 protected:
  void Open(UpstreamClient::Options options) {
    auto client = UpstreamClient::Create(context_, std::move(options));
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }

  static UpstreamRequest To(std::string url) {
    UpstreamRequest request;
    request.url = std::move(url);
    request.headers = {{"content-type", "application/json"}};
    request.body = "{}";
    return request;
  }

  Answer Fetch(UpstreamRequest request) {
    Answer answer;
    bool done = false;
    boost::asio::co_spawn(context_, Collect(std::move(request), answer), [&](const std::exception_ptr&) { done = true; });
    RunUntil([&] { return done; });
    return answer;
  }
  Answer Fetch(const std::string& url) { return Fetch(To(url)); }

  template <typename Condition>
  void RunUntil(const Condition& condition) {
    context_.restart();
    while (!condition()) context_.run_one_for(std::chrono::milliseconds(20));
  }

  Awaitable<void> Collect(UpstreamRequest request, Answer& answer) {
    auto call = co_await client_->Send(std::move(request));
    if (!call.ok()) {
      answer.error = call.error();
      co_return;
    }
    answer.status = (*call)->status();
    answer.content_type = (*call)->header("content-type");
    for (;;) {
      auto read = co_await (*call)->Read(answer.body);
      if (!read.ok()) answer.error = read.error();
      if (!read.ok() || *read == 0) co_return;
    }
  }

  // The same, but its wait for what comes behind the first bytes is broken off once; then `go_on` tells the server.
  Awaitable<void> CollectWithABreak(UpstreamRequest request, std::promise<void>& go_on, Answer& answer) {
    auto call = co_await client_->Send(std::move(request));
    if (!call.ok()) {
      answer.error = call.error();
      co_return;
    }
    co_await (*call)->Read(answer.body);
    boost::asio::post(context_, [&] { (*call)->StopWaiting(); });
    const auto [stopped] = co_await (*call)->Readable();
    EXPECT_TRUE(stopped) << "the wait was not broken off";
    answer.body += "|";
    go_on.set_value();
    for (;;) {
      auto read = co_await (*call)->Read(answer.body);
      if (!read.ok()) answer.error = read.error();
      if (!read.ok() || *read == 0) co_return;
    }
  }

  Answer FetchWithABreak(const std::string& url, std::promise<void>& go_on) {
    Answer answer;
    bool done = false;
    boost::asio::co_spawn(context_, CollectWithABreak(To(url), go_on, answer), [&](const std::exception_ptr&) { done = true; });
    RunUntil([&] { return done; });
    return answer;
  }

  // Breaks each wait off, for so long; then takes what the last one ended with.
  Awaitable<void> CollectWithBreaksFor(UpstreamRequest request, std::chrono::milliseconds time, Answer& answer) {
    auto call = co_await client_->Send(std::move(request));
    if (!call.ok()) {
      answer.error = call.error();
      co_return;
    }
    co_await (*call)->Read(answer.body);
    const auto end = std::chrono::steady_clock::now() + time;
    boost::system::error_code stopped;
    while (std::chrono::steady_clock::now() < end) {
      boost::asio::post(context_, [&] { (*call)->StopWaiting(); });
      std::tie(stopped) = co_await (*call)->Readable();
    }
    const auto taken = (*call)->Take(stopped, answer.body);
    if (taken && !taken->ok()) answer.error = taken->error();
  }

  Answer FetchWithBreaksFor(UpstreamRequest request, std::chrono::milliseconds time) {
    Answer answer;
    bool done = false;
    boost::asio::co_spawn(context_, CollectWithBreaksFor(std::move(request), time, answer),
                          [&](const std::exception_ptr&) { done = true; });
    RunUntil([&] { return done; });
    return answer;
  }

  boost::asio::io_context context_;
  std::unique_ptr<UpstreamClient> client_;
};

}  // namespace ccp::edge
