#include "tools/ccpctl/session.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

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
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  std::array<char, 64 * 1024> piece;
  while (in) {
    in.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  // A directory opens well and fails at the first read; half a file must not pass for a whole one.
  if (in.eof() && !in.bad()) return text;
  const int reason = errno;
  return InvalidArgument("cannot read ", path, ": ", std::strerror(reason));
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
