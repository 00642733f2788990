#include "edge/upstream/address_guard.h"

#include <algorithm>
#include <array>

namespace ccp::edge {
namespace {

namespace ip = boost::asio::ip;

constexpr ip::address_v6::bytes_type kMetadata{{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}};
constexpr std::array<unsigned char, 12> kNat64{{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}};

bool IsForbidden(const ip::address_v4& address) {
  const auto bytes = address.to_bytes();
  const bool this_network = bytes[0] == 0;
  const bool link_local = bytes[0] == 169 && bytes[1] == 254;
  const bool broadcast = address == ip::address_v4::broadcast();
  return this_network || link_local || broadcast || address.is_multicast();
}

bool IsForbidden(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  if (address.is_v4_mapped() || std::equal(kNat64.begin(), kNat64.end(), bytes.begin())) {
    return IsForbidden(ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}));
  }
  return address.is_unspecified() || address.is_link_local() || address.is_multicast() || bytes == kMetadata;
}

}  // namespace

bool IsForbiddenAddress(const ip::address& address) {
  return address.is_v4() ? IsForbidden(address.to_v4()) : IsForbidden(address.to_v6());
}

}  // namespace ccp::edge
