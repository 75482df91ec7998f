// SPDX-License-Identifier: Apache-2.0
#include "build/output.h"

#include <fcntl.h>

#include "jcbuild/error.h"

namespace jcb::build {
namespace {

constexpr std::size_t k_longest_line = 16384;
constexpr std::size_t k_kept_lines = 20;

}  // namespace

StepOutput::StepOutput(Task& task, std::filesystem::path log_file) : m_task(task), m_log_file(std::move(log_file)) {
  m_log = util::Fd(::open(m_log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!m_log) throw_errno("create", m_log_file.native());
}

void StepOutput::take(std::string_view bytes) {
  util::write_all(m_log.get(), bytes, m_log_file.native());
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    m_partial += bytes.substr(0, end);
    if (end == std::string_view::npos && m_partial.size() < k_longest_line) return;
    show(m_partial);
    m_partial.clear();
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
}

void StepOutput::finish() {
  if (!m_partial.empty()) show(m_partial);
  m_partial.clear();
}

void StepOutput::show(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  // A progress bar rewrites its line with \r: only its last state is of interest.
  if (const auto restart = line.rfind('\r'); restart != std::string_view::npos) line.remove_prefix(restart + 1);
  m_task.line(line);
  m_last.emplace_back(line);
  if (m_last.size() > k_kept_lines) m_last.pop_front();
}

}  // namespace jcb::build
