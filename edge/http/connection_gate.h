// How many client connections there may be, in total and from one address, over all servers that share the gate.
//
// IPv6 clients get whole networks, so a /64 counts as one address. Where there is no room, a server may get the place of a
// connection that only waits, its own or another server's: places are handed over, so nobody else takes them on the way.
// Threading: thread-safe. A connection takes a short lock when it begins and when it ends; a request takes none.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "edge/http/awaitable.h"

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
    explicit operator bool() const { return gate_ != nullptr; }

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

  // A server that shares the gate: the place of one of its connections, or an empty pass. Called on its loop.
  struct Member {
    Executor loop;
    std::function<Pass()> give_up_place;
  };
  using Members = std::list<Member>;
  using MemberId = Members::const_iterator;

  static std::shared_ptr<ConnectionGate> Make(Ceilings ceilings);

  Answer Enter(const boost::asio::ip::address& address);
  // Enter() with the place of a connection that is leaving. Never kFull.
  Answer TakeOver(Pass place, const boost::asio::ip::address& address);
  const Ceilings& ceilings() const { return ceilings_; }

  // From Join() to Leave() a member may be asked for a place. Whoever joined leaves before its loop ends.
  MemberId Join(Member member);
  void Leave(MemberId member);
  // Asks all members but `asker`, one after another: the first place that one of them gives up, or an empty pass.
  // The gate must outlive it.
  Awaitable<Pass> AskOthers(MemberId asker);

 private:
  // Keeps the loop of a member that is being asked from ending before it has answered.
  struct Question {
    boost::asio::executor_work_guard<Executor> loop;
    std::function<Pass()> give_up_place;
  };

  explicit ConnectionGate(Ceilings ceilings) : ceilings_(ceilings) {}
  bool AddressIsFull(const boost::asio::ip::address_v6& who) const;
  void Leave(const boost::asio::ip::address_v6& who);
  void Forget(const boost::asio::ip::address_v6& who);  // Under the lock.
  std::vector<Question> QuestionsFor(MemberId asker);

  const Ceilings ceilings_;
  std::mutex mutex_;
  std::size_t inside_ = 0;
  std::unordered_map<boost::asio::ip::address_v6, std::size_t> by_address_;
  Members members_;
};

}  // namespace ccp::edge
