// SPDX-License-Identifier: Apache-2.0
// Jobs of a user with a single id: what they do to owners is recorded, and they believe to have done it.
#include "isolated.h"

#include "jcbuild/error.h"
#include "oci/layer/owners.h"
#include "util/child.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

// A test without its program says so; run-tests installs them.
bool has_program(const std::string& path) {
  if (::access(path.c_str(), X_OK) == 0) return true;
  WARN("skipped: " << path << " is not installed");
  return false;
}

// One step, and the owners that its layer would have.
class Step {
 public:
  explicit Step(const std::string& prepare = "") {
    if (!prepare.empty()) prepare_lower(prepare);
    m_root.open();
    m_records.emplace(m_root.top.root().subroot("upper"), m_root.mount->root());
  }

  std::string run(const std::string& script, const Identity& identity = {}) {
    Job job = m_root.job(script);
    job.owners = &*m_records;
    job.identity = identity;
    m_options.new_files = {identity.uid, identity.gid};
    m_records->set_beginning(m_lower_owners, m_options.new_files);
    return m_root.run(job);
  }

  util::OwnerTable table() {
    const util::Root lower = m_root.lower(), upper = m_root.top.root().subroot("upper");
    m_options.lowers_top_first = {{&lower, &m_lower_owners}};
    return oci::collect_owners(upper, *m_records, m_options);
  }

  // "PATH UID:GID[ c|bMAJOR:MINOR]" in lines.
  std::string owners() {
    std::string text;
    const util::OwnerTable found = table();
    for (const auto& [path, entry] : found.entries()) {
      text += path + " " + std::to_string(entry.owner.uid) + ":" + std::to_string(entry.owner.gid);
      if (entry.device)
        text += (entry.device->block ? " b" : " c") + std::to_string(entry.device->major) + ":" + std::to_string(entry.device->minor);
      text += "\n";
    }
    return text;
  }

  TestRoot& root() { return m_root; }
  util::OwnerTable& lower_owners() { return m_lower_owners; }

 private:
  void prepare_lower(const std::string& script) {
    const util::Command command{"/bin/sh", {"-c", script}, {"PATH=/usr/bin:/bin"}, m_root.top.path() / "lower"};
    if (!util::run_captured(command).status.success()) throw Error(ErrorKind::failed, "the preparation failed");
  }

  TestRoot m_root;
  util::OwnerTable m_lower_owners;
  std::optional<util::OwnerRecords> m_records;
  oci::CollectOptions m_options;
};

std::string in_single(const std::function<std::string()>& body) { return isolated(body, IsolationChoice::single_uid); }

// What a step prints, then its owners.
std::string after(const std::string& script, const Identity& identity = {}) {
  return in_single([&] {
    Step step;
    std::string text = step.run(script, identity);
    return text + step.owners();
  });
}

}  // namespace

TEST_CASE("a user with one id is uid 0 of a namespace that knows no other", "[kernel]") {
  CHECK(in_single([] {
          const auto& isolation = enter_isolation();
          const bool one = isolation.uids.size() == 1 && isolation.uids[0].inside == 0 && isolation.uids[0].count == 1;
          return tier_name(isolation.tier) + std::string(one ? " one" : " more") + std::to_string(::geteuid());
        }) == "single-uid one0");
}

TEST_CASE("files given away are recorded by every form of chown", "[kernel]") {
  CHECK(after("touch a b c; chown 33:34 a; chgrp 44 b; mkdir d; cd d; touch e; chown 5 e; chown 6:7 /d ../c") ==
        "a 33:34\nb 0:44\nc 6:7\nd 6:7\nd/e 5:0\n");
}

TEST_CASE("a link is given away itself or followed, as asked", "[kernel]") {
  CHECK(after("echo x > f; ln -s /f l; ln -s f m; chown -h 1:1 l; chown 2:2 m; chown 3:3 ./m; ls -l f | cut -c1") == "-\nf 3:3\nl 1:1\n");
}

TEST_CASE("chown takes away set-id bits, and of a lower file makes a copy", "[kernel]") {
  CHECK(in_single([] {
          Step step("echo low > s; chmod 6755 s");
          std::string text = step.run("stat -c %a s; chown 1 s; stat -c %a s; chmod 4711 s; chmod 4711 s; stat -c %a s");
          return text + step.owners() + step.root().upper();
        }) == "6755\n755\n4711\ns 1:0\ns\n");
}

