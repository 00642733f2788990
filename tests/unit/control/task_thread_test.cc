#include "control/task_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace ccp::control {
namespace {

TEST(TaskThread, RunsInOrderAndFinishesWhatIsQueued) {
  std::vector<int> ran;
  TaskThread thread;
  for (int i = 0; i < 100; ++i) thread.Post([&ran, i] { ran.push_back(i); });
  thread.Stop();
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
  thread.Post([&ran] { ran.push_back(-1); });
  thread.Stop();
  EXPECT_EQ(ran.size(), 100u) << "what comes after Stop() is dropped";
}

TEST(TaskThread, TakesTasksFromTasks) {
  std::promise<void> inner;
  TaskThread thread;
  thread.Post([&] { thread.Post([&] { inner.set_value(); }); });
  inner.get_future().get();
}

TEST(TaskThread, TicksAlsoWhileTasksKeepComing) {
  std::promise<void> ticked;
  std::atomic<int> ticks = 0;
  std::atomic<bool> enough = false;
  std::function<void()> again;  // Before the thread, which may still run it in its destructor.
  TaskThread thread(std::chrono::milliseconds(1), [&] {
    if (++ticks == 3) ticked.set_value();
  });
  again = [&] {
    if (!enough) thread.Post(again);
  };
  thread.Post(again);
  ticked.get_future().get();
  enough = true;
}

}  // namespace
}  // namespace ccp::control
