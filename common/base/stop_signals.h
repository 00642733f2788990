// SIGINT and SIGTERM, taken by whoever calls Wait(), not by a handler; SIGPIPE is ignored.
#pragma once

#include <csignal>

namespace ccp {

// Make it before the first thread: threads inherit the mask. Copies mean the same signals. Thread-safe.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }

  // Blocks until one comes; its number.
  int Wait() const {
    int number = 0;
    sigwait(&set_, &number);
    return number;
  }

  // From now on a signal to this thread ends the process at once.
  void Release() const { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
};

}  // namespace ccp