TEST_CASE("an owner follows its file through renames and links, and goes with it", "[kernel]") {
  CHECK(after("touch a; chown 9:9 a; mv a b; ln b c; mkdir d; mv d e; touch gone; chown 8:8 gone; rm gone; touch new; "
              "for i in 1 2 3 4 5 6 7 8 9 10; do touch x; chown 7:7 x; rm x; touch y$i; done; chown 3:3 b; chown 0:0 c") == "");
  CHECK(after("touch a; chown 9:9 a; mv a b; ln b c; mkdir d; chown 4 d; mkdir e; mv d e/f") == "b 9:9\nc 9:9\ne/f 4:0\n");
}

TEST_CASE("what a lower tree says of a file stays until someone changes it", "[kernel]") {
  CHECK(in_single([] {
          Step step("echo 1 > kept; echo 2 > given; echo 3 > replaced; echo 4 > moved; ln -s x link; mkdir -p dir; touch dir/child");
          for (const char* path : {"kept", "given", "replaced", "moved", "link", "dir"}) step.lower_owners().set(path, {{100, 101}, {}});
          step.lower_owners().set("dir/child", {{7, 7}, {}});
          std::string text = step.run(
              "echo more >> kept; chgrp 5 given; rm replaced; echo new > replaced; mv moved away; touch -h -d @1000 link; "
              "touch dir/new; echo x > t; mv t dir/t; touch /tmp/x");
          return text + step.owners();
        }) == "away 100:101\ndir 100:101\ngiven 100:5\nkept 100:101\n");
}

TEST_CASE("a device becomes an empty file that stands for it", "[kernel]") {
  CHECK(after("mknod c c 1 3; mknod b b 8 300; chown 5:6 b; mkfifo p; mknod q p; stat -c '%F %s' c b p q; chmod 640 b; "
              "mknod c c 1 5 2>/dev/null || echo exists; mknod nowhere/x c 1 3 2>/dev/null || echo no directory; "
              "mknod w c 0 0 2>/dev/null || echo no whiteout; umask 077; mknod -m 666 m c 1 7; mknod n c 1 8; stat -c %a m n") ==
        "character special file 0\nblock special file 0\nfifo 0\nfifo 0\nexists\nno directory\nno whiteout\n666\n600\n"
        "b 5:6 b8:300\nc 0:0 c1:3\nm 0:0 c1:7\nn 0:0 c1:8\n");
}

TEST_CASE("stat tells the owners that files believe to have", "[kernel]") {
  CHECK(in_single([] {
          Step step("echo 1 > low; echo 2 > copied; ln -s x link; mkdir dir; echo 3 > plain");
          for (const char* path : {"low", "copied", "link", "dir"}) step.lower_owners().set(path, {{100, 101}, {}});
          std::string text = step.run(
              "touch new; chown 5:6 new; mv new n2; echo x >> copied; mknod d c 1 3; mkdir made; stat -c '%n %u:%g %F' low copied link dir "
              "plain n2 d made .; cd dir; stat -c %u:%g . ../n2; exec 3< /n2; stat -L -c %u /proc/self/fd/3; cp -a /copied /low /n2 "
              "/made; test -c /d && echo device");
          return text + step.owners();
        }) ==
        "low 100:101 regular file\ncopied 100:101 regular file\nlink 100:101 symbolic link\ndir 100:101 directory\n"
        "plain 0:0 regular file\nn2 5:6 regular empty file\nd 0:0 character special file\nmade 0:0 directory\n. 0:0 directory\n"
        "100:101\n5:6\n5\ndevice\ncopied 100:101\nd 0:0 c1:3\nmade/copied 100:101\nmade/low 100:101\n"
        "made/n2 5:6\nn2 5:6\n");
}

TEST_CASE("a user sees his new files as his own", "[kernel]") {
  CHECK(after("touch f; mkdir d; stat -c '%n %u:%g' f d tmp; test -O f && echo mine; test -O tmp || echo not mine", {1000, 1001, {}}) ==
        "f 1000:1001\nd 1000:1001\ntmp 0:0\nmine\nnot mine\nd 1000:1001\nf 1000:1001\n");
}

