// Web search that the upstream did by itself: the pages it cites, as the blocks in which Claude Code shows a search.
// Only what the upstream said is said: addresses and titles. It does not tell its query, so the query stays out. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/document.h"

namespace ccp::translate {

class SearchResults {
 public:
  // Each page counts once. OpenAI's and OpenRouter's annotations: [{"type":"url_citation","url_citation":{"url","title"}}],
  // GLM's web_search: [{"link","title"}].
  void Add(json::Value found);

  // server_tool_use and web_search_tool_result, as JSON; empty if nothing was cited. `seed` makes the id.
  std::vector<std::string> Blocks(std::string_view seed) const;

  std::size_t held_bytes() const;

 private:
  void AddPage(json::Value entry, std::string_view address);  // `address`: the key under which it stands.

  struct Page {
    std::string url;     // Both still escaped.
    std::string title;
  };
  std::unique_ptr<std::vector<Page>> pages_;  // nullptr while nothing is cited: a stream may be open for an hour.
};

}  // namespace ccp::translate
