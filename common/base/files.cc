#include "common/base/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "common/base/text.h"

namespace ccp {

namespace fs = std::filesystem;

absl::Status WriteWholeFile(const std::string& path, std::string_view text) {
  const std::string temporary = Concat(path, ".new");
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file && std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int reason = errno;
  return Unavailable("cannot write ", path, ": ", std::strerror(reason));
}

absl::Status MakePrivateFolder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return absl::OkStatus();
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  return error ? Unavailable("cannot make ", path, ": ", error.message()) : absl::OkStatus();
}

}  // namespace ccp
