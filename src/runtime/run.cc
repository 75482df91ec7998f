// SPDX-License-Identifier: Apache-2.0
// One container in the foreground: start it through the supervisor, pass on signals and the terminal until it ends.
#include "jcbuild/error.h"
#include "runtime/container.h"
#include "runtime/failure.h"
#include "runtime/host.h"
#include "runtime/signals.h"
#include "runtime/supervisor.h"
#include "runtime/terminal.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/terminal_relay.h"

#include <poll.h>
#include <unistd.h>

#include <array>

namespace jcb::runtime {
namespace {

constexpr std::uint64_t k_log_limit_bytes = std::uint64_t{1} << 20;
// As docker's client: a container that ignores the signal, as a pid 1 without a handler does, ends at the third one.
constexpr int k_patience = 3;

using Strings = std::vector<std::string>;

Strings make_global_arguments(const Runtime& runtime, const std::filesystem::path& bundle) {
  Strings arguments{"--root", bundle / "state", "--log", bundle / "runtime.log", "--log-format", "json"};
  // crun makes no device rules without a cgroup, so only where devices cannot be opened anyway may it go without.
  if (runtime.name == "crun") arguments.emplace_back(is_in_user_namespace() ? "--cgroup-manager=disabled" : "--cgroup-manager=cgroupfs");
  return arguments;
}

SupervisedProgram make_program(const Runtime& runtime, const std::filesystem::path& bundle, const ContainerOptions& options) {
  SupervisedProgram program;
  program.program = runtime.program;
  program.directory = bundle;
  program.pid_file = bundle / "container.pid";
  program.start = make_global_arguments(runtime, bundle);
  program.remove = program.start;
  for (const char* word : {"run", "--detach", "--pid-file"}) program.start.emplace_back(word);
  program.start.push_back(program.pid_file);
  program.start.insert(program.start.end(), {"--bundle", bundle});
  if (options.terminal) program.start.insert(program.start.end(), {"--console-socket", std::string(ConsoleSocket::k_name)});
  program.start.push_back(options.id);
  program.remove.insert(program.remove.end(), {"delete", "--force", options.id});
  // With a terminal the runtime's own streams are not the container's: it logs to a file.
  if (!options.terminal) program.stdio = {options.interactive ? STDIN_FILENO : -1, STDOUT_FILENO, STDERR_FILENO};
  return program;
}

// The wait for one container's end.
class Session {
 public:
  Session(Supervisor& supervisor, std::optional<ConsoleSocket>& console, util::TerminalRelay& relay)
      : m_supervisor(supervisor), m_console(console), m_relay(relay) {}

  RunOutcome run(ForwardedSignals& signals) {
    while (!step(signals)) {
    }
    m_relay.drain();
    return m_supervisor.wait();
  }

 private:
  // One poll and what it found; true when the container has ended.
  bool step(ForwardedSignals& signals) {
    std::array<pollfd, 6> polls{{{m_supervisor.pidfd(), POLLIN, 0},
                                 {signals.fd(), POLLIN, 0},
                                 {util::interrupt_fd(), POLLIN, 0},
                                 {m_console ? m_console->fd() : -1, POLLIN, 0},
                                 {m_relay.master_fd(), m_relay.master_events(), 0},
                                 {m_relay.input_fd(), POLLIN, 0}}};
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", "the container");
    if (polls[1].revents != 0) forward(signals);
    // An interrupt from before the signals were blocked, or one that another thread took.
    if (polls[2].revents != 0) util::check_interrupt();
    if (polls[3].revents != 0) m_relay.attach(m_console->receive());
    if (polls[4].revents != 0) m_relay.on_master(polls[4].revents);
    if (polls[5].revents != 0) m_relay.on_input();
    return polls[0].revents != 0;
  }

  void forward(ForwardedSignals& signals) {
    for (int number = signals.next(); number != 0; number = signals.next()) {
      if (number == SIGWINCH) m_relay.resize();
      if (number == SIGINT || number == SIGTERM) ++m_requests;
      m_supervisor.forward(number);
      if (m_requests >= k_patience) m_supervisor.kill_container();
    }
  }

  Supervisor& m_supervisor;
  std::optional<ConsoleSocket>& m_console;
  util::TerminalRelay& m_relay;
  int m_requests = 0;
};

RunOutcome run_supervised(const Runtime& runtime, const std::filesystem::path& bundle, const ContainerOptions& options) {
  util::check_interrupt();
  const util::Root bundle_root = util::Root::open(bundle);
  bundle_root.make_dirs("state", 0700);
  std::optional<ConsoleSocket> console;
  if (options.terminal) console.emplace(bundle_root);
  ForwardedSignals signals;
  Supervisor supervisor = Supervisor::start(make_program(runtime, bundle, options));
  const int input = options.terminal && options.interactive ? STDIN_FILENO : -1;
  const util::RawMode raw_mode(input);
  util::TerminalRelay relay(input, STDOUT_FILENO);
  return Session(supervisor, console, relay).run(signals);
}

}  // namespace

int run_bundle(const Runtime& runtime, const std::filesystem::path& bundle, const ContainerOptions& options, std::string* failure) {
  const auto path = std::filesystem::absolute(bundle);
  const RunOutcome outcome = run_supervised(runtime, path, options);
  if (outcome.stage == RunStage::container) return outcome.status.code;
  if (outcome.status.signaled) return outcome.status.code;
  const StartFailure reason = explain_start_failure(util::find_file(path / "runtime.log", k_log_limit_bytes).value_or(""), runtime.name);
  if (failure != nullptr) *failure = reason.message;
  return reason.code;
}

}  // namespace jcb::runtime
