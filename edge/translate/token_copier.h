// Copies JSON tokens from the client's request into the upstream's body, still escaped, so that integers, long floats,
// key order and escapes come out as they went in. The one change it makes: the escape of a lone surrogate becomes
// \ufffd, because a receiver that unescapes one cannot write it as UTF-8.
//
// Pure; immutable after construction.
#pragma once

#include <string>
#include <string_view>

#include "common/json/document.h"

namespace ccp::translate {

class TokenCopier {
 public:
  // `source`: what tokens will come from. It knows whether there is anything to change, so that the usual token is one
  // memcpy.
  explicit TokenCopier(const json::Document& source) : holds_surrogates_(source.holds_surrogates()) {}

  // `token`: valid JSON, or the contents of a JSON string as they stand.
  void Append(std::string& out, std::string_view token) const;

  // `json`: a JSON value. Appends its compact text as the contents of a JSON string: {"a": 1} -> {\"a\":1}.
  void AppendEncoded(std::string& out, std::string_view json) const;

 private:
  bool holds_surrogates_;
};

}  // namespace ccp::translate
