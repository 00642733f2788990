// GET /v1/models and /v1/models/{id}: in Anthropic's shape for clients that say anthropic-version, else in OpenAI's.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/api/answers.h"
#include "edge/api/endpoints.h"
#include "edge/api/router.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

constexpr std::size_t kDefaultLimit = 1000;
constexpr std::string_view kModelsPath = "/v1/models/";

// A catalog does not say when a model was made; the field must be a date.
constexpr std::string_view kCreatedAt = "1970-01-01T00:00:00Z";

enum class Shape : std::uint8_t { kAnthropic, kOpenAi };

Shape ShapeFor(const HttpRequest& request) {
  return request.header("anthropic-version").empty() ? Shape::kOpenAi : Shape::kAnthropic;
}

std::string ModelJson(const config::Model& model, Shape shape) {
  if (shape == Shape::kOpenAi) {
    return Concat(R"({"id":)", json::Quoted(model.name), R"(,"object":"model","created":0,"owned_by":)",
                  json::Quoted(model.provider), "}");
  }
  const std::string& shown = model.display_name.empty() ? model.name : model.display_name;
  std::string out = Concat(R"({"type":"model","id":)", json::Quoted(model.name), R"(,"display_name":)",
                           json::Quoted(shown), R"(,"created_at":")", kCreatedAt, "\"");
  if (model.max_input_tokens) out += Concat(R"(,"max_input_tokens":)", *model.max_input_tokens);
  if (model.max_tokens) out += Concat(R"(,"max_tokens":)", *model.max_tokens);
  return out + "}";
}

std::string_view QueryValue(std::string_view query, std::string_view name) {
  for (const std::string_view pair : Split(query, '&')) {
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
  }
  return {};
}

std::size_t Limit(std::string_view query) {
  const std::string_view text = QueryValue(query, "limit");
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::clamp<std::size_t>(limit, 1, kDefaultLimit) : kDefaultLimit;
}

// %2F and the like: model names may hold slashes.
std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      i += 2;
      continue;
    }
    out += text[i];
  }
  return out;
}

std::optional<std::size_t> IndexOf(const std::vector<config::Model>& models, std::string_view id) {
  const auto found = std::find_if(models.begin(), models.end(), [&](const config::Model& m) { return m.name == id; });
  if (id.empty() || found == models.end()) return std::nullopt;
  return static_cast<std::size_t>(found - models.begin());
}

struct Page {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool has_more = false;  // In the direction that was asked for.
};

// Behind `after_id` or in front of `before_id`, if that is a model; else from the beginning.
Page PageOf(const std::vector<config::Model>& models, std::string_view query) {
  const std::size_t limit = Limit(query);
  if (const auto before = IndexOf(models, PercentDecoded(QueryValue(query, "before_id")))) {
    const std::size_t begin = *before - std::min(*before, limit);
    return {begin, *before, begin > 0};
  }
  const auto after = IndexOf(models, PercentDecoded(QueryValue(query, "after_id")));
  const std::size_t begin = after ? *after + 1 : 0;
  const std::size_t end = std::min(models.size(), begin + limit);
  return {begin, end, end < models.size()};
}

std::string ListJson(const std::vector<config::Model>& models, Page page, Shape shape) {
  std::string out;
  for (std::size_t i = page.begin; i < page.end; ++i) {
    if (i > page.begin) out += ',';
    out += ModelJson(models[i], shape);
  }
  return out;
}

std::string AnthropicList(const std::vector<config::Model>& models, std::string_view query) {
  const Page page = PageOf(models, query);
  const bool empty = page.begin == page.end;
  return Concat("{\"data\":[", ListJson(models, page, Shape::kAnthropic), "],\"has_more\":",
                page.has_more ? "true" : "false", ",\"first_id\":", empty ? "null" : json::Quoted(models[page.begin].name),
                ",\"last_id\":", empty ? "null" : json::Quoted(models[page.end - 1].name), "}");
}

std::string OpenAiList(const std::vector<config::Model>& models) {
  return Concat(R"({"object":"list","data":[)", ListJson(models, {0, models.size()}, Shape::kOpenAi), "]}");
}

}  // namespace

Awaitable<void> ListModels(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  if (context.snapshot == nullptr) return SendError(response, NoConfigurationYet(), NewId("req_"));
  const std::vector<config::Model>& models = context.snapshot->policy->catalog().models;
  const bool anthropic = ShapeFor(request) == Shape::kAnthropic;
  return SendJson(response, anthropic ? AnthropicList(models, request.query()) : OpenAiList(models));
}

Awaitable<void> GetModel(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  if (context.snapshot == nullptr) return SendError(response, NoConfigurationYet(), NewId("req_"));
  const std::string id = PercentDecoded(CanonicalPath(request.path()).substr(kModelsPath.size()));
  const config::Model* model = context.snapshot->policy->Find(id);
  if (model == nullptr) {
    return SendError(response, ClientError(404, Concat("model: ", id, ": GET /v1/models lists what there is")), NewId("req_"));
  }
  return SendJson(response, ModelJson(*model, ShapeFor(request)));
}

}  // namespace ccp::edge
