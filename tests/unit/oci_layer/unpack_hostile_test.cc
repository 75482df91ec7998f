// SPDX-License-Identifier: Apache-2.0
// Archives that try to get out. The target lies in a directory with a victim beside it, which must stay as it is.
#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/pax.h"
#include "oci/layer/xattr.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::util::Root;

namespace {

struct Scene {
  Tree top;
  Root target;
  Scene() : target(make(top)) {}
  static Root make(const Tree& top) {
    top.root.make_dirs("target");
    top.root.make_dirs("victim/dir");
    top.root.write_file("victim/file", "untouched");
    REQUIRE(::fchmodat(top.root.fd(), "victim/dir", 0750, 0) == 0);
    REQUIRE(::fchmodat(top.root.fd(), "victim/file", 0640, 0) == 0);
    return top.root.subroot("target");
  }
  std::string victim(const std::string& name = {}) const { return top.path("victim/" + name); }
  void unpack(const std::string& tar, const UnpackOptions& options) const { extract_tar(file_with(tar).get(), target, options, "t.tar"); }
  void check_victim() const {
    CHECK(top.root.list("victim") == std::vector<jcb::util::DirEntry>{{"dir", S_IFDIR}, {"file", S_IFREG}});
    CHECK(top.root.list("victim/dir").empty());
    CHECK(top.read("victim/file") == "untouched");
    CHECK((top.status("victim/dir").st_mode & 07777) == 0750);
    CHECK((top.status("victim/file").st_mode & 07777) == 0640);
    CHECK(top.status("victim/file").st_nlink == 1);
    CHECK(top.status("victim/dir").st_mtim.tv_sec != 1'600'000'000);
    CHECK(top.root.list().size() == 2);
  }
};

// Unpacks in both modes, on a fresh scene each, accepting success or Error(invalid); the victim decides.
void check_contained(const std::function<std::string(const Scene&)>& make_tar) {
  for (const auto& options : {UnpackOptions{}, rootfs_options()}) {
    const Scene scene;
    try {
      scene.unpack(make_tar(scene), options);
    } catch (const jcb::Error& error) {
      CHECK(error.kind() == jcb::ErrorKind::invalid);
    }
    scene.check_victim();
  }
}

void check_refused(const std::string& tar, const std::string& cause) {
  for (const auto& options : {UnpackOptions{}, rootfs_options()}) {
    const Scene scene;
    CHECK_THAT(invalid_message([&] { scene.unpack(tar, options); }), Catch::Contains(cause));
    scene.check_victim();
  }
}

}  // namespace

TEST_CASE("U1: names with dot-dot and absolute names stay inside") {
  const Scene scene;
  scene.unpack(TarText().file("../../victim/new", "1").file("/abs/x", "2").file("a/../../../b", "3").file("./c/./d//e", "4").finish(), {});
  scene.check_victim();
  CHECK(scene.target.read_file("victim/new", 10) == "1");
  CHECK(scene.target.read_file("abs/x", 10) == "2");
  CHECK(scene.target.read_file("b", 10) == "3");
  CHECK(scene.target.read_file("c/d/e", 10) == "4");
}

TEST_CASE("U2: the root cannot become anything but a directory") {
  for (const char* name : {".", "./", "/", "..", "a/.."}) {
    check_refused(TarText().link(name, "/").finish(), "the root can only be a directory");
    check_refused(TarText().hard_link(name, "x").finish(), "the root can only be a directory");
    check_refused(RawHeader{name}.block() + k_tar_end, "the root can only be a directory");
  }
}

TEST_CASE("U3: a directory that became a link is not remembered as a directory") {
  check_contained([](const Scene& scene) {
    return TarText().dir("d").file("d/a").link("d", scene.victim()).file("d/b").file("d/file", "evil").finish();
  });
  check_contained(
      [](const Scene&) { return TarText().dir("d").file("d/a").link("d", "../victim").file("d/dir/b").file("d/file", "evil").finish(); });
  check_contained([](const Scene& scene) {
    return TarText().dir("d/e").file("d/e/a").file(".wh.d").link("d", scene.victim()).file("d/dir/b").finish();
  });
}

TEST_CASE("U4: a link of an earlier layer is followed inside the target only") {
  const Scene scene;
  scene.unpack(TarText().link("abs", scene.victim()).link("rel", "../../victim").link("lib", "usr/lib").dir("usr/lib").finish(),
               rootfs_options());
  for (const char* name : {"abs/new", "rel/new"})
    CHECK_THROWS_AS(scene.unpack(TarText().file(name, "evil").finish(), rootfs_options()), jcb::Error);
  scene.unpack(TarText().file("lib/x", "merged").finish(), rootfs_options());
  CHECK(scene.target.read_file("usr/lib/x", 10) == "merged");
  CHECK(S_ISLNK(scene.target.find_stat("lib")->st_mode));
  scene.check_victim();
}

TEST_CASE("U5: a directory's late metadata does not follow a link that took its place") {
  check_contained([](const Scene& scene) { return TarText().dir("d", 0777).link("d", scene.victim("dir")).finish(); });
  check_contained([](const Scene& scene) { return TarText().dir("p").dir("p/dir", 0777).link("p", scene.victim()).finish(); });
}

TEST_CASE("U6, U9, U10: nothing is made or changed through links") {
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim()).dir("l/new").dir("l/dir", 0777).finish(); });
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim("dir")).dir("l", 0777).finish(); });
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim("file")).file("l", "evil").finish(); });
  check_contained(
      [](const Scene& scene) { return TarText().link("l", scene.victim()).add(make_entry(EntryType::fifo, "l/pipe")).finish(); });
  check_contained([](const Scene& scene) {
    auto entry = make_entry(EntryType::file, "l/file", {}, 0777);
    entry.xattrs["user.evil"] = "1";
    return TarText().link("l", scene.victim()).add(entry, "evil").finish();
  });
}

