#include "edge/translate/search_results.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/base/text.h"
#include "edge/translate/surrogate_joiner.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kMaxPages = 200;  // More than any search returns; a bound on what a hostile upstream makes us keep.

std::string ValidText(json::Value text) {
  SurrogateJoiner joiner;
  std::string valid(joiner.Push(text.escaped()));
  valid += joiner.Flush();
  return valid;
}

}  // namespace

void SearchResults::Add(json::Value found) {
  for (const json::Value entry : found.elements()) {
    if (entry["type"].is("url_citation")) {
      const json::Value citation = entry["url_citation"];
      AddPage(citation ? citation : entry, "url");
    } else if (entry["link"]) {
      AddPage(entry, "link");
    }
  }
}

void SearchResults::AddPage(json::Value entry, std::string_view address) {
  if (pages_ != nullptr && pages_->size() >= kMaxPages) return;
  Page page{ValidText(entry[address]), ValidText(entry["title"])};
  const auto same = [&page](const Page& other) { return other.url == page.url; };
  if (page.url.empty()) return;
  if (pages_ == nullptr) pages_ = std::make_unique<std::vector<Page>>();
  if (std::any_of(pages_->begin(), pages_->end(), same)) return;
  pages_->push_back(std::move(page));
}

std::size_t SearchResults::held_bytes() const {
  std::size_t bytes = 0;
  if (pages_ == nullptr) return bytes;
  for (const Page& page : *pages_) bytes += page.url.size() + page.title.size();
  return bytes;
}

std::vector<std::string> SearchResults::Blocks(std::string_view seed) const {
  if (pages_ == nullptr) return {};
  const std::string id = DerivedId("srvtoolu_", seed);
  std::string results;
  for (const Page& page : *pages_) {
    results += Concat(results.empty() ? "" : ",", R"({"type":"web_search_result","url":")", page.url, R"(","title":")",
                      page.title, R"(","encrypted_content":"","page_age":null})");
  }
  return {Concat(R"({"type":"server_tool_use","id":")", id, R"(","name":"web_search","input":{}})"),
          Concat(R"({"type":"web_search_tool_result","tool_use_id":")", id, R"(","content":[)", results, "]}")};
}

}  // namespace ccp::translate
