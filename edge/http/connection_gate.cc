#include "edge/http/connection_gate.h"

#include <algorithm>

namespace ccp::edge {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kNetworkBytes = 8;  // Of an IPv6 address: its /64.

// Whom to count a client as.
ip::address_v6 CountedAs(const ip::address& address) {
  if (address.is_v4()) return ip::make_address_v6(ip::v4_mapped, address.to_v4());
  if (address.to_v6().is_v4_mapped()) return address.to_v6();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes);
}

}  // namespace

ConnectionGate::Pass& ConnectionGate::Pass::operator=(Pass&& other) noexcept {
  if (this == &other) return *this;
  Release();
  gate_ = std::exchange(other.gate_, nullptr);
  who_ = other.who_;
  return *this;
}

void ConnectionGate::Pass::Release() {
  if (const auto gate = std::exchange(gate_, nullptr)) gate->Leave(who_);
}

std::shared_ptr<ConnectionGate> ConnectionGate::Make(Ceilings ceilings) {
  return std::shared_ptr<ConnectionGate>(new ConnectionGate(ceilings));
}

ConnectionGate::Answer ConnectionGate::Enter(const ip::address& address) {
  const ip::address_v6 who = CountedAs(address);
  const std::lock_guard lock(mutex_);
  if (AddressIsFull(who)) return {Verdict::kAddressFull, {}};
  if (inside_ >= ceilings_.total) return {Verdict::kFull, {}};
  ++inside_;
  ++by_address_[who];
  return {Verdict::kAdmitted, Pass(shared_from_this(), who)};
}

bool ConnectionGate::AddressIsFull(const ip::address_v6& who) const {
  if (ceilings_.per_address >= ceilings_.total) return false;
  const auto known = by_address_.find(who);
  return known != by_address_.end() && known->second >= ceilings_.per_address;
}

void ConnectionGate::Leave(const ip::address_v6& who) {
  const std::lock_guard lock(mutex_);
  --inside_;
  const auto known = by_address_.find(who);
  if (--known->second == 0) by_address_.erase(known);
}

}  // namespace ccp::edge
