// GET /v1/models in both shapes, and its pages.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "edge/api/endpoints.h"
#include "tests/unit/edge/api/fakes.h"

namespace ccp::edge {
namespace {

struct Case {
  std::string name;
  std::string query;
  std::vector<Header> headers;
  std::string body;
};

const std::vector<Header> kAnthropic{{"anthropic-version", "2023-06-01"}};

std::shared_ptr<const Snapshot> ThreeModels() {
  config::Catalog catalog;
  for (const char* name : {"a", "b/c", "d"}) {
    config::Model model;
    model.name = name;
    model.provider = "p";
    model.upstream_name = "up";
    model.api_base = "https://p.test";
    catalog.models.push_back(model);
  }
  catalog.models[0].display_name = "The First";
  catalog.models[0].max_input_tokens = 65'536;
  catalog.models[0].max_tokens = 8'192;
  catalog.routing.slots[config::Slot::kDefault].targets = {{"a"}};
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->policy = *route::Policy::Compile(catalog);
  return snapshot;
}

class ModelsTest : public testing::TestWithParam<Case> {};

TEST_P(ModelsTest, AreListed) {
  boost::asio::io_context loop;
  ApiContext context;
  context.snapshot = ThreeModels();
  HttpRequest request;
  request.method = "GET";
  request.target = std::string("/v1/models?").append(GetParam().query);
  request.headers = GetParam().headers;
  const std::size_t no_rows = 0;
  RecordingWriter client(no_rows);
  boost::asio::co_spawn(loop, ListModels(context, request, client), boost::asio::detached);
  loop.run();
  EXPECT_EQ(client.status, 200);
  EXPECT_EQ(client.body, GetParam().body);
}

constexpr char kA[] = R"({"type":"model","id":"a","display_name":"The First","created_at":"1970-01-01T00:00:00Z",)"
                      R"("max_input_tokens":65536,"max_tokens":8192})";
constexpr char kB[] = R"({"type":"model","id":"b/c","display_name":"b/c","created_at":"1970-01-01T00:00:00Z"})";
constexpr char kD[] = R"({"type":"model","id":"d","display_name":"d","created_at":"1970-01-01T00:00:00Z"})";

std::string Page(const std::string& models, const std::string& more, const std::string& first, const std::string& last) {
  return R"({"data":[)" + models + R"(],"has_more":)" + more + R"(,"first_id":)" + first + R"(,"last_id":)" + last + "}";
}

INSTANTIATE_TEST_SUITE_P(Lists, ModelsTest, testing::ValuesIn(std::vector<Case>{
    {"All", "", kAnthropic, Page(std::string(kA) + "," + kB + "," + kD, "false", R"("a")", R"("d")")},
    {"Limit", "limit=1", kAnthropic, Page(kA, "true", R"("a")", R"("a")")},
    {"LimitThatIsNoNumber", "limit=x", kAnthropic, Page(std::string(kA) + "," + kB + "," + kD, "false", R"("a")", R"("d")")},
    {"After", "after_id=a&limit=1", kAnthropic, Page(kB, "true", R"("b/c")", R"("b/c")")},
    {"AfterEscaped", "after_id=b%2Fc", kAnthropic, Page(kD, "false", R"("d")", R"("d")")},
    {"AfterTheLast", "after_id=d", kAnthropic, Page("", "false", "null", "null")},
    {"Before", "before_id=d&limit=1", kAnthropic, Page(kB, "true", R"("b/c")", R"("b/c")")},
    {"BeforeTheFirst", "before_id=a", kAnthropic, Page("", "false", "null", "null")},
    {"ForClientsOfOpenAi", "", {},
     R"({"object":"list","data":[{"id":"a","object":"model","created":0,"owned_by":"p"},)"
     R"({"id":"b/c","object":"model","created":0,"owned_by":"p"},{"id":"d","object":"model","created":0,"owned_by":"p"}]})"},
}), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ccp::edge
