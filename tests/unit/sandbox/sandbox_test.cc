// SPDX-License-Identifier: Apache-2.0
#include "isolated.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

// What a script prints in a fresh root, after `change` of the job.
std::string script(const std::string& text, const std::function<void(Job&)>& change = {}) {
  return isolated([&] {
    TestRoot root;
    root.open();
    Job job = root.job(text);
    if (change) change(job);
    return root.run(job);
  });
}

// The same, giving what is in the upper directory afterwards.
std::string trace(const std::string& text, const std::function<void(Job&)>& change = {}) {
  return isolated([&] {
    TestRoot root;
    root.open();
    Job job = root.job(text);
    if (change) change(job);
    const std::string printed = root.run(job);
    root.mount.reset();
    return printed + root.upper();
  });
}

}  // namespace

TEST_CASE("a command's output comes in order and its status comes back", "[kernel]") {
  CHECK(script("echo out; echo err >&2; echo out") == "out\nerr\nout\n");
  CHECK(script("exit 7") == "[7]");
  CHECK(script("kill -9 $$") == "[137 signal]");
  CHECK(script("head -c 3000000 /dev/zero | tr '\\0' x").size() == 3000000);
}

TEST_CASE("a missing program is 127, one that cannot run 126, with a line for people", "[kernel]") {
  CHECK(script("", [](Job& job) { job.argv = {"no-such-program"}; }) == "jcbuild: no-such-program: not found\n[127]");
  CHECK(script("", [](Job& job) { job.argv = {"/no/such"}; }) == "jcbuild: /no/such: not found\n[127]");
  CHECK(script("", [](Job& job) { job.argv = {"/usr"}; }) == "jcbuild: /usr: cannot execute: Permission denied\n[126]");
}

TEST_CASE("the program is looked up in PATH of the job, not of the caller", "[kernel]") {
  CHECK(script("", [](Job& job) {
          job.argv = {"true"};
          job.environment = {"PATH=/nowhere"};
        }) == "jcbuild: true: not found\n[127]");
}

TEST_CASE("B28: the environment is exactly the one given", "[kernel]") {
  ::setenv("JCBUILD_TEST_SECRET", "secret", 1);
  CHECK(script("", [](Job& job) {
          job.argv = {"env"};
          job.environment = {"PATH=/usr/bin", "A=1"};
        }) == "PATH=/usr/bin\nA=1\n");
  CHECK(script("", [](Job& job) { job.environment.push_back("JCBUILD_TEST_SECRET"); }) ==
        "error: environment entry JCBUILD_TEST_SECRET is not NAME=VALUE");
}

TEST_CASE("only descriptors 0, 1 and 2 reach the command, and 0 is empty", "[kernel]") {
  const int leak = ::dup(1);  // without close-on-exec, as a careless caller of ours may leave one
  // 3 is the directory that ls itself reads.
  CHECK(script("cd /proc/self/fd; exec ls") == "0\n1\n2\n3\n");
  CHECK(script("cat") == "");
  ::close(leak);
}

TEST_CASE("B25: a step has docker's capabilities, nothing inheritable, and a filter", "[kernel]") {
  CHECK(script("grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status") ==
        "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"
        "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n");
}

TEST_CASE("B26: another user has no capability, only the groups given, and can write to /dev/stdout", "[kernel]") {
  const auto become = [](Job& job) { job.identity = {1000, 1001, {44, 109}}; };
  CHECK(script("id -u; id -g; id -G; grep CapEff /proc/self/status; echo x > /dev/stdout", become) ==
        "1000\n1001\n1001 44 109\nCapEff:\t0000000000000000\nx\n");
  CHECK(script("id -G") == "0\n");
}

TEST_CASE("an id above 2^31-1 is refused") {
  CHECK(script("", [](Job& job) { job.identity.uid = 0xffffffff; }) == "error: user or group 4294967295 is above 2147483647");
}

TEST_CASE("mounts, namespaces and the keyring are out of reach of a step", "[kernel]") {
  CHECK(script("mount -t tmpfs none /tmp 2>/dev/null; echo $?; unshare -m true 2>/dev/null || echo denied") == "32\ndenied\n");
  CHECK(script("echo 1 > /proc/sys/kernel/panic") == "sh: 1: cannot create /proc/sys/kernel/panic: Read-only file system\n[2]");
  CHECK(script("cat /proc/keys /proc/timer_list; ls /sys/firmware /sys/fs/cgroup") == "/sys/firmware:\n\n/sys/fs/cgroup:\n");
  CHECK(script("touch /sys/x 2>/dev/null || echo denied") == "denied\n");
}

TEST_CASE("a device node made by a step opens no device", "[kernel]") {
  if (!has_many_ids()) return;  // else it is an empty file
  CHECK(script("mknod /d c 1 3 2>/dev/null && cat /d 2>/dev/null || echo denied") == "denied\n");
}

