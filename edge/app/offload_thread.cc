#include "edge/app/offload_thread.h"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "edge/app/freed_memory.h"

namespace ccp::edge {

void OffloadThread::Add(Work work) {
  if (!Begin()) return work();
  boost::asio::post(*pool_, std::move(work));
}

bool OffloadThread::Begin() {
  if (pool_) return true;
  try {
    pool_.emplace(1);
  } catch (const boost::system::system_error& problem) {
    log::Warn(Concat("no thread for large requests, others wait for them error=", problem.what()));
  }
  return pool_.has_value();
}

void OffloadThread::ReturnMemory() {
  if (pool_) boost::asio::post(*pool_, ReturnFreedMemory);
}

void OffloadThread::Join() {
  if (pool_) pool_->join();
}

}  // namespace ccp::edge
