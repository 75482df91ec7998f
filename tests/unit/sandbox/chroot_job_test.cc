// SPDX-License-Identifier: Apache-2.0
// Tier chroot: the job sees what it would see elsewhere, and afterwards the root is as if nothing had been there.
#include "sandbox/chroot_job.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "isolated.h"
#include "jcbuild/error.h"
#include "sandbox/chroot_tier.h"
#include "util/interrupt.h"
#include "util/tree_copy.h"

using namespace jcb;
using namespace jcb::sandbox;

namespace {

constexpr const char* k_busybox = "/bin/busybox";

bool can_test() {
  if (::geteuid() == 0 && ::access(k_busybox, X_OK) == 0 && find_missing_for_chroot().empty()) return true;
  WARN("skipped: needs root and " << k_busybox);
  return false;
}

std::string in_chroot_tier(const std::function<std::string()>& body) { return isolated(body, IsolationChoice::chroot); }

// A root of its own, with nothing in it but busybox.
struct SmallRoot {
  util::TempDir top;
  std::shared_ptr<std::vector<Disturbance>> disturbed = std::make_shared<std::vector<Disturbance>>();

  explicit SmallRoot(const std::filesystem::path& parent = "/tmp") : top(parent) {
    ::umask(022);
    top.root().make_dirs("root");
    for (const char* name : {"bin", "etc", "tmp", "dev", "opt", "var/cache"}) root().make_dirs(name);
    const util::Fd from(::open(k_busybox, O_RDONLY | O_CLOEXEC));
    const util::Fd to = root().open_at("bin/busybox", O_WRONLY | O_CREAT, 0755);
    util::copy_bytes(from.get(), to.get(), k_busybox);
    for (const char* name : {"sh", "cat",  "echo", "ls",  "id", "kill",  "setsid", "sleep", "stat", "rm",    "mv",       "mkdir", "touch",
                             "ln", "find", "head", "pwd", "wc", "chmod", "mknod",  "true",  "test", "chown", "hostname", "dd"}) {
      if (::symlinkat("busybox", root().fd(), (std::string("bin/") + name).c_str()) != 0) throw_errno("link", name);
    }
    root().write_file("etc/hosts", "the image's own\n", 0600);
    root().write_file("dev/of-the-image", "kept\n");
  }
  std::filesystem::path path() const { return top.path() / "root"; }
  util::Root root() const { return top.root().subroot("root"); }
  Job job(const std::string& script) const {
    Job job;
    job.root = path();
    job.argv = {"sh", "-c", script};
    job.environment = {"PATH=/bin"};
    job.disturbed = disturbed;
    return job;
  }
  std::string run(const Job& job) const {
    std::string text;
    const auto status = run_job(job, [&](std::string_view bytes) { text += bytes; });
    if (!status.success()) text += "[" + std::to_string(status.code) + (status.signaled ? " signal" : "") + "]";
    return text;
  }
  std::string run(const std::string& script) const { return run(job(script)); }
};

void describe(const util::Root& root, const std::string& path, std::string& text) {
  for (const auto& entry : root.list(path)) {
    const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
    const auto status = root.find_stat(child);
    text += child + " " + std::to_string(status->st_ino) + " " + std::to_string(status->st_mode) + " " + std::to_string(status->st_uid) +
            " " + std::to_string(status->st_size) + " " + std::to_string(status->st_mtim.tv_sec) + "." +
            std::to_string(status->st_mtim.tv_nsec) + "\n";
    if (S_ISDIR(status->st_mode)) describe(root, child, text);
  }
}

// Everything that is to be the same afterwards.
std::string describe(const util::Root& root) {
  struct stat status {};
  ::fstat(root.fd(), &status);
  std::string text = std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + "\n";
  describe(root, "", text);
  return text;
}

// What a script prints in a fresh root.
std::string script(const std::string& text, const std::function<void(Job&, const SmallRoot&)>& change = {}) {
  return in_chroot_tier([&] {
    const SmallRoot root;
    Job job = root.job(text);
    if (change) change(job, root);
    return root.run(job);
  });
}

int count_marked(const std::string& mark) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    try {
      const auto text = util::find_file(entry.path() / "cmdline", 1 << 16);
      if (text && text->find(mark) != std::string::npos) ++count;
    } catch (const std::exception&) {
      // It ended while we looked, or is no process.
    }
  }
  return count;
}

