// Addresses no upstream may have, whatever name led there: what a configuration could abuse to reach the machine's cloud
// metadata or local link. Private networks are allowed: models on premises live there. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace ccp::edge {

// "this network" 0/8, link-local 169.254/16 and fe80::/10, multicast, broadcast, the metadata address fd00:ec2::254, and
// all IPv4 ones also as ::ffff:a.b.c.d and 64:ff9b::a.b.c.d.
bool IsForbiddenAddress(const boost::asio::ip::address& address);

}  // namespace ccp::edge
