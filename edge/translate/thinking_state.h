// What one thinking block has to carry so that its upstream finds its own reasoning again on the next turn, and the
// signature made of it. Pure; thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/document.h"
#include "edge/translate/dialect.h"

namespace ccp::translate {

class ThinkingState {
 public:
  enum class Text : std::uint8_t { kShown, kOmitted };  // Omitted text travels in the signature, if the upstream wants it.
  ThinkingState(Dialect::History history, Text text, std::string_view fleet_secret);  // Refers to the secret.

  void AddText(std::string_view escaped);
  void AddDetails(json::Value reasoning_details);
  void SetUpstreamSignature(std::string_view signature);   // A real Claude's, behind a gateway: kept as it is.

  bool is_signed() const { return unsealed_ != nullptr && !unsealed_->upstream_signature.empty(); }  // By the upstream, since the last Seal().

  // State that would be lost without a thinking block to carry it, because no text opens one.
  bool needs_block() const { return unsealed_ != nullptr && unsealed_->needs_block; }

  std::string Seal();  // The signature for all that came since the last one. Plain ASCII.

  std::size_t held_bytes() const {
    return unsealed_ == nullptr ? 0 : unsealed_->omitted.size() + unsealed_->detail_bytes;
  }

 private:
  // One element of reasoning_details. Streams send it in fragments with the same type, index and id, or without an id.
  struct Detail {
    std::string type;
    std::string id;
    std::string format;
    std::string signature;
    std::optional<std::int64_t> index;
    std::string content;               // Of text, summary or data; still escaped.
  };
  struct Unsealed {
    std::string omitted;
    std::vector<Detail> details;
    std::size_t detail_bytes = 0;
    std::string upstream_signature;
    bool needs_block = false;
  };
  Unsealed& unsealed();
  static std::string DetailsJson(const std::vector<Detail>& details);

  Dialect::History history_;
  Text text_;
  std::string_view fleet_secret_;
  std::unique_ptr<Unsealed> unsealed_;  // What came since the last Seal(); null: nothing that counts.
};

}  // namespace ccp::translate
