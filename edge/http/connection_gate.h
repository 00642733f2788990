// How many client connections there may be, in total and from one address, over all servers that share the gate.
//
// IPv6 clients get whole networks, so a /64 counts as one address.
// Threading: thread-safe. A connection takes a short lock when it begins and when it ends; a request takes none.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ccp::edge {

class ConnectionGate : public std::enable_shared_from_this<ConnectionGate> {
 public:
  struct Ceilings {
    std::size_t total = 10'000;
    std::size_t per_address = 10'000;  // Without effect unless it is less than `total`.
  };
  // The right to one connection; destroying or releasing it makes room for another. Empty by default.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), who_(other.who_) {}
    Pass& operator=(Pass&& other) noexcept;
    ~Pass() { Release(); }
    void Release();

   private:
    friend class ConnectionGate;
    Pass(std::shared_ptr<ConnectionGate> gate, boost::asio::ip::address_v6 who) : gate_(std::move(gate)), who_(who) {}
    std::shared_ptr<ConnectionGate> gate_;
    boost::asio::ip::address_v6 who_;
  };
  enum class Verdict : std::uint8_t { kAdmitted, kFull, kAddressFull };
  struct Answer {
    Verdict verdict;
    Pass pass;  // With kAdmitted.
  };

  static std::shared_ptr<ConnectionGate> Make(Ceilings ceilings);

  Answer Enter(const boost::asio::ip::address& address);
  const Ceilings& ceilings() const { return ceilings_; }

 private:
  explicit ConnectionGate(Ceilings ceilings) : ceilings_(ceilings) {}
  bool AddressIsFull(const boost::asio::ip::address_v6& who) const;
  void Leave(const boost::asio::ip::address_v6& who);

  const Ceilings ceilings_;
  std::mutex mutex_;
  std::size_t inside_ = 0;
  std::unordered_map<boost::asio::ip::address_v6, std::size_t> by_address_;
};

}  // namespace ccp::edge
