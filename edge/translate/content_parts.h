// The content of one system or user message: text and media in order, written as a string or as an array of parts,
// whichever the dialect takes. Internal to edge/translate.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "edge/translate/chat_context.h"

namespace ccp::translate {

// Text between the blocks that become one string: a blank line, so that the words of two blocks do not run together.
inline constexpr std::string_view kEscapedBlankLine = "\\n\\n";

class ContentParts {
 public:
  explicit ContentParts(ChatContext& context) : context_(context) {}

  // `escaped`: a JSON string's contents; must live until Clear(). `block` may carry cache_control.
  void AddText(std::string_view escaped, json::Value block);
  void AddOwnText(std::string escaped);
  // A content block of a user message, whatever its kind but tool_result. `path`: of the block, for errors.
  MaybeError AddBlock(json::Value block, const std::string& path);
  // An image or PDF, already checked by CheckMedia().
  void AddMedia(json::Value block) { parts_.push_back({{}, block, Kind::kMedia}); }

  bool empty() const { return parts_.empty(); }
  void Clear();

  enum class Array : std::uint8_t { kAllowed, kMediaOnly };  // Whether text alone may be written as an array.
  void AppendTo(std::string& out, Array array) const;

 private:
  enum class Kind : std::uint8_t { kText, kMedia };
  struct Part {
    std::string_view escaped;
    json::Value block;
    Kind kind;
  };
  bool NeedsArray(Array array) const;
  void AppendText(std::string& out, const Part& part) const;
  void AppendJoined(std::string& out) const;
  MaybeError AddImage(json::Value block, const std::string& path);
  MaybeError AddImagesWithin(json::Value document, const std::string& path);
  MaybeError AddDocument(json::Value block, const std::string& path);

  ChatContext& context_;
  std::vector<Part> parts_;
  std::deque<std::string> own_;  // Text made here; a deque, because parts refer to its elements.
};

inline constexpr std::string_view kImageNote = "[image left out: this model reads no images]";
inline constexpr std::string_view kDocumentNote = "[document left out: this model reads no PDF files]";

// image_url or file part of an image or document block with a base64 or url source.
void AppendMediaPart(std::string& out, json::Value block, const ChatContext& context);
bool IsPdf(json::Value document);
// The blocks of a document that is made of blocks (source.type "content"); else absent.
json::Value ContentOfDocument(json::Value document);

// Escaped text of blocks that are text in disguise: search_result, tool_reference, documents of text. False if it is
// none.
bool AppendBlockAsText(std::string& out, json::Value block, ChatContext& context);

void NoteCacheControl(json::Value block, ChatContext& context);

}  // namespace ccp::translate
