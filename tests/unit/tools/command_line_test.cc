#include <gtest/gtest.h>

#include "common/config/load.h"
#include "tools/ccpctl/client_environment.h"
#include "tools/ccpctl/code_arguments.h"
#include "tools/ccpctl/exit.h"
#include "tools/ccpctl/starter_config.h"

namespace ccp::ctl {
namespace {

using Words = std::vector<std::string>;

struct SplitCase {
  const char* name;
  Words given;
  Words ours;
  Words theirs;
};

class SplitTest : public testing::TestWithParam<SplitCase> {};
TEST_P(SplitTest, LeavesClaudesArgumentsUntouched) {
  const auto split = SplitCodeArguments(GetParam().given);
  EXPECT_EQ(split.ours, GetParam().ours);
  EXPECT_EQ(split.theirs, GetParam().theirs);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(CommandLines, SplitTest, testing::ValuesIn(std::vector<SplitCase>{
    {"Nothing", {}, {}, {}},
    {"OtherCommand", {"stats", "code"}, {"stats", "code"}, {}},
    {"Bare", {"code"}, {"code"}, {}},
    {"Prompt", {"code", "explain this"}, {"code"}, {"explain this"}},
    {"ClaudesFlags", {"code", "-p", "x", "--model", "opus"}, {"code"}, {"-p", "x", "--model", "opus"}},
    {"BehindDashes", {"code", "--", "--help"}, {"code"}, {"--help"}},
    {"OurHelp", {"code", "--help"}, {"code", "--help"}, {}},
    {"OurFlags", {"--server", "h:1", "code", "--edge=e:2", "-c"}, {"--server", "h:1", "code", "--edge=e:2"}, {"-c"}},
    {"SecondDashesAreTheirs", {"code", "--", "a", "--", "b"}, {"code"}, {"a", "--", "b"}},
    {"EmptyArgument", {"code", ""}, {"code"}, {""}},
    {"ValueMissing", {"--server"}, {"--server"}, {}},
}), [](const auto& row) { return std::string(row.param.name); });
// clang-format on

TEST(RenderEnvironment, QuotesForEachShell) {
  const std::vector<Variable> variables = {{"A", "it's"}, {"B", std::nullopt}};
  EXPECT_EQ(*RenderEnvironment(variables, "bash"), "export A='it'\\''s'\nunset B\n");
  EXPECT_EQ(*RenderEnvironment(variables, "fish"), "set -gx A 'it\\'s'\nset -e B\n");
  EXPECT_EQ(*RenderEnvironment(variables, "json"), "{\"A\":\"it's\",\"B\":null}\n");
  EXPECT_EQ(ExitFor(RenderEnvironment(variables, "tcsh").status()), kUsage);
}

std::optional<std::string> ValueOf(const std::vector<Variable>& variables, std::string_view name) {
  for (const auto& variable : variables) {
    if (variable.name == name) return variable.value.value_or("(unset)");
  }
  return std::nullopt;
}

TEST(ClaudeEnvironment, HidesThePersonsKeyUnlessAModelPassesItThrough) {
  const auto local = ClaudeEnvironment("http://127.0.0.1:8082", Credential::kLocal, {});
  EXPECT_EQ(ValueOf(local, "ANTHROPIC_BASE_URL"), "http://127.0.0.1:8082");
  EXPECT_EQ(ValueOf(local, "ANTHROPIC_API_KEY"), "(unset)");
  EXPECT_TRUE(ValueOf(local, "ANTHROPIC_AUTH_TOKEN"));
  const auto own = ClaudeEnvironment("http://127.0.0.1:8082", Credential::kOwn, {});
  EXPECT_FALSE(ValueOf(own, "ANTHROPIC_API_KEY"));
  EXPECT_FALSE(ValueOf(own, "ANTHROPIC_AUTH_TOKEN"));
}

// A client may read either spelling first.
TEST(ClaudeEnvironment, AsksNoProxyForTheEdge) {
  const auto both = [](const ProxyExceptions& present) {
    const auto variables = ClaudeEnvironment("http://127.0.0.1:8082", Credential::kLocal, present);
    return *ValueOf(variables, "NO_PROXY") + " " + *ValueOf(variables, "no_proxy");
  };
  EXPECT_EQ(both({}), "127.0.0.1,localhost 127.0.0.1,localhost");
  EXPECT_EQ(both({.upper = "a", .lower = ""}), "a,127.0.0.1,localhost a,127.0.0.1,localhost");
  EXPECT_EQ(both({.upper = "", .lower = "b"}), "b,127.0.0.1,localhost b,127.0.0.1,localhost");
  EXPECT_EQ(both({.upper = "a", .lower = "b"}), "a,127.0.0.1,localhost b,127.0.0.1,localhost");
}

TEST(EdgeUrl, AddsTheSchemeAndDropsTheSlash) {
  EXPECT_EQ(EdgeUrl("127.0.0.1:8082"), "http://127.0.0.1:8082");
  EXPECT_EQ(EdgeUrl("http://h:1/"), "http://h:1");
  EXPECT_EQ(EdgeUrl("https://edge.example"), "https://edge.example");
}

// Every starter file must be one that control accepts: written by us, run by somebody's first minute.
TEST(StarterConfig, LoadsWhateverKeysAreSet) {
  const Words variables = {"DEEPSEEK_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "ANTHROPIC_API_KEY"};
  for (unsigned set = 1; set < 16; ++set) {
    const StarterConfig starter = StarterFromKeys([&](std::string_view variable) {
      for (unsigned i = 0; i < variables.size(); ++i) {
        if (variables[i] == variable) return (set >> i & 1U) != 0;
      }
      return false;
    });
    const auto loaded = config::Load(starter.yaml, "models.yaml");
    EXPECT_TRUE(loaded.catalog) << starter.yaml << config::Format(loaded.diagnostics, starter.yaml);
    EXPECT_TRUE(loaded.diagnostics.empty()) << config::Format(loaded.diagnostics, starter.yaml);
  }
  EXPECT_EQ(StarterFromKeys([](std::string_view) { return false; }).yaml, "");
}

TEST(StarterConfig, LoadsForTheMock) {
  const std::string yaml = StarterForMock("http://127.0.0.1:4711/v1");
  const auto loaded = config::Load(yaml, "mock");
  ASSERT_TRUE(loaded.catalog) << config::Format(loaded.diagnostics, yaml);
  EXPECT_EQ(loaded.catalog->models.front().api_base, "http://127.0.0.1:4711/v1");
}

TEST(ExitFor, IsTheTableOfHelpExitCodes) {
  EXPECT_EQ(ExitFor(absl::OkStatus()), 0);
  EXPECT_EQ(ExitFor(absl::InternalError("")), 1);
  EXPECT_EQ(ExitFor(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitFor(absl::NotFoundError("")), 3);
  EXPECT_EQ(ExitFor(absl::PermissionDeniedError("")), 4);
  EXPECT_EQ(ExitFor(absl::AbortedError("")), 5);
  EXPECT_EQ(ExitFor(absl::UnavailableError("")), 6);
  EXPECT_EQ(ExitFor(absl::DeadlineExceededError("")), 8);
}

}  // namespace
}  // namespace ccp::ctl
