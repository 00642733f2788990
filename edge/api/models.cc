// GET /v1/models and /v1/models/{id}, in Anthropic's shape.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/json/write.h"
#include "edge/api/answers.h"
#include "edge/api/endpoints.h"
#include "edge/api/router.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kDefaultLimit = 1000;
constexpr std::string_view kModelsPath = "/v1/models/";

// A catalog does not say when a model was made; the field must be a date.
constexpr std::string_view kCreatedAt = "1970-01-01T00:00:00Z";

std::string ModelJson(const config::Model& model) {
  const std::string& shown = model.display_name.empty() ? model.name : model.display_name;
  return Concat(R"({"type":"model","id":)", json::Quoted(model.name), R"(,"display_name":)", json::Quoted(shown),
                R"(,"created_at":")", kCreatedAt, "\"}");
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

// Where a page begins: behind `after_id`, if that is a model.
std::size_t FirstIndex(const std::vector<config::Model>& models, std::string_view after_id) {
  if (after_id.empty()) return 0;
  const auto found = std::find_if(models.begin(), models.end(), [&](const config::Model& m) { return m.name == after_id; });
  return found == models.end() ? 0 : static_cast<std::size_t>(found - models.begin()) + 1;
}

std::string ModelsJson(const std::vector<config::Model>& models, std::string_view query) {
  const std::size_t begin = FirstIndex(models, PercentDecoded(QueryValue(query, "after_id")));
  const std::size_t end = std::min(models.size(), begin + Limit(query));
  std::string out = "{\"data\":[";
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    out += ModelJson(models[i]);
  }
  out += Concat("],\"has_more\":", end < models.size() ? "true" : "false");
  out += Concat(",\"first_id\":", begin < end ? json::Quoted(models[begin].name) : "null");
  out += Concat(",\"last_id\":", begin < end ? json::Quoted(models[end - 1].name) : "null");
  return out + "}";
}

}  // namespace

asio::awaitable<void> ListModels(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  if (context.snapshot == nullptr) return SendError(response, NoConfigurationYet(), NewId("req_"));
  return SendJson(response, ModelsJson(context.snapshot->policy->catalog().models, request.query));
}

asio::awaitable<void> GetModel(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  if (context.snapshot == nullptr) return SendError(response, NoConfigurationYet(), NewId("req_"));
  const std::string id = PercentDecoded(CanonicalPath(request.path).substr(kModelsPath.size()));
  const config::Model* model = context.snapshot->policy->Find(id);
  if (model == nullptr) {
    return SendError(response, ClientError(404, Concat("model: ", id, ": GET /v1/models lists what there is")), NewId("req_"));
  }
  return SendJson(response, ModelJson(*model));
}

}  // namespace ccp::edge
