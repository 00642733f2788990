#include "common/tokens/vocabulary_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "common/base/text.h"

namespace ccp::tokens {
namespace {

constexpr std::string_view kFileName = "ccp/o200k_base.tiktoken";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool IsFile(const std::string& path) {
  std::error_code ignored;  // Not readable is the same as not there.
  return std::filesystem::is_regular_file(path, ignored);
}

std::vector<std::string> Places() {
  std::vector<std::string> places;
  const std::string data_home = Environment("XDG_DATA_HOME");
  const std::string home = Environment("HOME");
  if (!data_home.empty()) {
    places.push_back(Concat(data_home, "/", kFileName));
  } else if (!home.empty()) {
    places.push_back(Concat(home, "/.local/share/", kFileName));
  }
  places.push_back(Concat("/usr/share/", kFileName));
  return places;
}

}  // namespace

std::string FindVocabularyFile() {
  const std::string named = Environment("CCP_TOKENIZER");
  if (!named.empty()) return IsFile(named) ? named : std::string();
  for (const std::string& place : Places()) {
    if (IsFile(place)) return place;
  }
  return "";
}

absl::StatusOr<std::shared_ptr<const Vocabulary>> LoadVocabulary(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("tokenizer vocabulary ", path, " cannot be opened");
  std::ostringstream text;
  text << file.rdbuf();
  auto vocabulary = Vocabulary::Parse(std::move(text).str());
  if (!vocabulary.ok()) return InvalidArgument(path, ": ", Message(vocabulary.status()));
  return vocabulary;
}

}  // namespace ccp::tokens
