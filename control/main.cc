// ccp-control: parse -> start -> wait for a signal -> stop.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "common/base/log.h"
#include "common/base/stop_signals.h"
#include "common/base/text.h"
#include "control/app/app.h"
#include "control/app/options.h"

namespace {

int Fail(const absl::Status& status) {
  const std::string message(ccp::Message(status));
  std::fprintf(stderr, "ccp-control: %s\n", message.c_str());
  return absl::IsInvalidArgument(status) && message.rfind("--", 0) == 0 ? 2 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  std::optional<ccp::control::CommandLine> line = ccp::control::ParseCommandLine(argc, argv, exit_code);
  if (!line) return exit_code;
  if (absl::Status status = ccp::log::Configure(line->log); !status.ok()) return Fail(status);

  const ccp::StopSignals signals;
  absl::StatusOr<std::unique_ptr<ccp::control::App>> app = ccp::control::App::Start(std::move(line->options));
  if (!app.ok()) return Fail(app.status());
  signals.Wait();
  (*app)->Stop();
  return 0;
}
