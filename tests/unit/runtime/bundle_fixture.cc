// SPDX-License-Identifier: Apache-2.0
#include "bundle_fixture.h"

#include "jcbuild/error.h"
#include "runtime/host.h"
#include "sandbox/isolation.h"
#include "util/child.h"
#include "util/json.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace jcb::tests {
namespace {

// qemu's user emulation has no openat2, and what it makes of namespaces and of a runtime's clone is not ours to test.
bool is_emulated() { return ::syscall(SYS_openat2, -1, "", nullptr, 0) < 0 && errno == ENOSYS; }

std::string find_obstacle() {
  if (is_emulated()) return "containers are not started under emulation, or without openat2";
  if (!util::find_trusted_program("runc")) return "runc is not installed";
  if (!util::find_trusted_program("busybox")) return "busybox is not installed";
  try {
    sandbox::enter_isolation();
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

void copy_busybox(const util::Root& root) {
  const auto program = util::require_trusted_program("busybox", "");
  const util::Fd from(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
  const util::Fd to = root.open_at("bin/busybox", O_WRONLY | O_CREAT, 0755);
  util::copy_bytes(from.get(), to.get(), "busybox");
  REQUIRE(::fchmod(to.get(), 0755) == 0);
}

// The part after fork: takes the streams and runs.
int run_here(const BundleFixture& bundle, const std::array<int, 3>& stdio) {
  for (int target = 0; target < 3; ++target) ::dup2(stdio[static_cast<std::size_t>(target)], target);
  try {
    std::string failure;
    const int code = runtime::run_bundle(runtime::choose_runtime("runc"), bundle.path(), bundle.options, &failure);
    util::Root::open(bundle.path()).write_file("failure", failure);
    return code;
  } catch (const Error& error) {
    ::dprintf(2, "error: %s\n", error.message().c_str());
    return 99;
  }
}

}  // namespace

bool can_run_containers() {
  static const std::string k_obstacle = find_obstacle();
  if (!k_obstacle.empty()) WARN("skipped: " << k_obstacle);
  return k_obstacle.empty();
}

BundleFixture::BundleFixture()
    : m_directory(std::filesystem::temp_directory_path(), "bundle-"), m_outside(std::filesystem::temp_directory_path(), "outside-") {
  const util::Root bundle = m_directory.root();
  for (const char* path : {"rootfs/bin", "rootfs/etc", "rootfs/tmp"}) REQUIRE(::fchmod(bundle.make_dirs(path).get(), 0755) == 0);
  REQUIRE(::fchmodat(bundle.fd(), "rootfs", 0755, 0) == 0);
  copy_busybox(root());
  REQUIRE(::symlinkat("busybox", root().fd(), "bin/sh") == 0);
  root().write_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n");
  root().write_file("etc/group", "root:x:0:\nuser:x:1000:\nextra:x:1001:user\n");
  options.id = "jcbuild-test-" + util::random_token();
}

void BundleFixture::configure() {
  const auto spec = runtime::make_spec(image, options, rootfs(), runtime::is_in_user_namespace());
  m_directory.root().write_file("config.json", util::to_text(spec));
}

void BundleFixture::use_script(const std::string& script) { options.arguments = {"/bin/sh", "-c", script}; }

RunningBundle::RunningBundle(BundleFixture& bundle, int in, int terminal) : m_bundle(bundle) {
  const util::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  util::Pipe pipe = util::make_pipe();
  const int out = terminal >= 0 ? terminal : pipe.write_end.get();
  const int input = terminal >= 0 ? terminal : in;
  m_pid = ::fork();
  REQUIRE(m_pid >= 0);
  if (m_pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(run_here(bundle, {input >= 0 ? input : null.get(), out, out}));
  }
  m_output = std::move(pipe.read_end);
}

RunningBundle::~RunningBundle() {
  if (m_pid <= 0) return;
  ::kill(m_pid, SIGKILL);
  ::waitpid(m_pid, nullptr, 0);
}

bool RunningBundle::read_some(int timeout_ms) {
  pollfd poll{m_output.get(), POLLIN, 0};
  if (::poll(&poll, 1, timeout_ms) <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(m_output.get(), buffer.data(), buffer.size());
  if (got > 0) m_text.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

bool RunningBundle::wait_for(const std::string& text) {
  while (m_text.find(text) == std::string::npos) {
    if (!read_some(20000)) return false;
  }
  return true;
}

Finished RunningBundle::finish() {
  while (read_some(60000)) {
  }
  int status = 0;
  REQUIRE(::waitpid(m_pid, &status, 0) == m_pid);
  m_pid = -1;
  const auto failure = util::Root::open(m_bundle.path()).find_file("failure", 1 << 16);
  return {util::to_exit_status(status).code, m_text, failure.value_or("")};
}

Finished run_script(BundleFixture& bundle, const std::string& script, int in) {
  bundle.use_script(script);
  bundle.configure();
  return RunningBundle(bundle, in).finish();
}

}  // namespace jcb::tests