TEST_CASE("the usual devices are there and nothing else of the host's /dev", "[kernel]") {
  CHECK(script("cd /dev; ls") == "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n");
  CHECK(script("head -c 4 /dev/zero | wc -c; echo x > /dev/null; : < /dev/urandom; stat -fc %T /dev/shm; stat -c %a /dev/shm") ==
        "4\ntmpfs\n1777\n");
}

TEST_CASE("B24: a step has no terminal and is alone in its pid namespace", "[kernel]") {
  CHECK(script("(exec < /dev/tty) 2>/dev/null || echo none") == "none\n");
  CHECK(script("echo $$; echo /proc/[0-9]*") == "2\n/proc/1 /proc/2\n");
  CHECK(script("umask; ulimit -c; hostname; cat /etc/hostname; trap") == "0022\n0\njcbuild\njcbuild\n");
}

TEST_CASE("pid 1 of the step shows nothing of our memory or files", "[kernel]") {
  CHECK(script("for f in environ maps mem; do cat /proc/1/$f 2>/dev/null || echo denied; done") == "denied\ndenied\ndenied\n");
  CHECK(script("for f in exe cwd root fd/3; do readlink /proc/1/$f || echo denied; done") == "denied\ndenied\ndenied\ndenied\n");
}

TEST_CASE("without network there is loopback and nothing of the host's names", "[kernel]") {
  const auto alone = [](Job& job) { job.network = Network::none; };
  CHECK(script("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; cat /etc/resolv.conf; head -1 /etc/hosts", alone) ==
        "lo\n127.0.0.1\tlocalhost\n");
  CHECK(script("tr -d '\\n' < /proc/net/fib_trie | grep -c 127.0.0.1", alone) == "1\n");
}

TEST_CASE("a step leaves no trace but what it wrote", "[kernel]") {
  CHECK(trace("true") == "");
  CHECK(trace("echo nameserver ::1 > /etc/resolv.conf; echo x > /dev/shm/y; echo z > /kept") == "kept\n");
}

TEST_CASE("a missing working directory is made and stays, as docker's does", "[kernel]") {
  CHECK(trace("pwd", [](Job& job) { job.working_directory = "/room/deep"; }) == "/room/deep\nroom\nroom/deep\n");
}

TEST_CASE("a working directory through a descriptor or in /proc is refused", "[kernel]") {
  for (const char* directory : {"/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/fd/7/../..", "/proc/self", "/proc"}) {
    CAPTURE(directory);
    CHECK(script("pwd", [&](Job& job) { job.working_directory = directory; }).starts_with("error: cannot enter the working directory"));
  }
}

TEST_CASE("resolv.conf is shown where the image's link leads, inside the image", "[kernel]") {
  const auto run = [](const char* target) {
    return isolated([target] {
      TestRoot root;
      if (::symlinkat(target, root.lower().fd(), "etc/resolv.conf") != 0) throw_errno("link", target);
      root.open();
      Job job = root.job("cat /etc/resolv.conf; echo changed > /etc/resolv.conf");
      job.network = Network::none;
      const std::string printed = root.run(job);
      root.mount.reset();
      return printed + root.upper();
    });
  };
  CHECK(run("../run/systemd/resolve/stub-resolv.conf") == "");
  CHECK(run("/run/resolvconf/resolv.conf") == "");
}

TEST_CASE("a link of the image for resolv.conf cannot reach a file of the host", "[kernel]") {
  const util::TempDir outside("/tmp");
  REQUIRE(::chmod(outside.path().c_str(), 0777) == 0);
  const std::string victim = outside.path() / "victim";
  outside.root().write_file("victim", "untouched", 0666);
  CHECK(isolated([&] {
          TestRoot root;
          if (::symlinkat(("../../../../../.." + victim).c_str(), root.lower().fd(), "etc/resolv.conf") != 0) throw_errno("link", victim);
          root.open();
          return root.run("echo changed > /etc/resolv.conf; ls " + victim);
        }) == victim + "\n");
  CHECK(outside.root().read_file("victim", 100) == "untouched");
}

TEST_CASE("a root whose /dev, /proc or /sys is a link is refused") {
  for (const char* name : {"dev", "proc", "sys"}) {
    CHECK(isolated([name] {
            TestRoot root;
            root.lower().remove_tree(name);
            if (::symlinkat("/tmp", root.lower().fd(), name) != 0) throw_errno("link", name);
            root.open();
            return root.run("true");
          }) == "error: /" + std::string(name) + " in the root file system is not a directory");
  }
}

