// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "cli/progress_display.h"
#include "jcbuild/session.h"

namespace jcb::cli {

/// What all commands share: global options, the session made from them, and the exit code.
class Context {
 public:
  /// Declares the global options on the program.
  void add_options(CLI::App& app);
  /// The session, opened on first use.
  Session& session();
  /// Ends the display, so that nothing is drawn over what follows.
  void close();

  bool color_errors() const { return use_color(color_choice(), 2); }
  std::vector<std::string>& package_trees() { return m_packages; }
  std::string& isolation() { return m_isolation; }
  RegistryAccess& registry() { return m_registry; }
  /// Where the target of `copy` is to be reached in another way than its source.
  std::optional<RegistryAccess>& target_registry() { return m_target_registry; }
  int exit_code = 0;
  std::vector<std::string> container_words;  ///< what followed the image of `run`

 private:
  ColorChoice color_choice() const;

  std::string m_store, m_isolation;
  std::vector<std::string> m_packages;
  RegistryAccess m_registry;
  std::optional<RegistryAccess> m_target_registry;
  std::string m_style = "auto", m_color = "auto";
  std::unique_ptr<Progress> m_progress;
  std::unique_ptr<Session> m_session;
};

/// Sets the text under a command's options: worked examples, as docs/cli.md demands.
void set_examples(CLI::App& command, const std::string& examples);

}  // namespace jcb::cli
