#include <algorithm>
#include <string>
#include <string_view>

#include "common/json/member_reader.h"
#include "common/messages/block.h"
#include "common/tokens/count.h"
#include "common/tokens/estimate.h"
#include "common/tokens/image_size.h"
#include "common/tokens/pdf_pages.h"

namespace ccp::tokens {
namespace {

using json::Value;
using messages::Block;
using messages::BlockType;

// What the chat format adds. Providers differ by a token or two; these are those of OpenAI's published recipe for
// messages, and for tools what its format spends on names and braces.
constexpr std::int64_t kPerMessage = 4;
constexpr std::int64_t kPerAnswer = 3;
constexpr std::int64_t kPerTool = 8;
constexpr std::int64_t kPerToolUse = 8;
constexpr std::int64_t kPerToolResult = 6;

// A photograph's thumbnail and colour profile stand before its size; more than this is not looked through.
constexpr std::size_t kImageHeaderBytes = 128 << 10;

// Anthropic: a page is text and an image of it, 1500 to 3000 tokens. Files that cannot be read, or are so large that
// reading them would hold up other requests, are measured by their size.
constexpr std::int64_t kTokensPerPage = 2'000;
constexpr std::int64_t kBytesPerPage = 60'000;
constexpr std::size_t kLargestPdfRead = 2 << 20;  // Bytes.

enum : std::size_t { kName, kDescription, kInputSchema };
constexpr json::MemberReader<3> kTool({"name", "description", "input_schema"});

class RequestCounter {
 public:
  explicit RequestCounter(const Vocabulary* vocabulary) : vocabulary_(vocabulary) {}

  std::int64_t Count(Value request) {
    AddContent(request["system"]);
    for (const Value tool : request["tools"].elements()) AddTool(tool);
    for (const Value message : request["messages"].elements()) {
      tokens_ += kPerMessage;
      AddContent(message["content"]);
    }
    return tokens_ + kPerAnswer + estimator_.Tokens();
  }

 private:
  void AddText(Value string) {
    if (vocabulary_ == nullptr) {
      estimator_.Add(string.escaped());
      return;
    }
    text_.clear();
    string.AppendStr(text_);
    tokens_ += vocabulary_->Count(text_);
  }

  // JSON that the model sees as JSON: schemas, tool arguments, blocks we do not know.
  void AddJson(Value value) {
    if (vocabulary_ == nullptr) {
      estimator_.Add(value.raw());
    } else {
      tokens_ += vocabulary_->Count(value.raw());
    }
  }

  void AddTool(Value value) {
    tokens_ += kPerTool;
    const auto tool = kTool.Read(value);
    if (!tool[kInputSchema].exists()) return AddJson(value);  // A server tool: its settings are all there is.
    AddText(tool[kName]);
    AddText(tool[kDescription]);
    AddJson(tool[kInputSchema]);
  }

  void AddContent(Value content) {
    if (content.is_string()) return AddText(content);
    for (const Value block : content.elements()) AddBlock(block);
  }

  void AddBlock(Value value) {
    const Block block(value);
    switch (block.type()) {
      case BlockType::kText:
        return AddText(block.text());
      case BlockType::kToolUse:
      case BlockType::kServerToolUse:
        return AddToolUse(block);
      case BlockType::kToolResult:
        tokens_ += kPerToolResult;
        return AddContent(block.content());
      case BlockType::kImage:
        return AddImage(block.source());
      case BlockType::kThinking:
        return AddText(block.thinking());
      case BlockType::kRedactedThinking:
        return;
      case BlockType::kDocument:
        return AddDocument(block);
      case BlockType::kOther:
        return value.is_string() ? AddText(value) : AddJson(value);
    }
  }

  void AddToolUse(const Block& block) {
    tokens_ += kPerToolUse;
    AddText(block.name());
    AddJson(block.input());
  }

  // Given by URL or file id, its size is unknown: the most it can cost is the safe answer.
  void AddImage(Value source) {
    const Value data = source["data"];
    if (!data.is_string()) {
      tokens_ += kMostImageTokens;
      return;
    }
    const std::string header = DecodeBase64Prefix(data.escaped(), kImageHeaderBytes);
    const std::optional<ImageSize> size = ReadImageSize(header);
    tokens_ += size ? ImageTokens(*size) : kMostImageTokens;
  }

  void AddDocument(const Block& block) {
    AddText(block.title());
    AddText(block.context());
    const Value source = block.source();
    if (source["type"].is("text")) return AddText(source["data"]);
    if (source["type"].is("content")) return AddContent(source["content"]);
    tokens_ += kTokensPerPage * PagesOf(source["data"].escaped());
  }

  static std::int64_t PagesOf(std::string_view base64) {
    const std::size_t bytes = base64.size() / 4 * 3;
    if (bytes <= kLargestPdfRead) {
      if (const auto pages = CountPdfPages(DecodeBase64Prefix(base64, kLargestPdfRead))) return *pages;
    }
    return std::max<std::int64_t>(1, (static_cast<std::int64_t>(bytes) + kBytesPerPage - 1) / kBytesPerPage);
  }

  const Vocabulary* vocabulary_;  // May be null: then texts go to the estimator.
  Estimator estimator_;
  std::int64_t tokens_ = 0;
  std::string text_;              // An unescaped text; kept for its memory.
};

}  // namespace

std::int64_t CountRequest(Value request, const Vocabulary* vocabulary) { return RequestCounter(vocabulary).Count(request); }

}  // namespace ccp::tokens
