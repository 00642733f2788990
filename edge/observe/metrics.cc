#include "edge/observe/metrics.h"

#include <initializer_list>
#include <utility>

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::edge {
namespace {

void AddTokens(usage::Tokens& sum, const usage::Tokens& more) {
  sum.input += more.input;
  sum.cache_read += more.cache_read;
  sum.cache_write += more.cache_write;
  sum.output += more.output;
  sum.reasoning += more.reasoning;
}

std::string Seconds(double seconds) {
  std::string text;
  json::AppendNumber(text, seconds);
  return text;
}

// Label values may hold what an operator wrote: quotes, backslashes and line ends are escaped.
std::string Label(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out;
}

struct Field {
  const char* name;
  std::int64_t usage::Tokens::*member;
};
constexpr std::array<Field, 5> kTokenFields{{{"input", &usage::Tokens::input},
                                             {"cache_read", &usage::Tokens::cache_read},
                                             {"cache_write", &usage::Tokens::cache_write},
                                             {"output", &usage::Tokens::output},
                                             {"reasoning", &usage::Tokens::reasoning}}};

void AppendHead(std::string& out, std::string_view name, std::string_view type, std::string_view text) {
  out += Concat("# HELP ", name, " ", text, "\n# TYPE ", name, " ", type, "\n");
}

void AppendTokensJson(std::string& out, const usage::Tokens& tokens) {
  for (const Field& field : kTokenFields) out += Concat(",\"", field.name, "_tokens\":", tokens.*(field.member));
}

}  // namespace

void Histogram::Observe(std::chrono::microseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (seconds > kDurationBuckets[i]) continue;
    ++buckets_[i];
    break;
  }
  ++count_;
  sum_us_ += duration.count();
}

void Histogram::Add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
}

void Histogram::AppendText(std::string& out, std::string_view name) const {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    below += buckets_[i];
    out += Concat(name, "_bucket{le=\"", Seconds(kDurationBuckets[i]), "\"} ", below, "\n");
  }
  out += Concat(name, "_bucket{le=\"+Inf\"} ", count_, "\n");
  out += Concat(name, "_sum ", Seconds(static_cast<double>(sum_us_) / 1e6), "\n", name, "_count ", count_, "\n");
}

void Metrics::CountRequest(const RequestSample& sample) {
  ++requests_[RequestKey(sample.model, sample.route, sample.http_status)];
  duration_.Observe(sample.duration);
  if (sample.first_byte.count() > 0) first_byte_.Observe(sample.first_byte);
  if (sample.model.empty()) return;
  AddTokens(tokens_[std::string(sample.model)], sample.tokens);
}

void Metrics::CountFailedAttempt(std::string_view model, usage::Outcome outcome) {
  ++failed_attempts_[FailureKey(model, outcome)];
}

void Metrics::Add(const Metrics& other) {
  open_connections += other.open_connections;
  open_requests += other.open_requests;
  for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
  for (const auto& [key, count] : other.requests_) requests_[key] += count;
  for (const auto& [key, count] : other.failed_attempts_) failed_attempts_[key] += count;
  for (const auto& [model, tokens] : other.tokens_) AddTokens(tokens_[model], tokens);
  duration_.Add(other.duration_);
  first_byte_.Add(other.first_byte_);
}

std::uint64_t Metrics::requests() const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : requests_) sum += count;
  return sum;
}

std::uint64_t Metrics::errors() const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : requests_) {
    if (std::get<2>(key) >= 400) sum += count;
  }
  return sum;
}

usage::Tokens Metrics::tokens() const {
  usage::Tokens sum;
  for (const auto& [model, tokens] : tokens_) AddTokens(sum, tokens);
  return sum;
}

std::string Metrics::PrometheusText(std::uint64_t config_revision) const {
  std::string out;
  AppendHead(out, "ccp_edge_requests_total", "counter", "Client requests by model, route and HTTP status.");
  for (const auto& [key, count] : requests_) {
    const auto& [model, route, status] = key;
    out += Concat("ccp_edge_requests_total{model=\"", Label(model), "\",route=\"", Label(route), "\",status=\"", status,
                  "\"} ", count, "\n");
  }
  AppendHead(out, "ccp_edge_failed_attempts_total", "counter", "Upstream attempts that did not end well.");
  for (const auto& [key, count] : failed_attempts_) {
    out += Concat("ccp_edge_failed_attempts_total{model=\"", Label(key.first), "\",outcome=\"",
                  usage::OutcomeName(key.second), "\"} ", count, "\n");
  }
  AppendHead(out, "ccp_edge_tokens_total", "counter", "Tokens by model and kind; reasoning is part of output.");
  for (const auto& [model, tokens] : tokens_) {
    for (const Field& field : kTokenFields) {
      out += Concat("ccp_edge_tokens_total{model=\"", Label(model), "\",kind=\"", field.name, "\"} ",
                    tokens.*(field.member), "\n");
    }
  }
  AppendHead(out, "ccp_edge_request_seconds", "histogram", "From the request's last byte to the answer's.");
  duration_.AppendText(out, "ccp_edge_request_seconds");
  AppendHead(out, "ccp_edge_first_byte_seconds", "histogram", "From the request's last byte to the first of the answer.");
  first_byte_.AppendText(out, "ccp_edge_first_byte_seconds");
  AppendHead(out, "ccp_edge_open_connections", "gauge", "Client connections.");
  out += Concat("ccp_edge_open_connections ", open_connections, "\n");
  AppendHead(out, "ccp_edge_open_requests", "gauge", "Requests being answered.");
  out += Concat("ccp_edge_open_requests ", open_requests, "\n");
  AppendHead(out, "ccp_edge_dropped_connections_total", "counter",
             "Client connections refused at a ceiling, displaced there by newer ones, or given up as too slow.");
  for (std::size_t i = 0; i < dropped.size(); ++i) {
    out += Concat("ccp_edge_dropped_connections_total{reason=\"", kDropReasons[i], "\"} ", dropped[i], "\n");
  }
  AppendHead(out, "ccp_edge_config_revision", "gauge", "Configuration revision in use; 0: none.");
  out += Concat("ccp_edge_config_revision ", config_revision, "\n");
  return out;
}

std::string Metrics::StatsJson(std::chrono::seconds uptime, std::uint64_t config_revision) const {
  std::map<std::string, std::uint64_t> requests_by_model;
  for (const auto& [key, count] : requests_) requests_by_model[std::get<0>(key)] += count;
  std::string out = Concat("{\"uptime_seconds\":", uptime.count(), ",\"config_revision\":", config_revision,
                           ",\"requests\":", requests(), ",\"errors\":", errors());
  AppendTokensJson(out, tokens());
  out += ",\"models\":{";
  bool first = true;
  for (const auto& [model, count] : requests_by_model) {
    if (model.empty()) continue;
    if (!std::exchange(first, false)) out += ',';
    out += Concat(json::Quoted(model), ":{\"requests\":", count);
    const auto tokens = tokens_.find(model);
    AppendTokensJson(out, tokens == tokens_.end() ? usage::Tokens() : tokens->second);
    out += '}';
  }
  return out + "}}";
}

}  // namespace ccp::edge
