// Copies JSON tokens from the client's request into the upstream's body, still escaped, so that integers, long floats,
// key order and escapes come out as they went in. The one change it makes: the escape of a lone surrogate becomes
// \ufffd, because a receiver that unescapes one cannot write it as UTF-8.
//
// Pure; immutable after construction.
#pragma once

#include <string>
#include <string_view>

namespace ccp::translate {

class TokenCopier {
 public:
  // `source`: the whole text that tokens will come from. It is searched once, so that the usual token is one memcpy.
  explicit TokenCopier(std::string_view source);

  // `token`: valid JSON, or the contents of a JSON string as they stand.
  void Append(std::string& out, std::string_view token) const;

  // `json`: a JSON value. Appends its compact text as the contents of a JSON string: {"a": 1} -> {\"a\":1}.
  void AppendEncoded(std::string& out, std::string_view json) const;

 private:
  bool may_hold_surrogates_;
};

}  // namespace ccp::translate
