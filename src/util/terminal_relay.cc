// SPDX-License-Identifier: Apache-2.0
#include "util/terminal_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "jcbuild/error.h"

namespace jcb::util {
namespace {

constexpr char k_end_of_transmission = '\x04';

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("set up", "a terminal");
}

}  // namespace

RawMode::RawMode(int fd) : m_fd(fd) {
  termios current{};
  if (fd < 0 || ::tcgetattr(fd, &current) != 0) return;
  termios raw = current;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) != 0) throw_errno("set", "the terminal to raw mode");
  m_saved = current;
}

RawMode::~RawMode() {
  if (m_saved) ::tcsetattr(m_fd, TCSADRAIN, &*m_saved);
}

void TerminalRelay::attach(Fd master) {
  m_master = std::move(master);
  set_nonblocking(m_master.get());
  resize();
}

void TerminalRelay::resize() noexcept {
  winsize size{};
  for (const int fd : {m_output, m_input}) {
    if (fd < 0 || ::ioctl(fd, TIOCGWINSZ, &size) != 0) continue;
    if (m_master) ::ioctl(m_master.get(), TIOCSWINSZ, &size);
    return;
  }
}

short TerminalRelay::master_events() const noexcept { return static_cast<short>(m_pending.empty() ? POLLIN : POLLIN | POLLOUT); }

int TerminalRelay::input_fd() const noexcept { return m_master && m_pending.empty() ? m_input : -1; }

// One piece of output; false when there is nothing more for now. EIO is the end: no process has the terminal open.
bool TerminalRelay::copy_output() {
  std::array<char, 16384> buffer;
  const ssize_t got = ::read(m_master.get(), buffer.data(), buffer.size());
  if (got > 0) {
    write_all(m_output, {buffer.data(), static_cast<std::size_t>(got)}, "standard output");
    return true;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  m_master.reset();
  return false;
}

void TerminalRelay::flush_input() {
  const ssize_t put = ::write(m_master.get(), m_pending.data(), m_pending.size());
  if (put > 0) m_pending.erase(0, static_cast<std::size_t>(put));
  if (put < 0 && errno != EAGAIN && errno != EINTR) m_pending.clear();
}

void TerminalRelay::on_master(short events) {
  if (!m_master) return;
  if ((events & POLLOUT) != 0) flush_input();
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) copy_output();
}

void TerminalRelay::on_input() {
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(m_input, buffer.data(), buffer.size());
  if (got > 0) {
    m_pending.assign(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    // A pipe has ended: the terminal's way to say so is ^D.
    m_pending.assign(1, k_end_of_transmission);
    m_input = -1;
  }
  if (!m_pending.empty()) flush_input();
}

void TerminalRelay::drain() {
  while (m_master && copy_output()) {
  }
}

}  // namespace jcb::util