TEST_CASE("binds show files and directories, read-only unless asked, and leave no trace", "[kernel]") {
  CHECK(isolated([] {
          const util::TempDir outside("/tmp");
          outside.root().make_dirs("d");
          outside.root().write_file("d/x", "dir\n");
          outside.root().write_file("f", "file\n");
          const std::vector<Bind> binds{{outside.path() / "d", "/data/in", true},
                                        {outside.path() / "f", "/opt/one", true},
                                        {outside.path() / "d", "/cache", false},
                                        {outside.path() / "f", "/dev/sub/node", true}};
          TestRoot root;
          root.open(binds);
          Job job = root.job("cat /data/in/x /opt/one /dev/sub/node; touch /data/in/y 2>/dev/null || echo ro; echo new > /cache/new");
          job.binds.insert(job.binds.end(), binds.begin(), binds.end());
          const std::string printed = root.run(job);
          root.mount.reset();
          return printed + root.upper() + outside.root().read_file("d/new", 10);
        }) == "dir\nfile\nfile\nro\nnew\n");
}

TEST_CASE("binds without a skeleton leave at most their parent directory, unchanged", "[kernel]") {
  CHECK(isolated([] {
          const util::TempDir outside("/tmp");
          TestRoot root;
          root.lower().make_dirs("opt");
          root.open();
          const auto before = root.lower().find_stat("opt")->st_mtim;
          Job job = root.job("ls -d /opt/a/b");
          job.binds.push_back({outside.path(), "/opt/a/b", true});
          const std::string printed = root.run(job);
          root.mount.reset();
          const auto after = root.top.root().find_stat("upper/opt");
          const bool same = !after || (after->st_mtim.tv_sec == before.tv_sec && after->st_mtim.tv_nsec == before.tv_nsec);
          return printed + root.upper() + (same ? "same" : "changed");
        }) == "/opt/a/b\nopt\nsame");
}

TEST_CASE("a bind inside a bind is mounted in what the outer one shows", "[kernel]") {
  const auto nested = [](bool outer_read_only, bool exists) {
    return isolated([=] {
      const util::TempDir outside("/tmp");
      outside.root().make_dirs(exists ? "outer/in" : "outer");
      outside.root().make_dirs("inner");
      outside.root().write_file("inner/x", "inner\n");
      TestRoot root;
      root.open({{outside.path() / "outer", "/m", true}});
      Job job = root.job("cat /m/in/x");
      job.binds.push_back({outside.path() / "inner", "/m/in", true});
      job.binds.push_back({outside.path() / "outer", "/m", outer_read_only});
      return root.run(job) + std::to_string(outside.root().list("outer").size());
    });
  };
  CHECK(nested(true, true) == "inner\n1");
  CHECK(nested(false, false) == "inner\n0");
  CHECK(nested(true, false) == "error: mount target /m/in does not exist in the read-only bind around it");
}

TEST_CASE("nothing can be mounted over /proc, /sys, /dev or the root", "[kernel]") {
  for (const char* target : {"/proc", "/proc/self", "/sys/kernel", "/dev", "/", "/tmp/.."})
    CHECK(script("", [&](Job& job) { job.binds.push_back({"/usr", target, true}); }).starts_with("error: cannot mount over"));
}

TEST_CASE("a bind whose target is a link of the image stays inside the image", "[kernel]") {
  CHECK(isolated([] {
          const util::TempDir outside("/tmp");
          outside.root().write_file("f", "bound\n");
          TestRoot root;
          if (::symlinkat("/../../../srv", root.lower().fd(), "escape") != 0) throw_errno("link", "escape");
          root.open();
          Job job = root.job("cat /srv/file");
          job.binds.push_back({outside.path() / "f", "/escape/file", true});
          return root.run(job);
        }) == "bound\n");
}

TEST_CASE("a read-only root cannot be written, its /dev and writable binds can", "[kernel]") {
  CHECK(script("echo x 2>/dev/null > /y || echo ro; echo x > /dev/shm/y", [](Job& job) { job.read_only_root = true; }) == "ro\n");
}

TEST_CASE("a privileged job may mount, an ordinary one may not", "[kernel]") {
  CHECK(script("mount -t tmpfs none /tmp && echo mounted", [](Job& job) { job.privileged = true; }) == "mounted\n");
}

TEST_CASE("a malformed job is refused by name", "[kernel]") {
  CHECK(script("", [](Job& job) { job.argv.clear(); }) == "error: there is no command to run");
  CHECK(script("", [](Job& job) { job.argv.push_back(std::string("a\0b", 3)); }) == "error: an argument holds a NUL byte");
  CHECK(script("", [](Job& job) { job.working_directory = "relative"; }) == "error: working directory relative is not absolute");
  CHECK(script("", [](Job& job) {
          job.binds.push_back({"/no/such/source", "/x", true});
        }) == "error: cannot open /no/such/source: No such file or directory");
}
