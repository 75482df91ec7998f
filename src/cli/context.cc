// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"

#include <unistd.h>

namespace jcb::cli {
namespace {

std::map<std::string, std::string> copy_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

ProgressStyle progress_style(const std::string& name) {
  static const std::map<std::string, ProgressStyle> styles{
      {"tty", ProgressStyle::tty}, {"plain", ProgressStyle::plain}, {"json", ProgressStyle::json}, {"none", ProgressStyle::none}};
  const auto style = styles.find(name);
  return style == styles.end() ? ProgressStyle::automatic : style->second;
}

}  // namespace

void Context::add_options(CLI::App& app) {
  app.add_option("--store", m_store, "state directory [$JCBUILD_STORE]")->option_text("DIR");
  app.add_option("--packages", m_packages, "package tree, repeatable [$JCBUILD_PACKAGES]")->option_text("DIR")->take_all()->expected(1);
  app.add_option("--progress", m_style, "auto, tty, plain, json or none [$JCBUILD_PROGRESS]")
      ->check(CLI::IsMember({"auto", "tty", "plain", "json", "none"}))
      ->option_text("STYLE")
      ->envname("JCBUILD_PROGRESS");
  app.add_option("--color", m_color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->option_text("WHEN");
}

ColorChoice Context::color_choice() const {
  return m_color == "always" ? ColorChoice::always : m_color == "never" ? ColorChoice::never : ColorChoice::automatic;
}

Session& Context::session() {
  if (m_session) return *m_session;
  m_progress = make_progress(progress_style(m_style), color_choice());
  SessionOptions options;
  options.store = m_store;
  options.isolation = m_isolation;
  options.registry = m_registry;
  options.target_registry = m_target_registry;
  options.packages.assign(m_packages.begin(), m_packages.end());
  options.progress = m_progress.get();
  options.environment = copy_environment();
  m_session = std::make_unique<Session>(std::move(options));
  return *m_session;
}

void Context::close() {
  m_session.reset();
  m_progress.reset();
}

void set_examples(CLI::App& command, const std::string& examples) { command.footer("Examples:\n" + examples); }

}  // namespace jcb::cli
