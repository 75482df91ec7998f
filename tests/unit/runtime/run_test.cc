// SPDX-License-Identifier: Apache-2.0
// Real containers: run_bundle with the runc of this machine, as root or as whoever runs the tests.
#include "bundle_fixture.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

using namespace jcb;
using namespace jcb::tests;
using Catch::Matchers::Contains;

namespace {

// Processes of this machine that were started with `argument`.
int count_processes(const std::string& argument) {
  int count = 0;
  for (const auto& entry : util::Root::open("/proc").list()) {
    std::ifstream file("/proc/" + entry.name + "/cmdline");
    const std::string words{std::istreambuf_iterator<char>(file), {}};
    if (words.find(std::string(1, '\0') + argument + std::string(1, '\0')) != std::string::npos) ++count;
  }
  return count;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

std::size_t count_state_entries(const BundleFixture& bundle) { return util::Root::open(bundle.path()).list("state").size(); }

struct Terminal {
  util::Fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  util::Fd slave;
  Terminal() {
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    slave = util::Fd(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(slave);
    const winsize size{33, 111, 0, 0};
    REQUIRE(::ioctl(master.get(), TIOCSWINSZ, &size) == 0);
  }
  tcflag_t local_modes() const {
    termios modes{};
    REQUIRE(::tcgetattr(slave.get(), &modes) == 0);
    return modes.c_lflag;
  }
  std::string read_until(const std::string& text) const {
    std::string output;
    char buffer[1024];
    while (output.find(text) == std::string::npos) {
      const ssize_t got = ::read(master.get(), buffer, sizeof buffer);
      if (got <= 0) break;
      output.append(buffer, static_cast<std::size_t>(got));
    }
    return output;
  }
};

}  // namespace

TEST_CASE("the exit code and both streams of the process come through") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  const Finished done = run_script(bundle, "echo out; echo err >&2; exit 42");
  CHECK(done.code == 42);
  CHECK(done.output == "out\nerr\n");
  CHECK(done.failure.empty());
  CHECK(count_state_entries(bundle) == 0);
}

TEST_CASE("a container has docker's surroundings") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.options.hostname = "inside";
  bundle.options.working_directory = "/new/dir";
  bundle.image.config.env = {"A=1", "B=2"};
  bundle.options.environment = {"B=3"};
  const Finished done = run_script(bundle,
                                   "echo $A $B $HOME $HOSTNAME $PATH; pwd; busybox hostname; echo pid $$; "
                                   "busybox grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status; busybox ls /dev; busybox id; "
                                   "busybox df -k /dev/shm | busybox tail -1; busybox tail -1 /etc/hosts; umask");
  INFO(done.output);
  CHECK(done.code == 0);
  CHECK_THAT(done.output,
             Contains("1 3 /root inside /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/new/dir\ninside\npid 1\n"));
  CHECK_THAT(done.output, Contains("CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"));
  CHECK_THAT(done.output, Contains("CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n"));
  CHECK_THAT(done.output, Contains("Seccomp:\t2\n"));
  CHECK_THAT(done.output, Contains("uid=0(root) gid=0(root)"));
  CHECK_THAT(done.output, Contains("65536"));
  CHECK_THAT(done.output, Contains("127.0.1.1\tinside\n"));
  for (const char* device : {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "mqueue", "fd", "stdin"})
    CHECK_THAT(done.output, Contains(std::string(device) + "\n"));
  CHECK_THAT(done.output, Contains("0022"));
}

TEST_CASE("what a container must not do fails") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  const Finished done = run_script(
      bundle,
      "busybox unshare -m true && echo unshared; busybox mount -t tmpfs x /tmp && echo mounted; "
      "echo 1 > /proc/sys/kernel/panic && echo sysctl; cat /proc/kcore && echo kcore; "
      "for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do [ -e $f ] && echo 1 2>/dev/null > $f && echo cgroup; done; "
      "busybox mknod /tmp/disk b 254 0 && busybox head -c 1 /tmp/disk && echo disk; echo end");
  INFO(done.output);
  CHECK_THAT(done.output, Contains("end\n"));
  for (const char* word : {"unshared", "mounted", "sysctl\n", "kcore\n", "cgroup\n", "disk\n"})
    CHECK_THAT(done.output, !Contains(std::string("\n") + word));
}

TEST_CASE("a named user runs with the groups and home of the image") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.options.user = "user";
  bundle.options.working_directory = "/home/user/work";
  const Finished done =
      run_script(bundle, "busybox id; echo $HOME; echo x > file && echo written; busybox grep CapEff /proc/self/status; echo > /etc/hosts");
  INFO(done.output);
  CHECK_THAT(done.output,
             Contains("uid=1000(user) gid=1000(user) groups=1000(user),1001(extra)\n/home/user\nwritten\nCapEff:\t0000000000000000\n"));
  CHECK(done.code != 0);
}

