// Recognizes a chunk of a stream that says the same as an earlier one but for the contents of one string.
//
// A model's text comes as hundreds of chunks that differ in a few letters: id, time, model and everything else of the
// envelope are the same bytes. To compare those bytes takes a tenth of the time that reading them as JSON takes. And it is
// as strict: what stands around a JSON string was valid JSON before, so it is with any other valid string in its place.
//
// Pure; thread-compatible. Keeps a copy of the learned chunk.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/json/document.h"

namespace ccp::translate {

class RepeatedChunk {
 public:
  // `varying`: the string in `document` that other chunks will have other contents in.
  void Learn(const json::Document& document, json::Value varying);
  void Forget() { chunk_.clear(); }

  // The contents of the varying string in `chunk`, escaped, if all the rest is as learned.
  std::optional<std::string_view> Match(std::string_view chunk) const;

 private:
  std::string chunk_;        // What was learned, without the contents; empty: nothing.
  std::size_t before_ = 0;   // Bytes of it that stand before the contents.
};

}  // namespace ccp::translate
