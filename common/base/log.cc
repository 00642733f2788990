#include "common/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::log {
namespace {

spdlog::string_view_t ToFmt(std::string_view text) { return {text.data(), text.size()}; }

// The message as a JSON string: spdlog's own pattern has no escaping.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string text;
    json::AppendString(text, std::string_view(line.payload.data(), line.payload.size()));
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

absl::Status Configure(const Options& options) {
  static constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(kLevels.begin(), kLevels.end(), options.level) == kLevels.end()) {
    return InvalidArgument("--log-level: got \"", options.level, "\", want one of trace debug info warn error off");
  }
  if (options.format != "text" && options.format != "json") {
    return InvalidArgument("--log-format: got \"", options.format, "\", want text or json");
  }
  auto logger = std::make_shared<spdlog::logger>("ccp", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonMessage>('*');
  formatter->set_pattern(options.format == "json" ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":%*})"
                                                  : "%Y-%m-%dT%H:%M:%S.%eZ %l %v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(options.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

void Debug(std::string_view message) { spdlog::debug(ToFmt(message)); }
void Info(std::string_view message) { spdlog::info(ToFmt(message)); }
void Warn(std::string_view message) { spdlog::warn(ToFmt(message)); }
void Error(std::string_view message) { spdlog::error(ToFmt(message)); }
bool InfoEnabled() { return spdlog::should_log(spdlog::level::info); }

}  // namespace ccp::log
