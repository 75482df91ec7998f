// SPDX-License-Identifier: Apache-2.0
#include "util/interrupt.h"

#include "jcbuild/error.h"
#include "util/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace jcb::util {
namespace {

// A signal handler can only reach globals; these two are the exception to "no globals".
std::atomic<int> received_signal{0};
int wake_pipe[2] = {-1, -1};

void on_signal(int number) {
  const int saved = errno;
  int expected = 0;
  if (received_signal.compare_exchange_strong(expected, number)) {
    // The byte is never read: the pipe stays readable, so that every later wait returns at once.
    [[maybe_unused]] const ssize_t written = ::write(wake_pipe[1], "!", 1);
  }
  errno = saved;
}

}  // namespace

void install_interrupt_handlers() {
  Pipe pipe = make_pipe();
  wake_pipe[0] = pipe.read_end.release();
  wake_pipe[1] = pipe.write_end.release();
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current {};
    // nohup: a signal that was ignored when we started stays ignored.
    if (::sigaction(number, nullptr, &current) == 0 && current.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

int interrupt_fd() noexcept { return wake_pipe[0]; }

void check_interrupt() {
  if (const int number = received_signal.load()) throw Interrupted(number);
}

}  // namespace jcb::util
