#include "edge/observe/access_log.h"

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::edge {
namespace {

// Names come from clients: quoted, so that none can look like another pair.
std::string Name(std::string_view text) { return text.empty() ? "-" : json::Quoted(text.substr(0, 200)); }

std::int64_t Milliseconds(std::chrono::microseconds duration) { return duration.count() / 1000; }

}  // namespace

std::string AccessLine(const AccessEntry& entry) {
  std::string line = Concat("request id=", entry.request_id, " status=", entry.http_status, " asked=",
                            Name(entry.requested_model), " model=", Name(entry.model), " route=", Name(entry.route),
                            " attempts=", entry.attempts, " ms=", Milliseconds(entry.duration), " first_byte_ms=",
                            Milliseconds(entry.first_byte));
  line += Concat(" input=", entry.tokens.input, " cache_read=", entry.tokens.cache_read, " cache_write=",
                 entry.tokens.cache_write, " output=", entry.tokens.output);
  if (!entry.error.empty()) line += Concat(" error=", json::Quoted(entry.error.substr(0, 300)));
  return line;
}

}  // namespace ccp::edge
