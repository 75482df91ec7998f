// SPDX-License-Identifier: Apache-2.0
// Bytes between a pseudo-terminal and our own: the own one is in raw mode meanwhile, so that the inner one does all the
// line editing.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "util/fd.h"

namespace jcb::util {

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
  /// `input` may be -1: nothing is typed.
  TerminalRelay(int input, int output) : m_input(input), m_output(output) {}

  /// Takes the master end over and gives it our window's size.
  void attach(Fd master);
  /// Gives the master our window's size.
  void resize() noexcept;

  /// What to wait for; -1 is nothing.
  int master_fd() const noexcept { return m_master.get(); }
  short master_events() const noexcept;
  int input_fd() const noexcept;

  /// Moves what the last poll found.
  void on_master(short events);
  void on_input();
  /// Copies what was written before it ended.
  void drain();

 private:
  bool copy_output();
  void flush_input();

  int m_input;
  int m_output;
  Fd m_master;
  std::string m_pending;  ///< typed, but not yet taken by the master
};

}  // namespace jcb::util
