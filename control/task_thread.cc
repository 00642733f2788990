#include "control/task_thread.h"

#include <utility>

namespace ccp::control {

TaskThread::TaskThread() : thread_([this] { Loop(); }) {}

TaskThread::TaskThread(std::chrono::milliseconds interval, Task tick)
    : interval_(interval), tick_(std::move(tick)), thread_([this] { Loop(); }) {}

TaskThread::~TaskThread() { Stop(); }

void TaskThread::Post(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  changed_.notify_one();
}

void TaskThread::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void TaskThread::Loop() {
  const auto something_to_do = [this] { return stopping_ || !tasks_.empty(); };
  auto next_tick = std::chrono::steady_clock::now() + interval_;
  std::unique_lock lock(mutex_);
  while (true) {
    if (tick_) {
      changed_.wait_until(lock, next_tick, something_to_do);
    } else {
      changed_.wait(lock, something_to_do);
    }
    if (tasks_.empty() && stopping_) return;
    Task task;
    if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    lock.unlock();
    if (task) task();
    task = nullptr;  // What it owned goes before the lock is taken again.
    if (tick_ && std::chrono::steady_clock::now() >= next_tick) {
      tick_();
      next_tick = std::chrono::steady_clock::now() + interval_;
    }
    lock.lock();
  }
}

}  // namespace ccp::control
