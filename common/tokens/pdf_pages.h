// How many pages a PDF has. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ccp::tokens {

// From the page objects of the file, also from those in compressed object streams; of files written for the web from
// their first dictionary. Not a parser of PDF: it looks for what every writer writes, within bounds, and what updates of
// the file replaced may count too. nullopt: not a PDF, encrypted, cut, or written in another way.
std::optional<std::int64_t> CountPdfPages(std::string_view bytes);

}  // namespace ccp::tokens
