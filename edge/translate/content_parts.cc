#include "edge/translate/content_parts.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::translate {
namespace {

using json::Value;
using messages::Block;
using messages::BlockType;

void AppendLine(std::string& out, std::string_view label, Value text, const ChatContext& context) {
  if (!text.is_string() || text.escaped().empty()) return;
  out += label;
  context.copier.Append(out, text.escaped());
  out += "\\n";
}

// Texts of a block's content, one under the other.
void AppendTexts(std::string& out, Value content, const ChatContext& context) {
  if (content.is_string()) return context.copier.Append(out, content.escaped());
  bool first = true;
  for (const Value element : content.elements()) {
    const Block block(element);
    if (block.type() != BlockType::kText) continue;
    if (!first) out += "\\n";
    first = false;
    context.copier.Append(out, block.text().escaped());
  }
}

bool IsTextSource(Value source) { return source["type"].is("text") || source["type"].is("content"); }

void AppendDocumentText(std::string& out, const Block& block, const ChatContext& context) {
  out += "<document>\\n";
  AppendLine(out, "title: ", block.title(), context);
  AppendLine(out, "context: ", block.context(), context);
  const Value source = block.source();
  AppendTexts(out, source["type"].is("text") ? source["data"] : source["content"], context);
  out += "\\n</document>";
}

void AppendSearchResult(std::string& out, const Block& block, const ChatContext& context) {
  AppendLine(out, "title: ", block.title(), context);
  AppendLine(out, "source: ", block.source(), context);
  AppendTexts(out, block.content(), context);
}

void AppendDataUrl(std::string& out, std::string_view escaped_media_type, Value data, const ChatContext& context) {
  out += "data:";
  context.copier.Append(out, escaped_media_type);
  out += ";base64,";
  context.copier.Append(out, data.escaped());
}

void AppendFilePart(std::string& out, const Block& block, const ChatContext& context) {
  const std::string_view title = block.title().escaped();
  out += R"({"type":"file","file":{"filename":")";
  context.copier.Append(out, title.empty() ? "document.pdf" : title);
  out += R"(","file_data":")";
  AppendDataUrl(out, "application/pdf", block.source()["data"], context);
  out += "\"}}";
}

void AppendImagePart(std::string& out, Value source, const ChatContext& context) {
  out += R"({"type":"image_url","image_url":{"url":")";
  if (source["type"].is("url")) {
    context.copier.Append(out, source["url"].escaped());
  } else {
    AppendDataUrl(out, source["media_type"].escaped(), source["data"], context);
  }
  out += "\"}}";
}

void NoteCitations(const Block& block, ChatContext& context) {
  if (block.citations()["enabled"].boolean() == true) context.losses.Add("citations_dropped");
}

bool IsServerToolBlock(std::string_view type) {
  return type == "server_tool_use" || type.ends_with("_tool_result") || type.starts_with("mcp_tool_");
}

}  // namespace

Value ContentOfDocument(const Block& block) {
  return block.type() == BlockType::kDocument ? block.source()["content"] : Value();
}

bool IsPdf(const Block& block) { return block.type() == BlockType::kDocument && !IsTextSource(block.source()); }

void AppendMediaPart(std::string& out, Value media, const ChatContext& context) {
  const Block block(media);
  if (block.type() == BlockType::kDocument) return AppendFilePart(out, block, context);
  AppendImagePart(out, block.source(), context);
}

bool AppendBlockAsText(std::string& out, const Block& block, ChatContext& context) {
  if (block.type() == BlockType::kDocument && IsTextSource(block.source())) {
    NoteCitations(block, context);
    AppendDocumentText(out, block, context);
    return true;
  }
  if (block.type() != BlockType::kOther) return false;
  const Value type = block.type_name();
  if (type.is("search_result")) {
    NoteCitations(block, context);
    AppendSearchResult(out, block, context);
    return true;
  }
  if (type.is("tool_reference")) {
    out += "[tool loaded: ";
    context.copier.Append(out, block.value()["tool_name"].escaped());
    out += ']';
    return true;
  }
  if (type.is("browser_state")) {
    out += "[browser state left out]";
    context.losses.Add("unknown_block_dropped");
    return true;
  }
  return false;
}

