// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.h"

#include "jcbuild/error.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace jcb::runtime {

ForwardedSignals::ForwardedSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : k_forwarded_signals) ::sigaddset(&set, number);
  m_signals = util::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!m_signals) throw_errno("make", "a signal descriptor");
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, &m_previous)) throw_errno("block", "signals", error);
}

ForwardedSignals::~ForwardedSignals() { ::pthread_sigmask(SIG_SETMASK, &m_previous, nullptr); }

int ForwardedSignals::next() {
  signalfd_siginfo info{};
  const ssize_t got = ::read(m_signals.get(), &info, sizeof info);
  if (got == sizeof info) return static_cast<int>(info.ssi_signo);
  if (got < 0 && errno != EAGAIN && errno != EINTR) throw_errno("read", "a signal descriptor");
  return 0;
}

}  // namespace jcb::runtime
