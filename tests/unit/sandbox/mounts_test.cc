// SPDX-License-Identifier: Apache-2.0
// The mounts that one RUN may ask for, as the job shows them.
#include "isolated.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

std::shared_ptr<const util::Fd> hold(const util::Root& root, const std::string& path) {
  return std::make_shared<const util::Fd>(root.open_at(path, O_PATH));
}

// What a script prints in a fresh root after `change` of the job, and what is in the upper directory afterwards. The
// skeleton knows `points`.
std::string trace(const std::string& text, const std::function<void(TestRoot&, Job&)>& change, const std::vector<MountPoint>& points = {}) {
  return isolated([&] {
    TestRoot root;
    make_skeleton(root.top.root().subroot("skeleton"), points);
    root.open();
    Job job = root.job(text);
    change(root, job);
    const std::string printed = root.run(job);
    root.mount.reset();
    return printed + root.upper();
  });
}

}  // namespace

TEST_CASE("B5: what was held is shown, whatever its name leads to by then", "[kernel]") {
  CHECK(trace("cat /m/file",
              [](TestRoot& root, Job& job) {
                const auto top = root.top.root();
                for (const char* name : {"checked", "swapped"})
                  top.write_file(std::string(top.make_dirs(name) ? name : "") + "/file", name);
                job.binds.push_back({root.top.path() / "checked", "/m", true, hold(top, "checked")});
                REQUIRE(::renameat(top.fd(), "checked", top.fd(), "elsewhere") == 0);
                REQUIRE(::symlinkat("/etc", top.fd(), "checked") == 0);
              },
              {{"/m", true}}) == "checked");
}

TEST_CASE("a held file and a held directory are bound with their modes, read-only or not", "[kernel]") {
  CHECK(trace("cat /f; (echo x > /f) 2>/dev/null || echo ro; echo y > /d/new; ls /d",
              [](TestRoot& root, Job& job) {
                const auto top = root.top.root();
                top.make_dirs("d");
                top.write_file("f", "content\n");
                job.binds.push_back({"f", "/f", true, hold(top, "f")});
                job.binds.push_back({"d", "/d", false, hold(top, "d")});
              },
              {{"/d", true}, {"/f", false}}) == "content\nro\nnew\n");
}

TEST_CASE("a held device node opens no device", "[kernel]") {
  CHECK(trace("(cat /n) 2>/dev/null || echo denied", [](TestRoot&, Job& job) {
          job.binds.push_back({"null", "/n", true, hold(util::Root::open("/dev"), "null")});
        }).starts_with("denied\n"));
}

TEST_CASE("a tmpfs has its size and mode, takes no devices and leaves nothing", "[kernel]") {
  const auto mount = [](TestRoot&, Job& job) {
    job.tmpfs.push_back({"/t", 65536, 01777, false});
    job.tmpfs.push_back({"/small/deep", 0, 0700, false});
    job.tmpfs.push_back({"/ro", 4096, 0755, true});
  };
  CHECK(trace("stat -c '%a %F' /t /small/deep; stat -f -c %T /t; head -c 100000 /dev/zero > /t/x 2>/dev/null || echo full; "
              "(: > /ro/x) 2>/dev/null || echo ro; grep -c ' /t tmpfs rw,nosuid,nodev' /proc/mounts",
              mount, {{"/t"}, {"/small/deep"}, {"/ro"}}) == "1777 directory\n700 directory\ntmpfs\nfull\nro\n1\n");
}

TEST_CASE("mounts inside a tmpfs of the job are made there, and its links do not count", "[kernel]") {
  CHECK(trace("cat /run/secrets/token; ls /run /run/link /elsewhere; echo $(cat /run/tree/file)", [](TestRoot& root, Job& job) {
          root.top.root().make_dirs("tree");
          root.top.root().write_file("tree/file", "bound");
          root.mount->root().make_dirs("run");
          root.mount->root().make_dirs("elsewhere");
          REQUIRE(::symlinkat("/elsewhere", root.mount->root().subroot("run").fd(), "link") == 0);
          job.files.push_back({"/run/secrets/token", "secret\n"});
          job.binds.push_back({"tree", "/run/tree", true, hold(root.top.root(), "tree")});
          job.tmpfs.push_back({"/run/link/inner"});
          job.tmpfs.push_back({"/run"});
        }) == "secret\n/elsewhere:\n\n/run:\nlink\nsecrets\ntree\n\n/run/link:\ninner\nbound\nelsewhere\nrun\nrun/link\n");
}

