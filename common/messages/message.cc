#include "common/messages/message.h"

namespace ccp::messages {

Message ReadMessage(json::Value value) { return {value["role"], value["content"]}; }

}  // namespace ccp::messages