TEST_CASE("U7, U8: hard links are to names in the target, and bring nothing") {
  check_contained([](const Scene& scene) { return TarText().hard_link("h", scene.victim("file")).file("h", "evil").finish(); });
  check_contained([](const Scene&) { return TarText().hard_link("h", "../victim/file").finish(); });
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim()).hard_link("h", "l/file").finish(); });
  check_contained([](const Scene& scene) {
    // A link to a link, and then content for it: written to the link's target by who follows it.
    return TarText().link("l", scene.victim("file")).hard_link("h", "l").finish().substr(0, 1024) +
           RawHeader{"h", '1', octal_size(4), "l"}.block() + padded("evil") + k_tar_end;
  });
  check_refused(TarText().hard_link("h", "missing").finish(), "which is not there");
  check_refused(TarText().hard_link("h", "no/such").finish(), "which is not there");
  check_refused(TarText().dir("d").hard_link("h", "d").finish(), "hard link to a directory");
  check_refused(TarText().hard_link("h", ".").finish(), "which is not there");
  check_refused(TarText().dir("d").file("d/f").hard_link("d", "d/f").finish(), "which is not there");
}

TEST_CASE("a hard link to itself or made twice is harmless, one to a link is a link") {
  const Scene scene;
  scene.unpack(
      TarText().file("f", "x").hard_link("f", "f").hard_link("h", "./f").hard_link("h", "/f").link("s", "f").hard_link("t", "s").finish(),
      {});
  CHECK(scene.target.read_file("f", 10) == "x");
  CHECK(scene.target.find_stat("f")->st_nlink == 2);
  CHECK(scene.target.read_link("t") == "f");
}

TEST_CASE("U12, U13: whiteouts reach neither the root, nor its parent, nor through links") {
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim()).file("l/.wh.file").finish(); });
  check_contained([](const Scene& scene) { return TarText().link("l", scene.victim()).file("l/.wh..wh..opq").finish(); });
  check_contained([](const Scene&) { return TarText().link("l", "../victim").file("l/.wh.dir").file("../victim/.wh.file").finish(); });
  check_contained([](const Scene&) { return TarText().file("../.wh.victim").finish(); });
  check_contained([](const Scene&) { return TarText().file(".wh.../victim").finish(); });
}

