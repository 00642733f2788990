// A message of the Messages API.
#pragma once

#include "common/json/document.h"

namespace ccp::messages {

// A member that is not there is absent.
struct Message {
  json::Value role, content;
};

Message ReadMessage(json::Value value);

}  // namespace ccp::messages
