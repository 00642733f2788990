#include "common/messages/message.h"

#include "common/json/member_reader.h"

namespace ccp::messages {
namespace {

enum : std::size_t { kRole, kContent };
constexpr json::MemberReader<2> kReader({"role", "content"});

}  // namespace

Message ReadMessage(json::Value value) {
  const auto found = kReader.Read(value);
  return {found[kRole], found[kContent]};
}

}  // namespace ccp::messages
