// up: control and one edge in this process, on loopback; in the foreground until Ctrl-C.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "common/base/files.h"
#include "common/base/no_core_file.h"
#include "common/base/stop_signals.h"
#include "common/base/text.h"
#include "control/app/app.h"
#include "edge/app/app.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/apply_result.h"
#include "tools/ccpctl/commands.h"
#include "tools/ccpctl/starter_config.h"
#include "tools/mock_provider/mock.h"

namespace ccp::ctl {
namespace {

namespace fs = std::filesystem;

// The edge is in this process: it answers within milliseconds or not at all.
constexpr std::chrono::milliseconds kPatience{5'000};

std::string XdgDirectory(const char* variable, std::string_view below_home) {
  const std::string base = Environment(variable);
  return Concat(base.empty() ? Concat(Environment("HOME", "."), "/", below_home) : base, "/ccp");
}

// Which configuration to begin with.
struct Source {
  std::string file_name;
  std::string yaml;                              // Empty: what the store has.
  std::unique_ptr<mock::MockProvider> provider;  // Running while this lives.
};

absl::StatusOr<Source> FromMock() {
  auto provider = mock::MockProvider::Start({});
  if (!provider.ok()) return provider.status();
  const std::string api_base = Concat((*provider)->base_url(), "/v1");
  return Source{"mock", StarterForMock(api_base), *std::move(provider)};
}

absl::StatusOr<Source> FromFile(const std::string& path) {
  auto yaml = ReadFile(path);
  if (!yaml.ok()) return yaml.status();
  return Source{path, *std::move(yaml), nullptr};
}

absl::StatusOr<Source> FromKeys(const Session& session, const StarterConfig& starter, const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path);
  if (!(file << starter.yaml << std::flush))
    return InvalidArgument("cannot write ", path.string(), ": ", std::strerror(errno));
  session.err << "found " << Join(starter.keys_found, ", ") << ": wrote " << path.string() << "\n";
  return Source{path.string(), starter.yaml, nullptr};
}

// A file that is named, the mock that is asked for, the file in the usual place, what ran last time, a file made from
// the keys in the environment, and the mock as an offer: in this order.
absl::StatusOr<Source> Choose(const Session& session, const UpOptions& options, AdminClient& client) {
  if (!options.file.empty()) return FromFile(options.file);
  if (options.mock) return FromMock();
  const fs::path usual = fs::path(XdgDirectory("XDG_CONFIG_HOME", ".config")) / "models.yaml";
  if (fs::exists(usual)) return FromFile(usual.string());
  const auto stored = client.GetConfig(0);
  if (stored.ok() && stored->revision() != 0 && stored->file_name() != "mock") return Source{};
  const StarterConfig starter =
      StarterFromKeys([](std::string_view name) { return !Environment(std::string(name).c_str()).empty(); });
  if (!starter.yaml.empty()) return FromKeys(session, starter, usual);
  constexpr std::string_view kOffer = "no models.yaml and no provider key in the environment";
  if (!CanAsk()) return InvalidArgument(kOffer, ". Pass -f models.yaml, or --mock to try it with the mock provider.");
  if (Confirm(session, Concat(kOffer, ". Try it with the built-in mock provider?"))) return FromMock();
  return InvalidArgument("nothing to run. Write a models.yaml (ccpctl explain models) and pass it with -f.");
}

bool WaitUntil(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Control says what is wrong with its own flags; here they have "control" in their names.
absl::Status InFlagsOfUp(const absl::Status& of_control) {
  const std::string_view message = Message(of_control);
  if (!message.starts_with("--")) return of_control;
  return {of_control.code(), Concat("--control-", message.substr(2))};
}

Exit ApplySource(const Session& session, AdminClient& client, const Source& source) {
  if (source.yaml.empty()) return kOk;
  if (!WaitUntil([&] { return client.ConnectedEdges() > 0; })) {
    return Report(session, absl::DeadlineExceededError("the edge of this process did not reach its control"));
  }
  v1::ApplyRequest request;
  request.set_file_name(source.file_name);
  request.set_source(source.yaml);
  request.set_message("ccpctl up");
  request.set_wait_ms(static_cast<std::uint32_t>(kPatience.count()));
  const auto applied = client.Apply(request);
  if (!applied.ok()) return Report(session, applied.status());
  const auto diagnostics = DiagnosticsOf(*applied);
  if (!diagnostics.empty()) session.err << config::Format(diagnostics, source.yaml);
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.severity == config::Diagnostic::Severity::kError) return kUsage;
  }
  session.err << MissingKeyWarnings(*applied);
  return RolloutExit(*applied, Strictness::kAllMustAnswer);
}

Exit MakeReady(const Session& session, AdminClient& client, const Source& source, const edge::App& edge) {
  if (const Exit exit = ApplySource(session, client, source); exit != kOk) return exit;
  if (WaitUntil([&] { return edge.ready(); })) return kOk;
  return Report(session, absl::DeadlineExceededError("the edge of this process got no configuration"));
}

void PrintAddresses(const Session& session, const std::string& control, const std::string& edge,
                    std::string_view models) {
  session.out << Concat("control   ", control, "\nedge      http://", edge, "\nmodels    ", models, "\n");
  const std::string server_flag = control == kDefaultServer ? "" : Concat("--server ", control, " ");
  session.out << Concat("ready. Next: ccpctl ", server_flag, "code   or   ccpctl ", server_flag, "stats\n")
              << std::flush;
}

// The edge goes first and whole: one that is still there would miss its control, and say so.
void StopBoth(std::unique_ptr<edge::App> edge, std::chrono::seconds grace, control::App& control) {
  edge->Drain(grace);
  edge.reset();
  control.Stop();
}

}  // namespace

