#include "tools/ccpctl/session.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/base/text.h"
#include "common/json/write.h"

namespace ccp::ctl {

Exit Report(const Session& session, const absl::Status& status) {
  const Exit exit = ExitFor(status);
  if (session.format == Format::kJson) {
    session.err << "{\"severity\":\"error\",\"message\":" << json::Quoted(Message(status)) << ",\"exit_code\":" << exit
                << "}\n";
    return exit;
  }
  session.err << "error: " << Message(status) << "\n";
  return exit;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(path, std::ios::binary);
  if (file) text << file.rdbuf();
  // A directory opens well and fails at the first read.
  if (!file) return InvalidArgument("cannot read ", path, ": ", errno == 0 ? "it is not a file" : std::strerror(errno));
  return text.str();
}

bool CanAsk() { return isatty(STDIN_FILENO) == 1 && Environment("CCP_NO_INPUT").empty(); }

bool Confirm(const Session& session, std::string_view question) {
  session.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  const std::string word = ToLower(Trim(answer));
  return word == "y" || word == "yes";
}

std::string Environment(const char* name, std::string_view otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::string(otherwise);
}

}  // namespace ccp::ctl
