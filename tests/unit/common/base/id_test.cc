#include "common/base/id.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/text.h"

namespace ccp {
namespace {

TEST(NewId, HasPrefixAndTwentyFourCharacters) {
  const std::string id = NewId("req_");
  EXPECT_TRUE(id.starts_with("req_"));
  EXPECT_EQ(id.size(), 28U);
  EXPECT_EQ(id.substr(4).find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            std::string::npos);
}

TEST(NewId, DoesNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(NewId(""));
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Id, KeepsLetters) {
  const std::string text = NewId("toolu_");
  const Id id = text;
  const Id copy = id;
  EXPECT_EQ(std::string_view(copy), text);
  EXPECT_EQ(std::string_view(Id()), "");
  EXPECT_EQ(Concat("<", Id("msg_1"), ">"), "<msg_1>");
  EXPECT_EQ(std::string_view(Id(std::string(40, 'x'))), std::string(Id::kMost, 'x'));
}

TEST(DerivedId, DependsOnTheSeedAlone) {
  EXPECT_EQ(DerivedId("toolu_", "a"), DerivedId("toolu_", "a"));
  EXPECT_NE(DerivedId("toolu_", "a"), DerivedId("toolu_", "b"));
  EXPECT_EQ(DerivedId("x", "a").substr(1), DerivedId("yy", "a").substr(2));
}

TEST(RandomBytes, HasTheSizeAskedFor) {
  EXPECT_EQ(RandomBytes(0).size(), 0U);
  EXPECT_EQ(RandomBytes(32).size(), 32U);
  EXPECT_NE(RandomBytes(32), RandomBytes(32));
}

// FIPS 180-4, "abc" and the empty text.
TEST(Sha256, EqualsTheStandardsExamples) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4231, test case 2.
TEST(HmacSha256, EqualsTheStandardsExample) {
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace ccp
