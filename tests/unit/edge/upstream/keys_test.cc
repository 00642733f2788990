#include "edge/upstream/keys.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "edge/upstream/env_file.h"

namespace ccp::edge {
namespace {

struct Line {
  std::string name;
  std::string text;
  std::string want;  // Of X; "(error)" where the file is refused.
};

class EnvFileTest : public testing::TestWithParam<Line> {};

TEST_P(EnvFileTest, Reads) {
  const auto variables = ParseEnvFile(GetParam().text);
  if (GetParam().want == "(error)") {
    ASSERT_FALSE(variables.ok());
    EXPECT_EQ(Message(variables.status()).find("secret"), std::string_view::npos) << "the message repeats the value";
    return;
  }
  ASSERT_TRUE(variables.ok()) << variables.status();
  const auto found = variables->find("X");
  EXPECT_EQ(found == variables->end() ? "(none)" : found->second, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Lines, EnvFileTest, testing::ValuesIn(std::vector<Line>{
    {"Plain", "X=sk-1", "sk-1"},
    {"Export", "export X=sk-1", "sk-1"},
    {"Spaces", "  X = sk-1  ", "sk-1"},
    {"WindowsLineEnd", "X=sk-1\r\nY=2\r\n", "sk-1"},
    {"ByteOrderMark", "\xEF\xBB\xBFX=sk-1", "sk-1"},
    {"Empty", "X=", ""},
    {"Comment", "# X=1\n\n", "(none)"},
    {"CommentBehindValue", "X=sk-1 # mine", "sk-1"},
    {"HashInValue", "X=sk#1", "sk#1"},
    {"EqualsInValue", "X=a=b==", "a=b=="},
    {"SingleQuotes", R"(X='a "b" \n $c #d' # e)", R"(a "b" \n $c #d)"},
    {"DoubleQuotes", R"(X="a\n\"b\" \$c\\")", "a\n\"b\" $c\\"},
    {"LastCounts", "X=1\nX=2", "2"},
    {"NameThatBeginsWithExport", "exportX=1\nX=2", "2"},
    {"OpenSingleQuote", "X='secret", "(error)"},
    {"OpenDoubleQuote", "X=\"secret\\\"", "(error)"},
    {"TextBehindQuote", "X='secret' secret", "(error)"},
    {"NoEquals", "secret", "(error)"},
    {"BadName", "1X=secret", "(error)"},
}), [](const auto& row_info) { return row_info.param.name; });

TEST(EnvFile, NamesTheLine) {
  EXPECT_EQ(Message(ParseEnvFile("A=1\n\nnonsense\n").status()), "line 3: want NAME=value, a comment, or nothing");
}

// A file in the test's own directory, removed at its end.
class EnvFileOnDisk {
 public:
  explicit EnvFileOnDisk(std::string_view text) : path_(testing::TempDir() + "ccp_keys_" + std::to_string(::getpid())) {
    Write(text);
  }
  ~EnvFileOnDisk() { std::filesystem::remove(path_); }
  void Write(std::string_view text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(KeyStore, EnvironmentGoesBeforeFile) {
  const EnvFileOnDisk file("CCP_TEST_BOTH=file\nCCP_TEST_FILE=file\nCCP_TEST_BLANK=file\n");
  ::setenv("CCP_TEST_BOTH", "environment", 1);
  ::setenv("CCP_TEST_BLANK", "", 1);
  const auto keys = KeyStore::Open(file.path());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ((*keys)->Find("CCP_TEST_BOTH"), "environment");
  EXPECT_EQ((*keys)->Find("CCP_TEST_FILE"), "file");
  EXPECT_EQ((*keys)->Find("CCP_TEST_BLANK"), "file");
  EXPECT_EQ((*keys)->Find("CCP_TEST_NEITHER"), "");
}

TEST(KeyStore, RefusesAFileItCannotRead) {
  EXPECT_FALSE(KeyStore::Open(testing::TempDir() + "no_such_file").ok());
  const EnvFileOnDisk file("nonsense");
  EXPECT_FALSE(KeyStore::Open(file.path()).ok());
}

TEST(KeyStore, NamesMissingKeysOnce) {
  const EnvFileOnDisk file("CCP_TEST_HAVE=1\n");
  const auto keys = KeyStore::Open(file.path());
  ASSERT_TRUE(keys.ok());
  config::Catalog catalog;
  const auto add = [&](std::string key, config::Auth auth) {
    config::Model model;
    model.api_key_name = std::move(key);
    model.auth = auth;
    catalog.models.push_back(model);
  };
  add("CCP_TEST_HAVE", config::Auth::kKey);
  add("CCP_TEST_Z", config::Auth::kKey);
  add("CCP_TEST_B", config::Auth::kKey);
  add("CCP_TEST_Z", config::Auth::kKey);
  add("", config::Auth::kKey);
  add("CCP_TEST_CLIENTS_OWN", config::Auth::kPassthrough);
  EXPECT_EQ(MissingKeys(catalog, **keys), (std::vector<std::string>{"CCP_TEST_B", "CCP_TEST_Z"}));
}

}  // namespace
}  // namespace ccp::edge