TEST_CASE("what a process makes as another user belongs to him", "[kernel]") {
  CHECK(after("umask 027; chmod 777 /tmp; cd /tmp; mkdir s; chown 0:50 s; chmod 2777 s; setpriv --reuid 33 --regid 34 --clear-groups "
              "sh -c 'echo text > f; mkdir d; echo x > d/g; ln -s f l; set -C; echo once > e; echo twice > e || echo kept; cat f e; "
              "echo more >> f; touch s/i; : > root'; touch root2; echo y > s/j; stat -c '%n %a %u:%g' f d d/g e root2 s/i") ==
        "sh: 1: cannot create e: File exists\nkept\ntext\nonce\nf 640 33:34\nd 750 33:34\nd/g 640 33:34\ne 640 33:34\nroot2 640 0:0\n"
        "s/i 640 33:50\ntmp/d 33:34\ntmp/d/g 33:34\ntmp/e 33:34\ntmp/f 33:34\ntmp/l 33:34\ntmp/root 33:34\ntmp/s 0:50\n"
        "tmp/s/i 33:50\ntmp/s/j 0:50\n");
}

TEST_CASE("file capabilities are real, and chown takes them away", "[kernel]") {
  if (!has_program("/usr/sbin/setcap")) return;
  CHECK(after("touch f g; setcap cap_net_raw+ep f; setcap cap_net_raw+ep g; chown 1 g; getcap f g") == "f cap_net_raw=ep\ng 1:0\n");
}

TEST_CASE("a process believes to have become another, and its children with it", "[kernel]") {
  CHECK(after("id -u; setpriv --reuid 33 --regid 34 --clear-groups sh -c 'id -u; id -g; id -G; sh -c \"id -ru\"; setpriv --reuid 0 "
              "true 2>/dev/null || echo no way back; chown 33 /tmp 2>/dev/null && echo mine; chown 0 /tmp 2>/dev/null || echo not mine'; "
              "id -u; setpriv --groups 4,27 --regid 5 id -G") == "0\n33\n34\n34\n33\nno way back\nmine\nnot mine\n0\n5 4 27\ntmp 33:0\n");
}

TEST_CASE("a step of a user is that user, and new files are his", "[kernel]") {
  CHECK(after("id -u; id -g; id -G; touch f; mkdir d; touch d/g; chown 1000:27 f; chown 0 d 2>/dev/null || echo refused; "
              "grep CapEff /proc/self/status; mknod x c 1 3 2>/dev/null || echo no device",
              {1000, 1001, {27, 44}}) ==
        "1000\n1001\n1001 27 44\nrefused\nCapEff:\t0000000000000000\nno device\nd 1000:1001\nd/g 1000:1001\nf 1000:27\n");
}

TEST_CASE("no group of the caller is seen, and setgroups is gone for good", "[kernel]") {
  CHECK(after("id -G; cat /proc/self/setgroups; grep CapInh /proc/self/status") == "0\ndeny\nCapInh:\t0000000000000000\n");
}

TEST_CASE("new files take the group of their set-group-ID directory", "[kernel]") {
  CHECK(after("mkdir before; touch before/f; mkdir d; chown 0:50 d; chmod 2775 d; touch d/f; mkdir d/e; touch d/e/g; touch d/h; "
              "chown 0:0 d/h; sleep 0.1; chown 0:9 before; chmod g+s before") == "before 0:9\nd 0:50\nd/e 0:50\nd/e/g 0:50\nd/f 0:50\n");
}

TEST_CASE("paths mean what they mean to the process, also below its own root", "[kernel]") {
  CHECK(after("mkdir -p j/etc j/usr; for l in bin sbin lib lib64; do cp -P /$l j 2>/dev/null; done; touch j/etc/f etc/f; "
              "ln -s /etc j/abs; ln -s ../../../etc j/up; mkdir j/proc; cd j; chown 1:1 abs/f; cd etc; chown 2:2 ../../etc/f; cd /; "
              "chown 3:3 j/up/f; exec 5<j/etc; chown 4 /proc/self/fd/5") == "etc/f 3:3\nj/etc 4:0\n");
}

