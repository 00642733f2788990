#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/config/load.h"

namespace ccp::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Shown(std::string_view yaml) { return Format(Load(yaml, "models.yaml").diagnostics, yaml); }

TEST(Format, ShowsPlaceCaretAndHint) {
  EXPECT_EQ(Shown("providers:\n"
                  "  deepseek: { api_base: https://api.deepseek.com/v1, api_key_name: K }\n"
                  "models:\n"
                  "  deepseek-chat:\n"
                  "    provider: depseek   # a slip\n"
                  "routing: { default: deepseek-chat }\n"),
            "error [CCP1204] models.yaml:5:15: model \"deepseek-chat\" has no provider \"depseek\"\n"
            "    5 |     provider: depseek   # a slip\n"
            "      |               ^^^^^^^ did you mean \"deepseek\"?\n"
            "hint: providers in this file: deepseek\n"
            "1 error, 0 warnings. Nothing was applied.\n");
}

TEST(Format, WarningsAloneApply) {
  EXPECT_EQ(Shown("models: { m: { api_base: http://h.example, api_key_name: K } }\nrouting: { default: m }\n"),
            "warning [CCP1501] models.yaml:1:26: api_base: keys and prompts go to h.example unencrypted\n"
            "    1 | models: { m: { api_base: http://h.example, api_key_name: K } }\n"
            "      |                          ^^^^^^^^^^^^^^^^\n"
            "hint: use https, unless the network in between is yours\n"
            "0 errors, 1 warning.\n");
}

TEST(Format, WithoutSourceHasNoExcerpt) {
  Diagnostic diagnostic{Diagnostic::Severity::kError, "CCP1201", "", 0, 0, "routing.default[0]", "no such model",
                        "did you mean \"a\"?"};
  EXPECT_EQ(Format({diagnostic}, ""),
            "error [CCP1201] routing.default[0]: no such model\n"
            "hint: did you mean \"a\"?\n"
            "1 error, 0 warnings. Nothing was applied.\n");
}

TEST(Format, NothingIsNothing) { EXPECT_EQ(Format({}, "models: {}"), ""); }

TEST(Format, CaretStandsUnderCharactersNotBytes) {
  EXPECT_THAT(Shown("models: { éé: { api_base: https://h.example, api_key_name: K, attempts: x } }\n"),
              HasSubstr("    1 | models: { éé: { api_base: https://h.example, api_key_name: K, attempts: x } }\n"
                        "      |                                                                         ^\n"));
}

TEST(Format, IsUtf8WhateverTheFileIs) {
  EXPECT_EQ(Shown("models:\n  caf\xe9: {}\n"),
            "error [CCP1009] models.yaml:2:6: this byte is not UTF-8\n"
            "    2 |   caf\uFFFD: {}\n"
            "      |      ^\n"
            "hint: save the file as UTF-8\n"
            "1 error, 0 warnings. Nothing was applied.\n");
}

TEST(Format, NeverRepeatsAKey) {
  constexpr std::string_view kKey = "sk-proj-0123456789abcdefABCDEF";
  for (const std::string_view line : {"api_key_name: ", "api_key: ", "model_name: ", "dialect: ", "auth: ", "provider: ",
                                      "max_tokens: ", "direct: ", "aliases: ", "api_base: https://user:", "attempts: "}) {
    const std::string file = Concat("models:\n  m:\n    ", line, kKey, "\n");
    EXPECT_THAT(Shown(file), Not(HasSubstr("0123456789"))) << line;
    EXPECT_FALSE(Load(file, "f").catalog.has_value()) << line;
  }
  EXPECT_THAT(Shown(Concat("models: { m: { api_base: https://h.example, ", kKey, ": 1 } }\n")), Not(HasSubstr("0123456789")));
  EXPECT_THAT(Shown(Concat("models: { ", kKey, ": { x: 1 } }\nrouting: { default: ", kKey, "x }\n")),
              Not(HasSubstr("0123456789")));
}

TEST(Format, DoesNotSteerATerminal) {
  EXPECT_THAT(Shown("models: { m: { api_base: https://h, api_key_name: K, dialect: \"\x1b[2J\" } }\n"),
              Not(HasSubstr("\x1b")));
}

TEST(Format, PrintsTwentyAndCountsTheRest) {
  std::string yaml = "models:\n  m:\n    api_base: https://h\n    api_key_name: K\n";
  for (int i = 0; i < 25; ++i) yaml += Concat("    zzzz", i, ": 1\n");
  const std::string shown = Shown(yaml + "routing: { default: m }\n");
  EXPECT_THAT(shown, HasSubstr("... and 5 more\n25 errors, 0 warnings. Nothing was applied.\n"));
}

}  // namespace
}  // namespace ccp::config
