#include "edge/upstream/connection.h"

#include <utility>

namespace ccp::edge {

Connection::Connection(boost::asio::io_context& context, std::shared_ptr<const Origin> origin)
    : origin_(std::move(origin)),
      wire_(MakePlainWire(Socket(context))),
      watchdog_(context, [](void* connection) { static_cast<Connection*>(connection)->Expire(); }, this) {}

void Connection::Reset(boost::asio::io_context& context) {
  wire_ = MakePlainWire(Socket(context));
  watchdog_.Disarm();
}

void Connection::Expire() {
  wire_->Close();
  Observer* const observer = std::exchange(observer_, nullptr);
  if (observer != nullptr) observer->Expired(*this);  // Last: `this` may be gone behind it.
}

}  // namespace ccp::edge