TEST_CASE("a missing program is 127, one that cannot be executed 126, a broken configuration 125") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  const auto run = [&](std::vector<std::string> arguments) {
    bundle.options.arguments = std::move(arguments);
    bundle.configure();
    return RunningBundle(bundle).finish();
  };
  const Finished missing = run({"no-such-program"});
  CHECK(missing.code == 127);
  CHECK_THAT(missing.failure, Contains("no-such-program"));
  CHECK(run({"/no/such/program"}).code == 127);
  CHECK(run({"/etc/passwd"}).code == 126);
  CHECK(run({"/etc"}).code == 126);
  util::Root::open(bundle.path()).write_file("config.json", "{}");
  const Finished broken = RunningBundle(bundle).finish();
  CHECK(broken.code == 125);
  CHECK_FALSE(broken.failure.empty());
  CHECK(count_state_entries(bundle) == 0);
}

TEST_CASE("standard input reaches the container only when it is interactive") {
  if (!can_run_containers()) return;
  for (const bool interactive : {false, true}) {
    BundleFixture bundle;
    bundle.options.interactive = interactive;
    util::Pipe pipe = util::make_pipe();
    util::write_all(pipe.write_end.get(), "typed\n", "a pipe");
    pipe.write_end.reset();
    CHECK(run_script(bundle, "busybox cat; echo end", pipe.read_end.get()).output == (interactive ? "typed\nend\n" : "end\n"));
  }
}

TEST_CASE("a signal to us reaches the process, which decides") {
  if (!can_run_containers()) return;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1}) {
    BundleFixture bundle;
    bundle.use_script("trap 'echo got; exit 7' " + std::to_string(number) + "; echo ready; while :; do busybox sleep 0.1; done");
    bundle.configure();
    RunningBundle run(bundle);
    REQUIRE(run.wait_for("ready\n"));
    ::kill(run.pid(), number);
    const Finished done = run.finish();
    CHECK(done.code == 7);
    CHECK(done.output == "ready\ngot\n");
  }
}

TEST_CASE("a process that ignores two requests is killed by the third") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.use_script("trap '' 15; echo ready; while :; do busybox sleep 0.1; done");
  bundle.configure();
  RunningBundle run(bundle);
  REQUIRE(run.wait_for("ready\n"));
  for (int i = 0; i < 3; ++i) {
    ::kill(run.pid(), SIGTERM);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  CHECK(run.finish().code == 137);
  CHECK(count_state_entries(bundle) == 0);
}

TEST_CASE("no process of a container survives our SIGKILL") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  const std::string mark = std::to_string(100000 + ::getpid());
  bundle.use_script("busybox setsid busybox sleep " + mark + " & busybox sleep " + mark + " & echo ready; exec busybox sleep " + mark);
  bundle.configure();
  {
    RunningBundle run(bundle);
    REQUIRE(run.wait_for("ready\n"));
    REQUIRE(eventually([&] { return count_processes(mark) == 3; }));
    ::kill(run.pid(), SIGKILL);
  }
  CHECK(eventually([&] { return count_processes(mark) == 0; }));
  CHECK(eventually([&] { return count_state_entries(bundle) == 0; }));
}

TEST_CASE("background processes end with the first one") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  const std::string mark = std::to_string(200000 + ::getpid());
  CHECK(run_script(bundle, "busybox sleep " + mark + " >/dev/null 2>&1 & exit 3").code == 3);
  CHECK(count_processes(mark) == 0);
}

TEST_CASE("a terminal is the container's own, has our size, and ours is as before afterwards") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.options.terminal = bundle.options.interactive = true;
  bundle.use_script("busybox tty; busybox stty size; echo $TERM; read line; echo \"<$line>\"; exit 5");
  bundle.configure();
  const Terminal terminal;
  const auto before = terminal.local_modes();
  RunningBundle run(bundle, -1, terminal.slave.get());
  std::string output = terminal.read_until("xterm\r\n");
  CHECK_THAT(output, Contains("/dev/pts/0\r\n33 111\r\nxterm\r\n"));
  CHECK((terminal.local_modes() & (ICANON | ECHO | ISIG)) == 0);
  util::write_all(terminal.master.get(), "hello\r", "the terminal");
  output = terminal.read_until("<hello>\r\n");
  CHECK_THAT(output, Contains("<hello>\r\n"));
  CHECK(run.finish().code == 5);
  CHECK(terminal.local_modes() == before);
}

TEST_CASE("a window that changes its size tells the container") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.options.terminal = bundle.options.interactive = true;
  bundle.use_script("trap 'busybox stty size; exit 0' WINCH; echo ready; while :; do busybox sleep 0.1; done");
  bundle.configure();
  const Terminal terminal;
  RunningBundle run(bundle, -1, terminal.slave.get());
  terminal.read_until("ready");
  const winsize size{20, 60, 0, 0};
  REQUIRE(::ioctl(terminal.master.get(), TIOCSWINSZ, &size) == 0);
  ::kill(run.pid(), SIGWINCH);
  CHECK_THAT(terminal.read_until("20 60"), Contains("20 60"));
  CHECK(run.finish().code == 0);
}

TEST_CASE("a failed start with a terminal is told and leaves the terminal as it was") {
  if (!can_run_containers()) return;
  BundleFixture bundle;
  bundle.options.terminal = bundle.options.interactive = true;
  bundle.options.arguments = {"no-such-program"};
  bundle.configure();
  const Terminal terminal;
  const auto before = terminal.local_modes();
  const Finished done = RunningBundle(bundle, -1, terminal.slave.get()).finish();
  CHECK(done.code == 127);
  CHECK_THAT(done.failure, Contains("no-such-program"));
  CHECK(terminal.local_modes() == before);
}
