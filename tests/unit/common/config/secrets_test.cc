#include "common/config/secrets.h"

#include <gtest/gtest.h>

namespace ccp::config {
namespace {

TEST(Secrets, LookLikeThemselves) {
  for (const std::string_view secret :
       {"sk-abcdefgh12345678", "sk-ant-REDACTED-1", "AIzaSyA1234567890", "gsk_0123456789ab", "hf_abcdefghijklmnop",
        "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef.AbCdEf0123456789",
        "Bearer sk-abcdefgh12345678", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"}) {
    EXPECT_TRUE(LooksLikeSecret(secret)) << secret;
  }
}

TEST(Secrets, NamesAreNone) {
  for (const std::string_view name :
       {"", "DEEPSEEK_API_KEY", "MY_COMPANY_OPENROUTER_PRODUCTION_API_KEY_2", "deepseek-r1-distill-llama-70b-instruct",
        "Qwen2.5-Coder-32B-Instruct-GPTQ-Int4", "claude-sonnet-4-5-20250929", "meta-llama/llama-4-maverick-17b-128e",
        "https://generativelanguage.googleapis.com/v1beta/openai", "supercalifragilisticexpialidocious", "sk-short"}) {
    EXPECT_FALSE(LooksLikeSecret(name)) << name;
  }
}

TEST(Printable, MasksInPlace) {
  EXPECT_EQ(Printable("key: sk-abcdefgh12345678 # x"), "key: ******************* # x");
  EXPECT_EQ(Printable("a: sk-abcdefgh12345678, b: sk-abcdefgh12345678"), "a: *******************, b: *******************");
  EXPECT_EQ(Printable("plain\ttext\x1b[0m"), "plain\ttext?[0m");
}

TEST(Quote, IsShortAndWhole) {
  EXPECT_EQ(Quote("abc"), "\"abc\"");
  EXPECT_EQ(Quote(std::string(100, 'a')), "\"" + std::string(60, 'a') + "...\"");
  EXPECT_EQ(Quote(std::string(59, 'a') + "é" + std::string(9, 'b')), "\"" + std::string(59, 'a') + "...\"");
}

}  // namespace
}  // namespace ccp::config
