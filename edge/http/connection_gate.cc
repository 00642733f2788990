#include "edge/http/connection_gate.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
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

// A coroutine, so that it can run on another loop than the one that awaits it.
Awaitable<ConnectionGate::Pass> Ask(std::function<ConnectionGate::Pass()> give_up_place) { co_return give_up_place(); }

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

ConnectionGate::Answer ConnectionGate::TakeOver(Pass place, const ip::address& address) {
  const ip::address_v6 who = CountedAs(address);
  const std::lock_guard lock(mutex_);
  Forget(place.who_);
  if (AddressIsFull(who)) {
    --inside_;
    place.gate_.reset();
    return {Verdict::kAddressFull, {}};
  }
  ++by_address_[who];
  place.who_ = who;
  return {Verdict::kAdmitted, std::move(place)};
}

ConnectionGate::MemberId ConnectionGate::Join(Member member) {
  const std::lock_guard lock(mutex_);
  return members_.insert(members_.end(), std::move(member));
}

void ConnectionGate::Leave(MemberId member) {
  const std::lock_guard lock(mutex_);
  members_.erase(member);
}

Awaitable<ConnectionGate::Pass> ConnectionGate::AskOthers(MemberId asker) {
  const std::vector<Question> questions = QuestionsFor(asker);
  for (const Question& question : questions) {
    Pass place = co_await asio::co_spawn(question.loop.get_executor(), Ask(question.give_up_place), kAwait);
    if (place) co_return place;
  }
  co_return Pass();
}

std::vector<ConnectionGate::Question> ConnectionGate::QuestionsFor(MemberId asker) {
  const std::lock_guard lock(mutex_);
  std::vector<Question> questions;
  for (auto member = members_.cbegin(); member != members_.cend(); ++member) {
    if (member == asker) continue;
    questions.push_back({asio::make_work_guard(member->loop), member->give_up_place});
  }
  return questions;
}

bool ConnectionGate::AddressIsFull(const ip::address_v6& who) const {
  if (ceilings_.per_address >= ceilings_.total) return false;
  const auto known = by_address_.find(who);
  return known != by_address_.end() && known->second >= ceilings_.per_address;
}

void ConnectionGate::Leave(const ip::address_v6& who) {
  const std::lock_guard lock(mutex_);
  --inside_;
  Forget(who);
}

void ConnectionGate::Forget(const ip::address_v6& who) {
  const auto known = by_address_.find(who);
  if (--known->second == 0) by_address_.erase(known);
}

}  // namespace ccp::edge
