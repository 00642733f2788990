// A thread that runs tasks one after the other: how one owner does all writing to the store.
//
// Threading: Post() is thread-safe and never waits. Tasks may Post(). Ownership: a task owns what it captures.
// The destructor runs what is queued, then ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ccp::control {

class TaskThread {
 public:
  using Task = std::function<void()>;

  TaskThread();
  // Also runs `tick` each `interval`, between tasks.
  TaskThread(std::chrono::milliseconds interval, Task tick);
  ~TaskThread();
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  void Post(Task task);
  void Stop();  // Runs what is queued and ends the thread. What is posted later is dropped. Idempotent.

 private:
  void Loop();

  const std::chrono::milliseconds interval_{0};
  const Task tick_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ccp::control
