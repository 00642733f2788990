// ccp-edge: parse, build, run, drain.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "common/base/log.h"
#include "common/base/no_core_file.h"
#include "common/base/stop_signals.h"
#include "common/base/text.h"
#include "edge/app/app.h"
#include "edge/app/freed_memory.h"
#include "edge/app/options.h"

namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int Fail(const absl::Status& status) {
  const std::string message(ccp::Message(status));
  std::fprintf(stderr, "ccp-edge: %s\n", message.c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

// Every connection is a descriptor: take as many as the system lets us have.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A second signal does not wait for anything. Usage is safe: what is closed is in the journal, what is open is found there.
void StopAtOnceOnSignal(const ccp::StopSignals& signals) {
  std::thread([signals] {
    signals.Wait();
    ccp::log::Warn("second signal: stopping at once");
    std::_Exit(kExitFailed);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  const ccp::edge::ParsedCommandLine parsed = ccp::edge::ParseCommandLine(argc, argv);
  if (!parsed.command) return parsed.exit_code;
  if (const absl::Status status = ccp::log::Configure(parsed.command->log); !status.ok()) return Fail(status);
  const ccp::StopSignals signals;
  ccp::WriteNoCoreFile();
  RaiseDescriptorLimit();
  ccp::edge::KeepFreedMemory();
  auto app = ccp::edge::App::Build(parsed.command->edge);
  if (!app.ok()) return Fail(app.status());
  (*app)->Start();
  signals.Wait();
  StopAtOnceOnSignal(signals);
  return (*app)->Drain(parsed.command->edge.grace) ? kExitOk : kExitFailed;
}
