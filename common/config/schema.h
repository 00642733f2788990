// The JSON Schema of models.yaml, made from the field table: for editors. Pure.
#pragma once

#include <string>

namespace ccp::config {

// Draft-07, because yaml-language-server reads no later one. Indented, without a line feed at
// the end; the same text every time.
std::string SchemaJson();

}  // namespace ccp::config
