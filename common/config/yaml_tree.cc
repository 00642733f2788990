#include "common/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <map>
#include <sstream>
#include <utility>

#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/config/secrets.h"

namespace ccp::config {
namespace {

// Thrown through yaml-cpp to stop it; caught in ParseYaml(). The finding has been written.
struct Stop : std::exception {};

Position PositionOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Whether the quoted text that begins at `begin` has no end. yaml-cpp gives it everything to the end of the file.
bool QuoteIsOpen(std::string_view yaml, std::size_t begin, std::string_view value) {
  if (begin >= yaml.size() || (yaml[begin] != '"' && yaml[begin] != '\'')) return false;
  const char quote = yaml[begin];
  for (std::size_t i = begin + 1; i < yaml.size(); ++i) {
    if (quote == '"' && yaml[i] == '\\') {
      ++i;
    } else if (yaml[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < yaml.size() && yaml[i + 1] == quote;
      if (!doubled) return false;
      ++i;
    }
  }
  // A block (| or >) whose text happens to begin with a quote has no end either; its value begins with that quote.
  const bool value_begins_with_quote = !value.empty() && value.front() == quote;
  const bool escaped_quote = begin + 1 < yaml.size() && (yaml[begin + 1] == '\\' || yaml[begin + 1] == quote);
  return !value_begins_with_quote || escaped_quote;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view yaml, Findings& findings) : yaml_(yaml), findings_(findings) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    findings_.Error(code::kSeveralDocuments, PositionOf(mark), "", "a second document begins here, want one",
                    "join the documents, or remove the \"---\"");
    throw Stop();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Add({}, mark); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    RefuseAlias(mark);
    Add({}, mark);
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseAlias(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    CheckTag(mark, tag);
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    node.text = value;
    if (tag == "!") CheckQuote(mark, value);
    Add(std::move(node), mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(YamlNode::Kind::kSequence, mark);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(YamlNode::Kind::kMap, mark);
  }
  void OnMapEnd() override { Close(); }

  YamlNode TakeRoot() { return std::move(root_); }

  // Where the innermost list or map in brackets begins that was open when the text ended; line 0: none.
  Position OpenBracket() const {
    for (auto level = stack_.rbegin(); level != stack_.rend(); ++level) {
      const std::size_t offset = level->offset;
      if (offset < yaml_.size() && (yaml_[offset] == '[' || yaml_[offset] == '{')) return level->node.at;
    }
    return {};
  }
  // The last text in quotes, if it runs over several lines: a forgotten quote mark usually shows as a strange error
  // behind the next quote.
  Position LongQuote() const { return long_quote_; }

 private:
  struct Level {
    YamlNode node;
    std::size_t offset = 0;
    bool awaits_key = true;  // Maps.
    std::string key;
    Position key_at;
  };

  void Open(YamlNode::Kind kind, const YAML::Mark& mark) {
    if (stack_.size() >= kMaxYamlDepth) {
      findings_.Error(code::kTooDeep, PositionOf(mark), "",
                      Concat("nested more than ", kMaxYamlDepth, " levels deep"));
      throw Stop();
    }
    if (AwaitsKey()) RefuseKey(mark);
    Level level;
    level.node.kind = kind;
    level.node.at = PositionOf(mark);
    level.offset = static_cast<std::size_t>(mark.pos);
    stack_.push_back(std::move(level));
  }

  void Close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Place(std::move(node));
  }

  void Add(YamlNode node, const YAML::Mark& mark) {
    node.at = PositionOf(mark);
    if (!AwaitsKey()) return Place(std::move(node));
    Level& map = stack_.back();
    map.awaits_key = false;
    map.key = std::move(node.text);
    map.key_at = node.at;
    if (node.kind != YamlNode::Kind::kScalar && !alias_seen_) RefuseKey(mark);
  }

  void Place(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& parent = stack_.back();
    if (parent.node.is_sequence()) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.node.entries.push_back({std::move(parent.key), parent.key_at, std::move(node)});
    parent.awaits_key = true;
  }

  bool AwaitsKey() const { return !stack_.empty() && stack_.back().node.is_map() && stack_.back().awaits_key; }

  void RefuseKey(const YAML::Mark& mark) {
    findings_.Error(code::kKeyNotText, PositionOf(mark), "", "found something else where a key is expected, want a name");
    throw Stop();
  }

  void RefuseAlias(const YAML::Mark& mark) {
    alias_seen_ = true;
    findings_.Error(code::kAlias, PositionOf(mark), "", "anchors (&), aliases (*) and merge keys (<<) are not accepted",
                    "move what models share into an entry of providers");
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
    findings_.Error(code::kTag, PositionOf(mark), "", Concat("tag ", Quote(tag), " is not accepted"), "leave it out");
  }

  void CheckQuote(const YAML::Mark& mark, const std::string& value) {
    const auto offset = static_cast<std::size_t>(mark.pos);
    if (QuoteIsOpen(yaml_, offset, value)) {
      findings_.Error(code::kOpenQuote, PositionOf(mark), "", "the quote that begins here is never closed");
      throw Stop();
    }
    const bool quote = offset < yaml_.size() && (yaml_[offset] == '"' || yaml_[offset] == '\'');
    const bool long_text = quote && yaml_.substr(offset + 1, value.size()).find('\n') != std::string_view::npos;
    long_quote_ = long_text ? PositionOf(mark) : Position{};
  }

  std::string_view yaml_;
  Findings& findings_;
  std::vector<Level> stack_;
  YamlNode root_;
  int documents_ = 0;
  bool alias_seen_ = false;
  Position long_quote_;
};

Position LastPosition(std::string_view yaml) {
  Position at{1, 1};
  for (const char c : yaml) {
    at = c == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
  }
  return at;
}

void ReportSyntax(const YAML::Exception& error, std::string_view yaml, const TreeBuilder& builder, Findings& findings) {
  const std::string_view message = error.msg;
  Position at = error.mark.is_null() ? LastPosition(yaml) : PositionOf(error.mark);
  if (message == YAML::ErrorMsg::UNKNOWN_ANCHOR) {
    findings.Error(code::kAlias, at, "", "anchors (&), aliases (*) and merge keys (<<) are not accepted",
                   "move what models share into an entry of providers; quote a text that begins with *");
    return;
  }
  const bool at_end = message == YAML::ErrorMsg::END_OF_SEQ_FLOW || message == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if (const Position bracket = builder.OpenBracket(); at_end && bracket.line > 0) {
    findings.Error(code::kSyntax, bracket, "", "the bracket that opens here is not closed, or a comma is missing in it");
    return;
  }
  std::string hint;
  if (at.line > 0) {
    const auto lines = Split(yaml, '\n');
    const std::string_view line = static_cast<std::size_t>(at.line) <= lines.size() ? lines[at.line - 1] : "";
    const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
    if (indentation.find('\t') != std::string_view::npos) {
      at.column = static_cast<int>(indentation.find('\t')) + 1;
      findings.Error(code::kSyntax, at, "", "a tab in the indentation, want spaces");
      return;
    }
  }
  if (builder.LongQuote().line > 0) {
    hint = Concat("the quoted text that begins in line ", builder.LongQuote().line, " ends here; is its quote in place?");
  } else if (message == YAML::ErrorMsg::MAP_VALUE) {
    hint = "a text with \": \" in it needs quotes";
  } else if (message == YAML::ErrorMsg::END_OF_MAP || message == YAML::ErrorMsg::END_OF_SEQ) {
    hint = "is this line indented like its neighbours?";
  }
  findings.Error(code::kSyntax, at, "", Concat("not valid YAML: ", message), std::move(hint));
}

// Reports the second and later places of a key, and drops them.
void DropDuplicates(YamlNode& node, const std::string& path, Findings& findings) {
  for (std::size_t i = 0; i < node.items.size(); ++i) DropDuplicates(node.items[i], ElementPath(path, i), findings);
  std::map<std::string_view, Position> seen;
  std::vector<bool> repeated;
  for (const YamlNode::Entry& entry : node.entries) {
    const auto [first, inserted] = seen.emplace(entry.key, entry.key_at);
    repeated.push_back(!inserted);
    if (inserted) continue;
    findings.Error(code::kDuplicateKey, entry.key_at, ChildPath(path, entry.key),
                   Concat("key ", Quote(entry.key), " stands here twice, first in line ", first->second.line),
                   "remove one of the two");
  }
  std::vector<YamlNode::Entry> kept;
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    if (!repeated[i]) kept.push_back(std::move(node.entries[i]));
  }
  node.entries = std::move(kept);
  for (YamlNode::Entry& entry : node.entries) DropDuplicates(entry.value, ChildPath(path, entry.key), findings);
}

}  // namespace

std::optional<YamlNode> ParseYaml(std::string_view yaml, Findings& findings) {
  TreeBuilder builder(yaml, findings);
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    ReportSyntax(error, yaml, builder, findings);
    return std::nullopt;
  }
  YamlNode root = builder.TakeRoot();
  DropDuplicates(root, "", findings);
  return root;
}

}  // namespace ccp::config