TEST_CASE("mistakes get the kernel's answers", "[kernel]") {
  const std::string python = "/usr/bin/python3";
  if (!has_program(python)) return;
  CHECK(after("cat > t.py <<'E'\n"
              "import os, errno\n"
              "def t(f):\n"
              "  try: print(f())\n"
              "  except OSError as e: print(errno.errorcode[e.errno])\n"
              "t(lambda: os.chown('none', 1, 1)); t(lambda: os.chown('', 1, 1)); t(lambda: os.chown('t.py/x', 1, 1))\n"
              "t(lambda: os.fchown(99, 1, 1)); t(lambda: os.chown('x' * 5000, 1, 1)); os.symlink('loop', 'loop')\n"
              "t(lambda: os.chown('loop', 1, 1)); t(lambda: os.lchown('loop', 1, 1)); t(lambda: os.chown('/usr', 1, 1))\n"
              "t(lambda: os.chown('t.py', -1, -1)); t(lambda: os.getresuid())\n"
              "os.setresuid(1, 2, 3); t(lambda: os.getresuid()); t(lambda: os.setuid(0)); t(lambda: os.seteuid(3) or os.geteuid())\n"
              "E\npython3 t.py; rm t.py loop") ==
        "ENOENT\nENOENT\nENOTDIR\nEBADF\nENAMETOOLONG\nELOOP\nNone\nEROFS\nNone\n(0, 0, 0)\n(1, 2, 3)\nEPERM\n3\n");
}

TEST_CASE("jobs side by side keep their ids and owners apart", "[kernel]") {
  CHECK(in_single([] {
          Step one, two;
          const auto script = [](const std::string& id) {
            return "for i in 1 2 3; do touch f$i; chown " + id + ":$i f$i; done; setpriv --reuid " + id + " id -u";
          };
          std::string first, second;
          std::thread other([&] { first = one.run(script("11")); });
          second = two.run(script("22"));
          other.join();
          return first + one.owners() + second + two.owners();
        }) == "11\nf1 11:1\nf2 11:2\nf3 11:3\n22\nf1 22:1\nf2 22:2\nf3 22:3\n");
}

TEST_CASE("nothing outside is touched while paths are swapped for links that lead out", "[kernel]") {
  CHECK(in_single([] {
          const util::TempDir outside("/tmp");
          outside.root().write_file("victim", "");
          ::chmod((outside.path() / "victim").c_str(), 06755);
          Step step;
          const std::string target = outside.path() / "victim";
          std::string up = "..";
          for (int i = 0; i < 12; ++i) up += "/..";
          const std::string text = step.run("mkdir a; touch a/victim; ( for i in $(seq 300); do ln -sfn " + up + outside.path().native() +
                                            " l; ln -sfn a l; done ) & ( for i in $(seq 300); do ln -sf " + target +
                                            " m; rm -f m; touch m; done ) & "
                                            "for i in $(seq 300); do chown 1:1 l/victim m 2>/dev/null; done; wait; echo done");
          struct stat status {};
          ::stat(target.c_str(), &status);
          return text + ((status.st_mode & 07777) == 06755 ? "untouched" : "touched");
        }) == "done\nuntouched");
}

TEST_CASE("a supervised job that is killed leaves no thread waiting", "[kernel]") {
  CHECK(in_single([] {
          Step step;
          Job job = step.root().job("while :; do chown 1 /tmp; chown 2 /tmp; done & kill -9 $$");
          std::string text;
          const auto status = run_job(job, [&](std::string_view bytes) { text += bytes; });
          return text + std::to_string(status.code);
        }) == "137");
}

TEST_CASE("a layer packed from records is the tar that root makes", "[kernel]") {
  CHECK(in_single([] {
          Step step;
          step.run(
              "mkdir d; touch d/f; chown -R 33:34 d; chmod 2750 d; ln d/f d/h; ln -s f d/l; chown -h 5 d/l; mknod d/n c 1 3; "
              "touch -d @1000 d/f d/n; touch -h -d @1000 d/l; touch -d @1000 d");
          const util::Root upper = step.root().top.root().subroot("upper");
          const util::OwnerTable table = step.table();
          std::string tar;
          oci::write_layer_tar(
              upper, oci::OverlayXattr::user, [&](std::string_view bytes) { tar += bytes; }, &table);
          // Unpacked and packed again, through new records.
          util::TempDir copy("/tmp");
          const auto root = copy.root();
          copy.root().write_file("tar", tar);
          root.make_dirs("tree");
          const util::Root tree = root.subroot("tree");
          util::OwnerRecords records(tree.duplicate());
          oci::UnpackOptions options;
          options.records = &records;
          oci::extract_tar(root.open_regular("tar").get(), tree, options, "the tar");
          oci::CollectOptions collect;
          collect.inherit_groups = false;
          const util::OwnerTable again = oci::collect_owners(tree, records, collect);
          std::string second;
          oci::write_layer_tar(
              tree, oci::OverlayXattr::user, [&](std::string_view bytes) { second += bytes; }, &again);
          return std::string(tar == second ? "same" : "different") + (again == table ? " same" : " different");
        }) == "same same");
}