TEST_CASE("U14: no entry hides in another one's content") {
  const Scene scene;
  const std::string inner = TarText().file("hidden", "evil").finish();
  UnpackOptions options;
  options.ownership = Ownership::record;  // the raw header's owner is root, the test's user may be another
  scene.unpack(pax_header(make_pax_record("size", std::to_string(inner.size()))) + RawHeader{"outer"}.block() + inner + k_tar_end, options);
  CHECK(scene.target.list().size() == 1);
}

TEST_CASE("U22: special files are replaced and never opened") {
  const Scene scene;
  scene.unpack(TarText().add(make_entry(EntryType::fifo, "p")).file("p", "content").finish(), {});
  CHECK(scene.target.read_file("p", 100) == "content");
  auto device = make_entry(EntryType::character_device, "d");
  check_refused(TarText().add(device).finish(), "0:0");
  device.device_minor = 27491;  // what stands for 0:0 where nobody may make that
  check_refused(TarText().add(device).finish(), "0:27491");
  // A hard link to a whiteout would be a whiteout that no name shows.
  const Scene other;
  CHECK_THAT(invalid_message([&] { other.unpack(TarText().file(".wh.w").hard_link("h", "w").finish(), {}); }),
             Catch::Contains("not there"));
}

TEST_CASE("U23: xattrs that overlayfs, IMA or SELinux would obey are dropped") {
  const Scene scene;
  auto entry = make_entry(EntryType::directory, "d");
  for (const char* name : {"user.overlay.opaque", "user.overlay.redirect", "trusted.overlay.opaque", "trusted.x", "security.ima",
                           "security.evm", "security.selinux", "system.posix_acl_access", "user.rootlesscontainers", "user.kept"})
    entry.xattrs[name] = "y";
  scene.unpack(TarText().add(entry).finish(), {});
  const auto names = list_xattrs(scene.target.open_at("d", O_RDONLY).get(), "d");
  CHECK(std::find(names.begin(), names.end(), "user.kept") != names.end());
  CHECK(std::count_if(names.begin(), names.end(),
                      [](const std::string& name) { return name != "security.selinux" && name != "user.kept"; }) == 0);
}

TEST_CASE("U28: deep and long names are a clean error, and what they leave can be removed") {
  std::string deep;
  for (int i = 0; i < 1100; ++i) deep += "d/";
  check_refused(TarText().file(deep + "f").finish(), "1024 directories");
  check_refused(TarText().file(std::string(256, 'n')).finish(), "longer than 255");
  check_refused(TarText().file("d/" + std::string(256, 'n') + "/f").finish(), "longer than 255");
  std::string longest;
  while (longest.size() < 4000) longest += std::string(200, 'p') + "/";
  const Scene scene;
  scene.unpack(TarText().file(longest + "f", "x").finish(), {});
  scene.target.remove_tree(std::string(200, 'p'));
  CHECK(scene.target.list().empty());
}

TEST_CASE("U29: names are bytes") {
  const Scene scene;
  const std::vector<std::string> names = {"\x01\x1b[31m", "A", "a", "caf\xc3\xa9", "cafe\xcc\x81", "new\nline", "\xff\xfe"};
  TarText text;
  for (const auto& name : names) text.file(name, name);
  scene.unpack(text.finish(), {});
  CHECK(scene.target.list().size() == names.size());
  for (const auto& name : names) CHECK(scene.target.read_file(name, 100) == name);
}

TEST_CASE("a file where a directory is needed is an error that names it") {
  check_refused(TarText().file("f").file("f/x").finish(), "'f' is not a directory");
  check_refused(TarText().link("loop", "loop").file("loop/x").finish(), "symbolic links");
}
