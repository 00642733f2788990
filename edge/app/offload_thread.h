// A worker's second thread, for works on large requests. It begins with the first of them: few edges ever need it.
// One a worker, so that the process can take as many large requests as if the loops themselves worked on them.
//
// Threading: on the worker's thread, but for the destructor.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <optional>

#include "edge/api/offload.h"

namespace ccp::edge {

class OffloadThread final : public Offload {
 public:
  OffloadThread() = default;
  ~OffloadThread() { Join(); }
  OffloadThread(const OffloadThread&) = delete;
  OffloadThread& operator=(const OffloadThread&) = delete;

  void Add(Work work) override;  // Done at once, by the caller, where the system has no more threads.

  // Gives back what the thread's memory holds free: see freed_memory.h.
  void ReturnMemory();

  // Until all works are done, and no other is added. Idempotent.
  void Join();

 private:
  bool Begin();

  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace ccp::edge
