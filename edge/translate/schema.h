// JSON schemas of tools and answers, cut down to what an upstream accepts. Pure. Internal to edge/translate.
#pragma once

#include <cstdint>
#include <string>

#include "common/json/document.h"
#include "edge/translate/dialect.h"
#include "edge/translate/token_copier.h"

namespace ccp::translate {

enum class SchemaChange : std::uint8_t { kNone, kReduced };

// Appends the parameters of a tool. Whatever the schema, the result is an object schema with `properties`: OpenAI
// refuses functions without. Absent: an object without properties.
SchemaChange AppendToolSchema(std::string& out, json::Value schema, Dialect::Schema profile, const TokenCopier& copier);

// Appends the schema of an answer, which need not be an object.
SchemaChange AppendAnswerSchema(std::string& out, json::Value schema, Dialect::Schema profile,
                                const TokenCopier& copier);

// OpenAI's conditions for strict: every object says additionalProperties false and requires all its properties.
bool MeetsStrict(json::Value schema);

}  // namespace ccp::translate