bool none_left(const std::string& mark) {
  for (int i = 0; i < 500 && count_marked(mark) > 0; ++i) ::usleep(10000);
  return count_marked(mark) == 0;
}

std::string make_mark(int number) { return "3600." + std::to_string(::getpid()) + std::to_string(number); }

std::string daemons(const std::string& mark) { return "sleep " + mark + " & setsid sleep " + mark + " & (setsid sleep " + mark + " &) ; "; }

// Starts a process that runs a job; returns when the job has printed something.
pid_t start_job(const std::string& text, const std::filesystem::path& parent = "/tmp") {
  util::Pipe ready = util::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    util::install_interrupt_handlers();
    try {
      enter_isolation(IsolationChoice::chroot);
      const SmallRoot root(parent);
      run_job(root.job(text), [&](std::string_view) { util::write_all(ready.write_end.get(), "r", "ready"); });
    } catch (const Interrupted&) {
      ::_exit(130);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  ready.write_end.reset();
  char byte = 0;
  if (util::read_full(ready.read_end.get(), &byte, 1, "ready") != 1) throw std::runtime_error("the job did not start");
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a job in a chroot gives its output, status and what cannot be executed", "[kernel]") {
  if (!can_test()) return;
  CHECK(script("echo out; echo err >&2; exit 7") == "out\nerr\n[7]");
  CHECK(script("kill -9 $$") == "[137 signal]");
  CHECK(script("", [](Job& job, auto&) { job.argv = {"no-such-program"}; }) == "jcbuild: no-such-program: not found\n[127]");
  CHECK(script("", [](Job& job, auto&) { job.argv = {"/etc"}; }) == "jcbuild: /etc: cannot execute: Permission denied\n[126]");
  CHECK(script("echo $HOME $A", [](Job& job, auto&) { job.environment.push_back("A=b"); }) == "b\n");
}

TEST_CASE("a job in a chroot is who it is told to be, where it is told to be", "[kernel]") {
  if (!can_test()) return;
  CHECK(script("id -u; id -g; id -G", [](Job& job, auto&) { job.identity = {7, 8, {8, 9}}; }) == "7\n8\n8 9\n");
  CHECK(script("pwd; ls -d /new/place", [](Job& job, auto&) { job.working_directory = "/new/place"; }) == "/new/place\n/new/place\n");
  CHECK(script("", [](Job& job, const SmallRoot& root) {
          root.root().write_file("file", "");
          job.working_directory = "/file";
        }) == "error: cannot enter the working directory (sandbox) /file: Not a directory");
  CHECK(script("ls /proc /sys | wc -l; ls /proc/self") == "3\nls: /proc/self: No such file or directory\n[1]");
}

TEST_CASE("a job in a chroot has docker's capabilities at most and no descriptor of ours", "[kernel]") {
  if (!can_test()) return;
  // SYS_ADMIN is not in docker's set; 10 is the shell's own.
  CHECK(script("hostname \"$(hostname)\" 2>&1; for fd in 3 4 5 6 7 8 9 11 20; do eval \"true <&$fd\" 2>/dev/null && echo open $fd; done; "
               "echo done") == "hostname: sethostname: Operation not permitted\ndone\n");
}

TEST_CASE("flushing costs a step of root in a chroot nothing", "[kernel]") {
  if (!can_test()) return;
  // A device that cannot be flushed: the call never reaches it.
  CHECK(script("echo | dd of=/dev/null conv=fsync 2>/dev/null && echo flushed") == "flushed\n");
  CHECK(script("echo | dd of=/dev/null conv=fsync 2>/dev/null", [](Job& job, auto&) { job.identity.uid = 7; }) == "[1]");
}

TEST_CASE("devices work in a chroot and are gone afterwards, what the image had there comes back", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          const std::string before = describe(root.root());
          std::string text = root.run(
              "ls /dev; echo lost > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo x > /dev/shm/x; touch "
              "/dev/y; "
              "(echo full > /dev/full) 2>/dev/null || echo ENOSPC; cat /etc/hostname; cat /dev/of-the-image");
          return text + (describe(root.root()) == before ? "same" : "changed");
        }) ==
        "fd\nfull\nnull\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n3\n5\nENOSPC\njcbuild\n"
        "cat: can't open '/dev/of-the-image': No such file or directory\n[1]same");
}

