// Whole answers of real vendors, and what the client gets. tests/golden/reply holds one case a file, reviewed by eye:
// a line on what it shows and the settings (dialect, upstream: json, end: cut, tools: the names offered, search: yes), the
// upstream's bytes (where it is asked several times, a line parts the rounds), the client's events, and the client's
// message or, where the upstream failed, the HTTP error. CCP_UPDATE_GOLDEN=1 in the environment writes the client's side
// anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "tests/unit/edge/translate/answer_reader.h"
#include "tests/unit/edge/translate/reply_harness.h"

namespace ccp::translate {
namespace {

using testing::Accumulated;
using testing::Accumulator;
using testing::Bytewise;
using testing::Given;
using testing::Json;
using testing::Ran;
using testing::TranslateRounds;

constexpr std::string_view kNextRound = "=== next round\n";
constexpr std::string_view kSections[] = {"=== upstream\n", "=== client events\n", "=== client message\n"};

struct Golden {
  std::string head;
  std::string upstream;
  std::string events;
  std::string message;  // JSON, or "error 429 rate_limit_error: ..."
};

std::string ReadFile(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Golden ReadGolden(const std::filesystem::path& path) {
  std::string text = ReadFile(path);
  std::vector<std::string> parts;
  for (const std::string_view section : kSections) {
    const std::size_t at = std::min(text.find(section), text.size());
    parts.push_back(text.substr(0, at));
    text.erase(0, at + section.size());
  }
  return {parts[0], parts[1], parts[2], text};
}

// "dialect: deepseek" -> "deepseek"; "" if the head says nothing about it.
std::string Setting(const Golden& golden, const std::string& key) {
  std::istringstream lines(golden.head);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + ": ")) return line.substr(key.size() + 2);
  }
  return "";
}

Given GivenBy(const Golden& golden, Form client) {
  Given given;
  given.client = client;
  given.dialect = *FindDialect(Setting(golden, "dialect"));
  if (Setting(golden, "upstream") == "json") given.upstream = Form::kJson;
  if (Setting(golden, "end") == "cut") given.end = Reply::End::kCut;
  if (Setting(golden, "search") == "yes") given.web_search = true;
  given.echoes_search = golden.upstream.find(kNextRound) != std::string::npos;
  std::istringstream tools(Setting(golden, "tools"));
  for (std::string tool; tools >> tool;) given.callable.push_back(tool);
  given.stop_sequences = {"STOP"};
  return given;
}

std::vector<std::string> Rounds(const Golden& golden) {
  std::vector<std::string> rounds;
  std::string rest = golden.upstream;
  for (std::size_t at = rest.find(kNextRound); at != std::string::npos; at = rest.find(kNextRound)) {
    rounds.push_back(rest.substr(0, at));
    rest.erase(0, at + kNextRound.size());
  }
  rounds.push_back(rest);
  return rounds;
}

using Cut = std::function<std::vector<std::string>(const std::string& round)>;

Ran TranslateGolden(const Golden& golden, Form client, const Cut& cut) {
  std::vector<std::vector<std::string>> pieces;
  for (const std::string& round : Rounds(golden)) pieces.push_back(cut(round));
  return TranslateRounds(GivenBy(golden, client), pieces);
}

std::vector<std::string> Whole(const std::string& round) { return {round}; }

std::string MessageOrError(const Ran& ran) {
  if (ran.phase == Reply::Phase::kComplete) return Json::parse(ran.out).dump(1) + "\n";
  return "error " + std::to_string(ran.error.http_status) + " " + ran.error.type + ": " + ran.error.message + "\n";
}

std::vector<std::filesystem::path> GoldenFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CCP_GOLDEN_REPLIES)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class GoldenReplyTest : public ::testing::TestWithParam<std::filesystem::path> {
 protected:
  const Golden golden_ = ReadGolden(GetParam());
};

TEST_P(GoldenReplyTest, ArrivesAsReviewed) {
  const Ran events = TranslateGolden(golden_, Form::kEvents, Whole);
  const Ran message = TranslateGolden(golden_, Form::kJson, Whole);
  if (std::getenv("CCP_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam()) << golden_.head << kSections[0] << golden_.upstream << kSections[1] << events.out
                              << kSections[2] << MessageOrError(message);
    return;
  }
  EXPECT_EQ(events.out, golden_.events);
  EXPECT_EQ(MessageOrError(message), golden_.message);
}

TEST_P(GoldenReplyTest, IsOneAnswerInBothFormsAndAllCuts) {
  const Ran events = TranslateGolden(golden_, Form::kEvents, Bytewise);
  EXPECT_EQ(events.out, golden_.events);
  for (std::size_t at = 1; at < golden_.upstream.size(); ++at) {
    const Cut cut = [at](const std::string& round) -> std::vector<std::string> {
      return {round.substr(0, at), round.substr(std::min(at, round.size()))};
    };
    ASSERT_EQ(TranslateGolden(golden_, Form::kEvents, cut).out, golden_.events) << "cut at " << at;
  }
  if (golden_.message.starts_with("error ")) {
    EXPECT_EQ(events.phase, Reply::Phase::kFailed);
    return;
  }
  const Accumulated answer = Accumulator::Of(golden_.events);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.message, Json::parse(golden_.message));
}

TEST(GoldenReplies, EveryDialectHasOne) {
  std::set<std::string_view> missing;
  for (const Dialect& dialect : Dialects()) missing.insert(dialect.name);
  for (const auto& path : GoldenFiles()) missing.erase(Setting(ReadGolden(path), "dialect"));
  EXPECT_EQ(missing, std::set<std::string_view>());
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenReplyTest, ::testing::ValuesIn(GoldenFiles()),
                         [](const auto& row) { return row.param.stem().string(); });

}  // namespace
}  // namespace ccp::translate