TEST_CASE("B14: a private file is in memory, with its owner and mode, and read-only", "[kernel]") {
  if (!has_many_ids()) return;
  const auto mount = [](TestRoot&, Job& job) {
    job.files.push_back({"/run/secrets/token", "the content"});
    job.files.push_back({"/home/key", "k", 0440, 7, 8});
  };
  CHECK(
      trace(
          "stat -c '%a %u %g %s' /run/secrets/token /home/key; cat /run/secrets/token; echo; (echo x > /home/key) 2>/dev/null || echo ro; "
          "stat -f -c %T /home/key; grep -c ' /home/key tmpfs ro,nosuid,nodev,noexec' /proc/mounts",
          mount, {{"/run/secrets/token", false}, {"/home/key", false}}) == "400 0 0 11\n440 7 8 1\nthe content\nro\ntmpfs\n1\n");
}

TEST_CASE("B6: a target behind a link is mounted in the root, and its stub vanishes there alone", "[kernel]") {
  CHECK(isolated([] {
          TestRoot root;
          const auto top = root.top.root();
          top.make_dirs("victim");
          top.write_file("victim/empty", "");
          const std::string out = root.top.path() / "victim";
          REQUIRE(::symlinkat(("../../../../../.." + out).c_str(), root.lower().fd(), "out") == 0);
          root.open();
          Job job = root.job("cat /out/empty /out/dir/new; rm /out/empty 2>/dev/null || echo busy");
          job.files.push_back({"/out/empty", "inside\n"});
          job.files.push_back({"/out/dir/new", "too\n"});
          const std::string printed = root.run(job);
          root.mount.reset();
          const bool kept = top.find_stat("victim/empty") && !top.find_stat("victim/dir");
          return printed + root.upper() + (kept ? "kept" : "lost");
          // /tmp was copied up to hold the stubs.
        }) == "inside\ntoo\nbusy\ntmp\nkept");
}

TEST_CASE("B6: the skeleton follows the links of the image, so that nothing is copied up", "[kernel]") {
  CHECK(isolated([] {
          TestRoot root;
          root.lower().make_dirs("run");
          root.lower().make_dirs("var");
          if (::symlinkat("../run", root.lower().subroot("var").fd(), "run") != 0) throw_errno("link", "run");
          const auto image = root.lower();
          make_skeleton(root.top.root().subroot("skeleton"), {{"/var/run/secrets/x", false}}, &image);
          root.open();
          Job job = root.job("cat /var/run/secrets/x /run/secrets/x");
          job.files.push_back({"/var/run/secrets/x", "s"});
          const std::string printed = root.run(job);
          root.mount.reset();
          return printed + root.upper();
        }) == "ss");
}

TEST_CASE("B27: no descriptor that a mount was made from reaches the command", "[kernel]") {
  // 3 is the directory that ls itself reads.
  CHECK(trace("for n in 3 4 5 6 7 8 9 10 11 12; do (cd /proc/self/fd/$n) 2>/dev/null && echo leak; done; cd /proc/self/fd; exec ls",
              [](TestRoot& root, Job& job) {
                root.top.root().make_dirs("d");
                job.binds.push_back({"d", "/d", false, hold(root.top.root(), "d")});
                job.files.push_back({"/s", "secret"});
              },
              {{"/d"}, {"/s", false}}) == "0\n1\n2\n3\n");
  CHECK(trace("pwd", [](TestRoot&, Job& job) {
          job.working_directory = "/proc/self/fd/7";
        }).find("cannot enter the working directory (sandbox) /proc/self/fd/7") != std::string::npos);
}

TEST_CASE("nothing is mounted over /proc, /sys and /dev", "[kernel]") {
  for (const char* target : {"/proc/x", "/sys", "/dev", "/proc/../sys/x"}) {
    const std::string refused = "error: cannot mount over " + std::string(target);
    CHECK(trace("", [&](TestRoot&, Job& job) { job.tmpfs.push_back({target}); }) == refused);
    CHECK(trace("", [&](TestRoot&, Job& job) { job.files.push_back({target, "x"}); }) == refused);
  }
  CHECK(trace("cat /dev/token", [](TestRoot&, Job& job) { job.files.push_back({"/dev/token", "x"}); }).starts_with("x"));
}

TEST_CASE("an insecure step has all capabilities and no filter, and device nodes stay dead", "[kernel]") {
  if (!has_many_ids()) return;  // else the filter of the supervisor is there, and device nodes are empty files
  const auto insecure = [](TestRoot&, Job& job) { job.insecure = true; };
  CHECK(trace("grep -E '^(Seccomp|CapEff):' /proc/self/status", insecure).find("Seccomp:\t0\n") != std::string::npos);
  CHECK(trace("grep ^CapEff /proc/self/status", insecure).find("a80425fb") == std::string::npos);
  CHECK(trace("mount -t tmpfs none /tmp && echo mounted", insecure).starts_with("mounted\n"));
  CHECK(trace("grep -c ' /proc/sys ' /proc/mounts; grep ' /sys sysfs' /proc/mounts | grep -c ' ro,'", insecure) == "0\n0\n[1]");
  CHECK(trace("mknod /tmp/d c 1 3 2>/dev/null && cat /tmp/d 2>/dev/null || echo denied", insecure).starts_with("denied\n"));
}