TEST_CASE("what the set-up disturbs is told exactly", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          const auto before = *root.root().find_stat("etc"), file = *root.root().find_stat("etc/hosts");
          root.run("cat /etc/hosts");
          const auto after = *root.root().find_stat("etc"), same = *root.root().find_stat("etc/hosts");
          const auto told = [&](const struct stat& a, const struct stat& b) {
            for (const auto& one : *root.disturbed) {
              if (one.inode == b.st_ino && one.device == b.st_dev && one.after.tv_nsec == b.st_ctim.tv_nsec &&
                  one.before.tv_nsec == a.st_ctim.tv_nsec)
                return true;
            }
            return false;
          };
          std::string text = told(before, after) && told(file, same) ? "told " : "not told ";
          root.disturbed->clear();
          root.run("touch -d @1000 /etc/x; rm /etc/x");
          for (const auto& one : *root.disturbed) {
            if (one.inode == before.st_ino) text += "wrongly told";
          }
          return text;
        }) == "told ");
}

TEST_CASE("the image's network files are hidden in a chroot, and writes to what is shown are lost", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          std::string text = root.run("echo mine > /etc/hosts; rm /etc/resolv.conf; echo new > /etc/new; cat /etc/hosts");
          text += root.root().read_file("etc/hosts", 100) + root.root().read_file("etc/new", 100);
          return text + (root.root().find_stat("etc/resolv.conf") ? "left" : "gone");
        }) == "mine\nthe image's own\nnew\ngone");
}

TEST_CASE("links of the image cannot move what is shown out of the root", "[kernel]") {
  if (!can_test()) return;
  CHECK(script("cat /opt/victim/resolv.conf > /tmp/got && echo shown", [](Job&, const SmallRoot& root) {
          root.root().make_dirs("opt/victim");
          if (::symlinkat("/opt/victim/resolv.conf", root.root().fd(), "etc/resolv.conf") != 0) throw_errno("link", "etc");
        }) == "shown\n");
  CHECK(script("", [](Job&, const SmallRoot& root) {
          root.root().remove_tree("dev");
          if (::symlinkat("/tmp", root.root().fd(), "dev") != 0) throw_errno("link", "dev");
        }) == "error: /dev in the root file system is not a directory");
  CHECK(script("cat /a/b/secret", [](Job& job, const SmallRoot& root) {
          if (::symlinkat("../../../../../tmp", root.root().fd(), "a") != 0) throw_errno("link", "a");
          job.files.push_back({"/a/b/secret", "hush\n", 0400, 0, 0});
        }) == "hush\n");
}

TEST_CASE("binds, tmpfs and private files are shown in a chroot and leave nothing", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          root.top.root().make_dirs("shown/deep");
          root.top.root().write_file("shown/deep/file", "content\n");
          const std::string before = describe(root.root());
          Job job = root.job(
              "cat /mnt/x/deep/file /mnt/x/deep/inner; echo no > /mnt/x/deep/file; stat -c %a /scratch; touch /scratch/y; cat /run/s; stat "
              "-c "
              "'%a %u' /run/s");
          job.binds = {{root.top.path() / "shown", "/mnt/x", true, {}}};
          job.tmpfs = {{"/scratch", 0, 01777, false}};
          job.files = {{"/run/s", "secret\n", 0440, 5, 6}, {"/mnt/x/deep/inner", "inner\n", 0400, 0, 0}};
          std::string text = root.run(job);
          text += root.top.root().read_file("shown/deep/file", 100);
          return text + (describe(root.root()) == before ? "same" : "changed");
        }) == "content\ninner\n1777\nsecret\n440 5\ncontent\nsame");
}

TEST_CASE("a cache keeps what a job in a chroot makes of it, also when the job fails", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          const auto cache = root.top.path() / "cache";
          root.top.root().make_dirs("cache/tree");
          root.top.root().write_file("cache/old", "old\n");
          root.top.root().write_file("cache/kept", "kept\n");
          root.top.root().write_file("cache/tree/leaf", "leaf\n");
          Job job = root.job(
              "cd /var/cache; cat old; rm old; echo more >> kept; mkdir new; echo n > new/file; rm -r tree; echo now > tree; exit 3");
          job.binds = {{cache, "/var/cache", false, {}}};
          std::string text = root.run(job);
          const auto result = util::Root::open(cache);
          for (const auto& entry : result.list()) text += " " + entry.name;
          text += "\n" + result.read_file("kept", 100) + result.read_file("new/file", 100) + result.read_file("tree", 100);
          return text + std::to_string(root.root().list("var/cache").size());
        }) == "old\n[3] kept new tree\nkept\nmore\nn\nnow\n0");
}

