// The content of one system or user message: text and media in order, written as a string or as an array of parts,
// whichever the dialect takes. Internal to edge/translate.
#pragma once

#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/messages/block.h"
#include "edge/translate/chat_context.h"

namespace ccp::translate {

// Text between the blocks that become one string: a blank line, so that the words of two blocks do not run together.
inline constexpr std::string_view kEscapedBlankLine = "\\n\\n";

class ContentParts {
 public:
  explicit ContentParts(ChatContext& context) : context_(context) {}

  // `escaped`: a JSON string's contents; must live until Clear(). `cache_control`: its block's; may be absent.
  void AddText(std::string_view escaped, json::Value cache_control);
  void AddOwnText(std::string escaped);
  // A content block of a user message, whatever its kind but tool_result. `path`: of the block, for errors.
  MaybeError AddBlock(const messages::Block& block, const std::string& path);
  // An image or PDF of a kind that the dialect takes.
  void AddMedia(json::Value block) { parts_.push_back({{}, {}, block}); }

  bool empty() const { return parts_.empty(); }
  void Clear();

  enum class Array : std::uint8_t { kAllowed, kMediaOnly };  // Whether text alone may be written as an array.
  void AppendTo(std::string& out, Array array) const;

 private:
  struct Part {
    std::string_view escaped;
    json::Value cache_control;
    json::Value media;  // The block; absent: it is text.
  };
  bool NeedsArray(Array array) const;
  void AppendText(std::string& out, const Part& part) const;
  void AppendJoined(std::string& out) const;
  MaybeError AddImage(const messages::Block& block, const std::string& path);
  MaybeError AddImagesWithin(const messages::Block& document, const std::string& path);
  MaybeError AddDocument(const messages::Block& block, const std::string& path);

  ChatContext& context_;
  std::vector<Part> parts_;
  std::forward_list<std::string> own_;  // Text made here; a list, because parts refer to its elements.
};

inline constexpr std::string_view kImageNote = "[image left out: this model reads no images]";
inline constexpr std::string_view kDocumentNote = "[document left out: this model reads no PDF files]";

// image_url or file part of an image or document block with a base64 or url source.
void AppendMediaPart(std::string& out, json::Value block, const ChatContext& context);
bool IsPdf(const messages::Block& block);
// The blocks of a document that is made of blocks (source.type "content"); else absent.
json::Value ContentOfDocument(const messages::Block& block);

// Escaped text of blocks that are text in disguise: search_result, tool_reference, documents of text. False if it is
// none.
bool AppendBlockAsText(std::string& out, const messages::Block& block, ChatContext& context);

// `cache_control`: a block's; may be absent.
void NoteCacheControl(json::Value cache_control, ChatContext& context);

}  // namespace ccp::translate