void NoteCacheControl(Value cache_control, ChatContext& context) {
  if (!context.dialect.cache_control && cache_control.is_object()) context.losses.Add("cache_control_dropped");
}

void ContentParts::AddText(std::string_view escaped, Value cache_control) {
  if (escaped.empty()) return;
  NoteCacheControl(cache_control, context_);
  parts_.push_back({escaped, cache_control, {}});
}

void ContentParts::AddOwnText(std::string escaped) {
  AddText(own_.emplace_front(std::move(escaped)), {});
}

MaybeError ContentParts::AddBlock(const Block& block, const std::string& path) {
  if (block.type() == BlockType::kText) {
    AddText(block.text().escaped(), block.cache_control());
    return {};
  }
  if (block.type() == BlockType::kImage) return AddImage(block, path);
  std::string text;
  if (AppendBlockAsText(text, block, context_)) {
    AddOwnText(std::move(text));
    return AddImagesWithin(block, path);
  }
  if (block.type() == BlockType::kDocument) return AddDocument(block, path);
  const bool is_server_tool = IsServerToolBlock(block.type_name().escaped());
  context_.losses.Add(is_server_tool ? "server_tool_history_dropped" : "unknown_block_dropped");
  return {};
}

MaybeError ContentParts::AddImagesWithin(const Block& document, const std::string& path) {
  std::size_t index = 0;
  for (const Value part : ContentOfDocument(document).elements()) {
    const std::size_t own = index++;
    const Block block(part);
    if (block.type() != BlockType::kImage) continue;
    if (auto error = AddImage(block, Concat(path, ".source.content.", own))) return error;
  }
  return {};
}

MaybeError ContentParts::AddImage(const Block& block, const std::string& path) {
  NoteCacheControl(block.cache_control(), context_);
  const Value type = block.source()["type"];
  if (!type.is("base64") && !type.is("url")) {
    return InvalidRequest(Concat(path, ".source: images by file id cannot be read here; send base64 or a url"));
  }
  if (context_.dialect.images) {
    AddMedia(block.value());
    return {};
  }
  context_.losses.Add("images_dropped");
  AddText(kImageNote, {});
  return {};
}

MaybeError ContentParts::AddDocument(const Block& block, const std::string& path) {
  NoteCacheControl(block.cache_control(), context_);
  NoteCitations(block, context_);
  if (!block.source()["type"].is("base64")) {
    return InvalidRequest(
        Concat(path, ".source: documents by url or file id cannot be read here; send base64 or text"));
  }
  if (!context_.dialect.pdf) {
    return InvalidRequest(
        Concat(path, ": model ", context_.model.name, " reads no PDF documents; send the text instead"));
  }
  AddMedia(block.value());
  return {};
}

void ContentParts::Clear() {
  parts_.clear();
  own_.clear();
}

bool ContentParts::NeedsArray(Array array) const {
  const bool has_media = std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.media.exists(); });
  if (has_media) return true;
  if (context_.dialect.cache_control) {
    const auto marked = [](const Part& part) { return part.cache_control.is_object(); };
    if (std::any_of(parts_.begin(), parts_.end(), marked)) return true;
  }
  return array == Array::kAllowed && parts_.size() > 1;
}

void ContentParts::AppendText(std::string& out, const Part& part) const {
  out += R"({"type":"text","text":")";
  context_.copier.Append(out, part.escaped);
  out += '"';
  if (context_.dialect.cache_control && part.cache_control.is_object()) {
    out += R"(,"cache_control":)";
    context_.copier.Append(out, part.cache_control.raw());
  }
  out += '}';
}

void ContentParts::AppendJoined(std::string& out) const {
  out += '"';
  for (const Part& part : parts_) {
    if (&part != &parts_.front()) out += kEscapedBlankLine;
    context_.copier.Append(out, part.escaped);
  }
  out += '"';
}

void ContentParts::AppendTo(std::string& out, Array array) const {
  if (!NeedsArray(array)) return AppendJoined(out);
  out += '[';
  for (const Part& part : parts_) {
    if (&part != &parts_.front()) out += ',';
    if (part.media.exists()) {
      AppendMediaPart(out, part.media, context_);
    } else {
      AppendText(out, part);
    }
  }
  out += ']';
}

}  // namespace ccp::translate