TEST_CASE("a socket is shown in a chroot as itself", "[kernel]") {
  if (!can_test()) return;
  CHECK(in_chroot_tier([] {
          const SmallRoot root;
          const util::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
          sockaddr_un address{AF_UNIX, {}};
          const std::string path = root.top.path() / "s";
          path.copy(address.sun_path, sizeof address.sun_path - 1);
          if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw_errno("bind", path);
          Job job = root.job("test -S /run/agent && stat -c %i /run/agent");
          job.binds = {{path, "/run/agent", true, {}}};
          const auto inode = std::to_string(root.top.root().find_stat("s")->st_ino);
          return root.run(job) == inode + "\n" ? "same" : "other";
        }) == "same");
}

TEST_CASE("what needs a namespace is refused in a chroot, not left out", "[kernel]") {
  if (!can_test()) return;
  CHECK(script("true", [](Job& job, auto&) { job.network = Network::none; }) ==
        "error: a step without network needs a network namespace, which the isolation 'chroot' cannot make");
  CHECK(in_chroot_tier([] {
          const util::TempDir top("/tmp");
          const util::Root lower = top.root();
          const OverlayMount mount({&lower}, {}, {}, top.path());
          return std::string("mounted");
        }) == "error: this needs mounts, which the isolation 'chroot' does without");
}

TEST_CASE("daemons of a job in a chroot die with it", "[kernel]") {
  if (!can_test()) return;
  const std::string mark = make_mark(1);
  CHECK(script(daemons(mark) + "exit 3") == "[3]");
  CHECK(none_left(mark));
}

TEST_CASE("kill -9 of the builder leaves no process of a job in a chroot", "[kernel]") {
  if (!can_test()) return;
  const std::string mark = make_mark(2);
  const util::TempDir top("/tmp");  // the killed process cannot clean up
  const pid_t pid = start_job(daemons(mark) + "echo ready; sleep " + mark, top.path());
  CHECK(count_marked(mark) > 0);
  ::kill(pid, SIGKILL);
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(none_left(mark));
}

TEST_CASE("an interrupt ends a job in a chroot, one that does not listen after two seconds", "[kernel]") {
  if (!can_test()) return;
  pid_t pid = start_job("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done");
  ::kill(pid, SIGINT);
  CHECK(wait_for(pid) == 130);
  const std::string mark = make_mark(3);
  pid = start_job("trap '' TERM; (trap '' TERM; exec setsid sleep " + mark + ") & echo ready; while :; do sleep 0.05; done");
  const auto start = std::chrono::steady_clock::now();
  ::kill(pid, SIGTERM);
  CHECK(wait_for(pid) == 130);
  CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds(1900));
  CHECK(none_left(mark));
}

TEST_CASE("a cache survives the death of the builder in the middle of a job", "[kernel]") {
  if (!can_test()) return;
  const util::TempDir top("/tmp");
  top.root().make_dirs("cache");
  top.root().write_file("cache/precious", "precious\n");
  util::Pipe ready = util::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    enter_isolation(IsolationChoice::chroot);
    const SmallRoot root(top.path());
    Job job = root.job("rm /var/cache/precious; echo ready; sleep 60");
    job.binds = {{top.path() / "cache", "/var/cache", false, {}}};
    run_job(job, [&](std::string_view) { util::write_all(ready.write_end.get(), "r", "ready"); });
    ::_exit(0);
  }
  char byte = 0;
  util::read_full(ready.read_end.get(), &byte, 1, "ready");
  ::kill(pid, SIGKILL);
  wait_for(pid);
  CHECK(top.root().read_file("cache/precious", 100) == "precious\n");
}

TEST_CASE("a step of root in a chroot can neither signal nor reach what is outside", "[kernel]") {
  if (!can_test()) return;
  const auto ruleset = ::syscall(444, nullptr, 0, 1U);
  if (ruleset < 6) {
    WARN("skipped: the kernel's Landlock has no scopes");
    return;
  }
  const std::string pid = std::to_string(::getpid());
  CHECK(script("kill -0 " + pid + " 2>&1; sleep 5 & kill $! && echo own") ==
        "sh: can't kill pid " + pid + ": Operation not permitted\nown\n");
}
