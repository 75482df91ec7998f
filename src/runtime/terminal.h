// SPDX-License-Identifier: Apache-2.0
// The terminal of a container (runc's docs/terminals.md): the runtime makes a pseudo-terminal inside, connects to a
// socket of ours and sends the master end in one SCM_RIGHTS message. From then on we copy bytes between the master and
// our own terminal, which is in raw mode meanwhile, so that the inner terminal does all the line editing.
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <termios.h>

#include <optional>
#include <string>
#include <string_view>

namespace jcb::runtime {

/// The socket for --console-socket, in the bundle directory.
class ConsoleSocket {
 public:
  /// Its name in the bundle directory.
  static constexpr std::string_view k_name = "console.sock";

  /// Makes it and listens. Throws Error(system).
  explicit ConsoleSocket(const util::Root& bundle);

  int fd() const noexcept { return m_listener.get(); }
  /// Accepts the runtime's connection and takes the terminal out of its message. Throws Error(failed, system).
  util::Fd receive();

 private:
  util::Fd m_listener;
};

/// Puts a terminal into raw mode and back, however the scope ends. Does nothing for what is no terminal.
class RawMode {
 public:
  explicit RawMode(int fd);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int m_fd;
  std::optional<termios> m_saved;
};

/// Copies between a pseudo-terminal's master and our standard input and output. Driven by the caller's poll(2).
class TerminalRelay {
 public:
  /// `input` may be -1: nothing is typed into the container.
  TerminalRelay(int input, int output) : m_input(input), m_output(output) {}

  /// Takes the master end over and gives it our window's size.
  void attach(util::Fd master);
  /// Gives the master our window's size.
  void resize() noexcept;

  /// What to wait for; -1 is nothing.
  int master_fd() const noexcept { return m_master.get(); }
  short master_events() const noexcept;
  int input_fd() const noexcept;

  /// Moves what the last poll found.
  void on_master(short events);
  void on_input();
  /// Copies what the container wrote before it ended.
  void drain();

 private:
  bool copy_output();
  void flush_input();

  int m_input;
  int m_output;
  util::Fd m_master;
  std::string m_pending;  ///< typed, but not yet taken by the master
};

}  // namespace jcb::runtime