Exit Up(const Session& session, const UpOptions& options) {
  const StopSignals signals;
  WriteNoCoreFile();
  const std::string state =
      options.state_dir.empty() ? XdgDirectory("XDG_STATE_HOME", ".local/state") : options.state_dir;
  // Revisions and usage are the owner's business.
  if (const auto status = MakePrivateFolder(state); !status.ok())
    return Report(session, InvalidArgument("--state-dir: ", Message(status)));

  auto control = control::App::Start({.listen = options.control_listen,
                                      .store = Concat("sqlite:", state, "/control/ccp.db"),
                                      .port_file = options.control_port_file});
  if (!control.ok()) return Report(session, InFlagsOfUp(control.status()));
  AdminClient client((*control)->address(), session.timeout);
  const auto source = Choose(session, options, client);
  if (!source.ok()) return Report(session, source.status());

  edge::Options edge_options;
  edge_options.control = (*control)->address();
  edge_options.listen = options.listen;
  edge_options.state_dir = Concat(state, "/edge");
  edge_options.env_file = options.env_file;
  edge_options.port_file = options.port_file;
  edge_options.workers = options.workers;
  edge_options.grace = options.grace;
  auto edge = edge::App::Build(std::move(edge_options));
  if (!edge.ok()) return Report(session, edge.status());
  (*edge)->Start();

  if (const Exit exit = MakeReady(session, client, *source, **edge); exit != kOk) {
    StopBoth(*std::move(edge), std::chrono::seconds(0), **control);
    return exit;
  }
  PrintAddresses(session, (*control)->address(), (*edge)->address(),
                 source->yaml.empty() ? "as applied last" : source->file_name);
  session.out.clear();  // Who reads these lines no further (a pipe into grep) is no failure of what runs on.
  const int signal_number = signals.Wait();
  session.err << "stopping; once more to stop at once\n";
  signals.Release();
  StopBoth(*std::move(edge), options.grace, **control);
  return signal_number == SIGINT ? kInterrupted : kOk;
}

}  // namespace ccp::ctl
