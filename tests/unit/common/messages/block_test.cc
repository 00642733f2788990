#include "common/messages/block.h"

#include <gtest/gtest.h>

#include "common/messages/message.h"

namespace ccp::messages {
namespace {

struct Case {
  const char* json;
  BlockType type;
};

class BlockTypeTest : public testing::TestWithParam<Case> {};

TEST_P(BlockTypeTest, IsToldByItsName) {
  json::Document document;
  ASSERT_TRUE(document.Parse(GetParam().json).ok());
  EXPECT_EQ(Block(document.root()).type(), GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    All, BlockTypeTest,
    testing::Values(Case{R"({"type":"text"})", BlockType::kText}, Case{R"({"type":"tool_use"})", BlockType::kToolUse},
                    Case{R"({"type":"tool_result"})", BlockType::kToolResult},
                    Case{R"({"type":"thinking"})", BlockType::kThinking}, Case{R"({"type":"image"})", BlockType::kImage},
                    Case{R"({"type":"document"})", BlockType::kDocument},
                    Case{R"({"type":"redacted_thinking"})", BlockType::kRedactedThinking},
                    Case{R"({"type":"server_tool_use"})", BlockType::kServerToolUse},
                    Case{R"({"type":"te\u0078t"})", BlockType::kText},  // A name may be written with escapes.
                    Case{R"({"type":"texts"})", BlockType::kOther}, Case{R"({"type":["text"]})", BlockType::kOther},
                    Case{R"({"text":"text"})", BlockType::kOther}, Case{R"("text")", BlockType::kOther}));

TEST(Block, HasTheMembersOfItsObject) {
  json::Document document;
  ASSERT_TRUE(document.Parse(R"({"content":[7],"cache_control":{"type":"ephemeral"},"tool_use_id":"t","type":"tool_result",
                                 "is_error":true,"unknown":1})").ok());
  const Block block = Block(document.root());
  EXPECT_EQ(block.value().offset(), 0u);
  EXPECT_TRUE(block.type_name().is("tool_result"));
  EXPECT_TRUE(block.tool_use_id().is("t"));
  EXPECT_EQ(block.content().raw(), "[7]");
  EXPECT_EQ(block.is_error().boolean(), true);
  EXPECT_TRUE(block.cache_control()["type"].is("ephemeral"));
  EXPECT_FALSE(block.text().exists());
}

TEST(Message, HasRoleAndContent) {
  json::Document document;
  ASSERT_TRUE(document.Parse(R"({"content":"c","id":1,"role":"user"})").ok());
  const Message message = ReadMessage(document.root());
  EXPECT_TRUE(message.role.is("user"));
  EXPECT_TRUE(message.content.is("c"));
}

}  // namespace
}  // namespace ccp::messages
