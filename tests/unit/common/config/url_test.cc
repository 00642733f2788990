#include "common/config/url.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace ccp::config {
namespace {

// "https host 443 /path", or "error".
std::string Parsed(std::string_view text) {
  const auto url = ParseUrl(text);
  if (!url.ok()) return "error";
  return Concat(url->scheme == Url::Scheme::kHttps ? "https" : "http", " ", url->host, " ", url->port, " ", url->path);
}

struct Case {
  std::string_view text;
  std::string_view want;
};

TEST(Url, Parses) {
  const Case kCases[] = {
      {"https://api.deepseek.com/v1", "https api.deepseek.com 443 /v1"},
      {"https://api.deepseek.com/v1/", "https api.deepseek.com 443 /v1"},
      {"https://api.deepseek.com", "https api.deepseek.com 443 "},
      {"https://api.deepseek.com//", "https api.deepseek.com 443 "},
      {"HTTP://Localhost:8080/a/b", "http localhost 8080 /a/b"},
      {"http://[::1]:9/v1", "http ::1 9 /v1"},
      {"https://[2001:DB8::1]", "https 2001:db8::1 443 "},
      {"https://my_host-1.internal:65535", "https my_host-1.internal 65535 "},
      {"", "error"},
      {"api.deepseek.com", "error"},
      {"ftp://h", "error"},
      {"//h", "error"},
      {"http://127.0.0.1:8000/v1", "http 127.0.0.1 8000 /v1"},
      {"https://example.com./v1", "https example.com. 443 /v1"},
      {"https://host2/v1", "https host2 443 /v1"},
      {"http://34919/v1", "error"},
      {"http://127.0.1/v1", "error"},
      {"http://256.0.0.1/v1", "error"},
      {"http://a.1/v1", "error"},
      {"https://", "error"},
      {"https:///v1", "error"},
      {"https://user@h", "error"},
      {"https://u:p@h", "error"},
      {"https://h?x=1", "error"},
      {"https://h/a?x=1", "error"},
      {"https://h#f", "error"},
      {"https://h h", "error"},
      {"https://h/a b", "error"},
      {"https://h\r\n", "error"},
      {"https://h:0", "error"},
      {"https://h:65536", "error"},
      {"https://h:", "error"},
      {"https://h:8a", "error"},
      {"https://[::1", "error"},
      {"https://[::1]x", "error"},
      {"https://[h]", "error"},
      {"https://hö", "error"},
      {"https://h\\@evil", "error"},
  };
  for (const Case& row : kCases) EXPECT_EQ(Parsed(row.text), row.want) << row.text;
}

TEST(Url, KnowsLoopback) {
  for (const std::string_view host : {"localhost", "127.0.0.1", "127.8.9.1", "::1"}) EXPECT_TRUE(IsLoopbackHost(host));
  for (const std::string_view host : {"127.0.0.1.example.com", "128.0.0.1", "localhost.example", "::2", "127.1", ""}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(Url, KnowsTheFirstParty) {
  EXPECT_TRUE(IsFirstPartyHost("api.anthropic.com"));
  EXPECT_FALSE(IsFirstPartyHost("api.anthropic.com.evil.example"));
  EXPECT_FALSE(IsFirstPartyHost("anthropic.com"));
}

struct Guess {
  std::string_view url;
  std::string_view model;
  std::string_view dialect;
};

TEST(Dialect, IsGuessedFromTheHost) {
  const Guess kCases[] = {
      {"https://api.openai.com/v1", "gpt-4.1", "openai"},
      {"https://api.openai.com/v1", "gpt-5-mini", "openai-reasoning"},
      {"https://api.openai.com/v1", "o3", "openai-reasoning"},
      {"https://api.openai.com/v1", "gpt-5-chat-latest", "openai"},
      {"https://api.deepseek.com/v1", "deepseek-chat", "deepseek"},
      {"https://openrouter.ai/api/v1", "openai/gpt-5", "openrouter"},
      {"https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-max", "qwen"},
      {"https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen-max", "qwen"},
      {"https://ark.cn-beijing.volces.com/api/v3", "doubao", "doubao"},
      {"https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-pro", "gemini"},
      {"https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi", "google/gemini-2.5-pro", "gemini"},
      {"https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi", "x", "gemini"},
      {"https://api.groq.com/openai/v1", "x", "groq"},
      {"https://api.moonshot.cn/v1", "x", "kimi"},
      {"https://api.moonshot.ai/v1", "x", "kimi"},
      {"https://open.bigmodel.cn/api/paas/v4", "x", "glm"},
      {"https://api.z.ai/api/paas/v4", "x", "glm"},
      {"https://api.mistral.ai/v1", "x", "mistral"},
      {"http://localhost:11434/v1", "x", "ollama"},
      {"http://localhost:8000/v1", "x", "openai"},
      {"https://api.deepseek.com.example/v1", "x", "openai"},
      {"https://llm.example/v1", "gpt-5", "openai"},
  };
  for (const Guess& row : kCases) {
    const auto url = ParseUrl(row.url);
    ASSERT_TRUE(url.ok()) << row.url;
    EXPECT_EQ(GuessDialect(*url, row.model), row.dialect) << row.url;
  }
}

}  // namespace
}  // namespace ccp::config
