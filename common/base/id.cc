#include "common/base/id.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/text.h"

namespace ccp {
namespace {

constexpr std::size_t kIdLength = 24;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Random bytes drawn ahead. OpenSSL's generator takes some microseconds and two system calls for a draw of any size, and a
// request needs three ids. A child process would go on with its parent's stock: ours call exec() at once.
class RandomStock {
 public:
  std::string_view Take(std::size_t bytes) {
    if (left_.size() < bytes) Refill();
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }

 private:
  static constexpr std::size_t kBytes = 128 * kIdLength;

  void Refill() {
    bytes_ = RandomBytes(kBytes);
    left_ = bytes_;
  }

  std::string bytes_;
  std::string_view left_;  // Of bytes_: not given out yet.
};

// The bias of `% 62` is of no consequence here: ids are to be unique, not uniform.
std::string IdFromBytes(std::string_view prefix, std::string_view bytes) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(prefix);
  out.resize(prefix.size() + kIdLength);
  const auto letter = [](char byte) { return kAlphabet[static_cast<unsigned char>(byte) % 62]; };
  std::transform(bytes.begin(), bytes.begin() + kIdLength, out.end() - kIdLength, letter);
  return out;
}

}  // namespace

std::string RandomBytes(std::size_t bytes) {
  std::string out(bytes, '\0');
  if (RAND_bytes(Bytes(out), static_cast<int>(bytes)) != 1) std::abort();  // No randomness: nothing may go on.
  return out;
}

std::string NewId(std::string_view prefix) {
  thread_local RandomStock stock;
  return IdFromBytes(prefix, stock.Take(kIdLength));
}

std::string DerivedId(std::string_view prefix, std::string_view seed) { return IdFromBytes(prefix, Sha256(seed)); }

std::string Sha256(std::string_view bytes) {
  std::string out(32, '\0');
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), Bytes(out), &size, EVP_sha256(), nullptr);
  return out;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string out(32, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(bytes), bytes.size(), Bytes(out), &size);
  return out;
}

}  // namespace ccp
