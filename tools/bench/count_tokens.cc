// Counts the tokens of files: "count<TAB>path" a line, for comparison with another tokenizer and for its speed.
// Usage: count_tokens VOCABULARY < paths
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "common/json/utf8.h"
#include "common/tokens/count.h"
#include "common/tokens/vocabulary_file.h"

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

int main(int argc, char** argv) {
  const auto vocabulary = ccp::tokens::LoadVocabulary(argc > 1 ? argv[1] : ccp::tokens::FindVocabularyFile());
  if (!vocabulary.ok()) {
    std::cerr << vocabulary.status().message() << "\n";
    return 1;
  }
  std::chrono::steady_clock::duration counting{};
  std::size_t bytes = 0;
  std::string path;
  while (std::getline(std::cin, path)) {
    const std::string text = ReadFile(path);
    if (!ccp::json::IsValidUtf8(text)) continue;
    const auto begin = std::chrono::steady_clock::now();
    const std::int64_t count = (*vocabulary)->Count(text);
    counting += std::chrono::steady_clock::now() - begin;
    bytes += text.size();
    std::cout << count << "\t" << path << "\n";
  }
  const double seconds = std::chrono::duration<double>(counting).count();
  std::cerr << bytes << " bytes in " << seconds << " s: " << static_cast<double>(bytes) / seconds / 1e6 << " MB/s\n";
}
