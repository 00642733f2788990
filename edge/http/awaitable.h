// The coroutines of the edge: Asio's, on a worker's loop.
//
// Their executor is the loop's own type. Asio's default is type-erased, which costs an indirect call, a copy and often an
// allocation for each thing awaited; a request awaits about a dozen, a stream two for each event.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace ccp::edge {

using Executor = boost::asio::io_context::executor_type;

template <typename T>
using Awaitable = boost::asio::awaitable<T, Executor>;

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

inline constexpr boost::asio::use_awaitable_t<Executor> kAwait;        // Throws boost::system::system_error.
inline constexpr auto kAwaitTuple = boost::asio::as_tuple(kAwait);     // Hands the error code over with the result.

}  // namespace ccp::edge
