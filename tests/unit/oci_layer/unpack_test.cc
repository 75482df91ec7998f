// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/xattr.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::Error;
using jcb::ErrorKind;

namespace {

bool is_whiteout(const Tree& tree, const std::string& name) {
  const auto status = tree.status(name);
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

std::string xattr_of(const Tree& tree, const std::string& name, const std::string& key) {
  return find_xattr(tree.root.open_at(name, O_RDONLY).get(), key, name).value_or("(none)");
}

// A blob of a layout, opened, with its descriptor and diff ID.
struct Blob {
  Tree tree;
  Layout layout = Layout::create(tree.root.duplicate(), "the test layout");
  Descriptor descriptor;
  Digest diff_id;
  Blob(const std::string& tar, Compression method)
      : descriptor{std::string(layer_media_type(method)), Digest::of(""), 0, {}, {}, {}, {}}, diff_id(Digest::of(tar)) {
    std::string bytes;
    const auto compressor = make_compressor({method, 0}, [&](std::string_view part) { bytes += part; });
    compressor->write(tar);
    compressor->finish();
    descriptor.digest = layout.put_blob(bytes);
    descriptor.size_bytes = bytes.size();
  }
  jcb::util::Fd open() const { return layout.open_blob(descriptor); }
};

std::string sample_tar() { return TarText().dir("d", 0750).file("d/f", "content").link("d/s", "f").hard_link("d/h", "d/f").finish(); }

}  // namespace

TEST_CASE("a layer of every compression is unpacked and verified in one pass") {
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    const Blob blob(sample_tar(), method);
    const Tree target;
    std::uint64_t last = 0;
    UnpackOptions options;
    options.on_bytes = [&](std::uint64_t bytes) { last = bytes; };
    unpack_layer(blob.open().get(), blob.descriptor, blob.diff_id, target.root, options);
    CHECK(last == blob.descriptor.size_bytes);
    CHECK(target.read("d/h") == "content");
    CHECK(target.status("d/h").st_ino == target.status("d/f").st_ino);
    CHECK(target.root.read_link("d/s") == "f");
    CHECK((target.status("d").st_mode & 07777) == 0750);
    for (const char* name : {"d", "d/f", "d/s"}) CHECK(target.status(name).st_mtim.tv_sec == 1'600'000'000);
  }
}

TEST_CASE("packing what was unpacked gives the same bytes") {
  TarText text;
  text.dir("d").add(make_entry(EntryType::file, "d/set-id", {}, 06755), "x").file("e \xff\n", std::string(700'000, 'e'));
  auto entry = make_entry(EntryType::file, "x");
  entry.xattrs["user.key"] = std::string("v\0v", 3);
  text.add(entry).dir("z", 01777);
  const std::string tar = text.finish();
  const Tree target;
  extract(tar, target);
  std::string again;
  write_layer_tar(target.root, OverlayXattr::user, [&](std::string_view bytes) { again += bytes; });
  CHECK((again == tar));
}

TEST_CASE("a blob that is not what its descriptor or the config says is refused") {
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    const Blob blob(sample_tar(), method), other(TarText().file("x").finish(), method);
    const auto refuse = [&](const Blob& content, const Descriptor& descriptor, const Digest& diff_id) {
      const Tree target;
      return invalid_message([&] { unpack_layer(content.open().get(), descriptor, diff_id, target.root, {}); });
    };
    auto wrong = blob.descriptor;
    wrong.size_bytes += 1;
    CHECK_THAT(refuse(other, {wrong.media_type, blob.descriptor.digest, other.descriptor.size_bytes, {}, {}, {}, {}}, blob.diff_id),
               Catch::Contains("does not match its digest"));
    const auto fd = blob.open();
    const Tree target;
    CHECK_THAT(invalid_message([&] { unpack_layer(fd.get(), wrong, std::nullopt, target.root, {}); }), Catch::Contains("smaller"));
    wrong.size_bytes -= 2;
    const auto again = blob.open();
    CHECK_THAT(invalid_message([&] { unpack_layer(again.get(), wrong, std::nullopt, target.root, {}); }), Catch::Contains("larger"));
    CHECK_THAT(refuse(blob, blob.descriptor, Digest::of("another")), Catch::Contains("diff ID"));
  }
}

TEST_CASE("a flipped bit is called damage, wherever it is") {
  const Blob blob(sample_tar(), Compression::zstd);
  const std::string bytes = blob.layout.read_blob(blob.descriptor, 1 << 20);
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    const auto fd = file_with(damaged);
    const Tree target;
    CHECK_THAT(invalid_message([&] { unpack_layer(fd.get(), blob.descriptor, blob.diff_id, target.root, {}); }),
               Catch::Contains("is damaged"));
  }
}

TEST_CASE("a plain layer is never taken for a compressed one") {
  // A name that begins like a gzip file.
  const Blob blob(TarText().file("\x1f\x8b\x08", "x").finish(), Compression::none);
  const Tree target;
  unpack_layer(blob.open().get(), blob.descriptor, blob.diff_id, target.root, {});
  CHECK(target.read("\x1f\x8b\x08") == "x");
}

TEST_CASE("whiteouts become overlayfs's marks in a layer directory") {
  const Tree target;
  extract(TarText().dir("d").file("d/.wh.gone").dir("o").file("o/.wh..wh..opq").file("o/new", "n").file(".wh.top").finish(), target);
  CHECK(is_whiteout(target, "d/gone"));
  CHECK(is_whiteout(target, "top"));
  CHECK(xattr_of(target, "o", "user.overlay.opaque") == "y");
  CHECK(xattr_of(target, "d", "user.overlay.opaque") == "(none)");
  CHECK(target.read("o/new") == "n");
  CHECK_FALSE(target.has("d/.wh.gone"));
}

TEST_CASE("a whiteout and an entry of one name mean: only this layer's, in either order") {
  for (const bool first : {true, false}) {
    TarText text;
    if (first) text.file(".wh.dir").file(".wh.file").file(".wh.implied");
    text.dir("dir").file("dir/new").file("file", "new").file("implied/new");
    if (!first) text.file(".wh.dir").file(".wh.file").file(".wh.implied");
    const std::string tar = text.finish();
    const Tree layer;
    extract(tar, layer);
    CHECK(layer.read("file") == "new");
    CHECK(layer.has("dir/new"));
    CHECK(xattr_of(layer, "dir", "user.overlay.opaque") == "y");
    CHECK(xattr_of(layer, "implied", "user.overlay.opaque") == "y");
    const Tree rootfs;
    rootfs.root.make_dirs("dir/old");
    rootfs.root.make_dirs("implied");
    rootfs.root.write_file("implied/old", "");
    rootfs.root.write_file("file", "old");
    extract(tar, rootfs, rootfs_options());
    CHECK(rootfs.read("file") == "new");
    CHECK(rootfs.has("dir/new"));
    CHECK_FALSE(rootfs.has("dir/old"));
    CHECK(rootfs.has("implied/new"));
    CHECK_FALSE(rootfs.has("implied/old"));
  }
}

TEST_CASE("in a rootfs a whiteout removes and an opaque mark spares what the layer brought") {
  const Tree target;
  target.root.make_dirs("d/sub/deep");
  target.root.make_dirs("d/kept/old");
  target.root.write_file("d/old", "");
  target.root.write_file("gone", "");
  extract(TarText()
              .dir("d")
              .dir("d/kept")
              .file("d/kept/new")
              .file("d/new")
              .file("d/.wh..wh..opq")
              .file(".wh.gone")
              .file("no/.wh.such")
              .finish(),
          target, rootfs_options());
  CHECK(target.root.list("d") == std::vector<jcb::util::DirEntry>{{"kept", S_IFDIR}, {"new", S_IFREG}});
  CHECK(target.root.list("d/kept").size() == 1);
  CHECK_FALSE(target.has("gone"));
  CHECK_FALSE(target.has("no"));
}

TEST_CASE("whiteouts go through both forms and back") {
  const std::string tar = TarText().dir("d").file("d/.wh.gone").dir("o").file("o/.wh..wh..opq").finish();
  const Tree target;
  extract(tar, target);
  std::string again;
  write_layer_tar(target.root, OverlayXattr::user, [&](std::string_view bytes) { again += bytes; });
  std::vector<std::string> names;
  for (const auto& entry : read_tar(again)) names.push_back(entry.first.name);
  CHECK(names == std::vector<std::string>{"d/", "d/.wh.gone", "o/", "o/.wh..wh..opq"});
}

TEST_CASE("whiteouts of nothing and entries below whiteouts are refused, aufs's own files skipped") {
  for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", "d/.wh...", ".wh.x/y", "d/.wh.x/y/z"}) {
    for (const auto& options : {UnpackOptions{}, rootfs_options()}) {
      INFO(name);
      const Tree target;
      target.root.make_dirs("d");
      invalid_message([&] { extract(TarText().file(name).finish(), target, options); });
      CHECK(target.has("d"));
    }
  }
  const Tree target;
  extract(TarText().dir(".wh..wh.plnk").file(".wh..wh.plnk/1.2", "x").file(".wh..wh.aufs").file("d/.wh..wh.orph").finish(), target);
  CHECK(target.root.list().empty());
  CHECK_THROWS_WITH(extract(TarText().file(".wh..wh..opq").finish(), target), Catch::Contains("hides everything"));
  target.root.write_file("old", "");
  extract(TarText().file("new").file(".wh..wh..opq").finish(), target, rootfs_options());
  CHECK(target.root.list() == std::vector<jcb::util::DirEntry>{{"new", S_IFREG}});
}

TEST_CASE("something else under the same name is replaced, a directory keeps its content") {
  const Tree target;
  target.root.make_dirs("dir-to-file/x");
  target.root.make_dirs("dir/kept");
  target.root.write_file("file-to-dir", "");
  target.root.write_file("file", "old");
  target.root.write_file("outside", "untouched");
  REQUIRE(::symlinkat("outside", target.root.fd(), "link-to-file") == 0);
  REQUIRE(::linkat(target.root.fd(), "outside", target.root.fd(), "shared", 0) == 0);
  REQUIRE(::mkfifoat(target.root.fd(), "pipe", 0600) == 0);
  extract(TarText()
              .file("dir-to-file", "f")
              .dir("dir", 0700)
              .dir("file-to-dir")
              .file("file", "new")
              .file("link-to-file", "l")
              .file("shared", "s")
              .file("pipe", "p")
              .finish(),
          target, rootfs_options());
  CHECK(target.read("dir-to-file") == "f");
  CHECK(target.has("dir/kept"));
  CHECK((target.status("dir").st_mode & 07777) == 0700);
  CHECK(S_ISDIR(target.status("file-to-dir").st_mode));
  CHECK(target.read("file") == "new");
  CHECK(target.read("link-to-file") == "l");
  CHECK(target.read("pipe") == "p");
  CHECK(target.read("outside") == "untouched");
}

TEST_CASE("missing parents are made with the time of who needs them") {
  const Tree target;
  const mode_t before = ::umask(077);
  extract(TarText().file("a/b/c", "x").finish(), target);
  ::umask(before);
  for (const char* name : {"a", "a/b"}) {
    CHECK((target.status(name).st_mode & 07777) == 0755);
    CHECK(target.status(name).st_mtim.tv_sec == 1'600'000'000);
  }
  CHECK((target.status("a/b/c").st_mode & 07777) == 0644);
}

TEST_CASE("the root entry sets the root's metadata") {
  for (const char* name : {".", "./", "/", "a/.."}) {
    const Tree target;
    extract(TarText().dir(name, 0711).finish(), target);
    CHECK((target.status(".").st_mode & 07777) == 0711);
    CHECK(target.status(".").st_mtim.tv_sec == 1'600'000'000);
  }
}

TEST_CASE("directories without permissions can still be filled") {
  const Tree target;
  extract(TarText().dir("d", 0).dir("d/e", 0111).file("d/e/f", "x").finish(), target);
  CHECK((target.status("d").st_mode & 07777) == 0);
  REQUIRE(::fchmodat(target.root.fd(), "d", 0700, 0) == 0);
  CHECK((target.status("d/e").st_mode & 07777) == 0111);
}

TEST_CASE("the holes of a sparse file stay holes") {
  if (!has_tool("tar")) return;
  const Tree tree, target;
  const auto fd = tree.root.open_at("sparse", O_RDWR | O_CREAT, 0600);
  REQUIRE(::pwrite(fd.get(), "data", 4, 50L << 20) == 4);
  REQUIRE(::ftruncate(fd.get(), 100L << 20) == 0);
  const std::string tar = run_tool("tar", {"--format=pax", "-S", "-C", tree.path(), "-cf", "-", "sparse"});
  extract(tar, target);
  CHECK(target.status("sparse").st_size == 100L << 20);
  CHECK(target.status("sparse").st_blocks * 512 < 1 << 20);
  std::array<char, 4> data{};
  REQUIRE(::pread(target.root.open_at("sparse", O_RDONLY).get(), data.data(), data.size(), 50L << 20) == 4);
  CHECK(std::string(data.data(), 4) == "data");
}

TEST_CASE("owners are set as root, and cannot be -1") {
  auto entry = make_entry(EntryType::file, "f");
  entry.uid = UINT32_MAX;
  const Tree refused;
  CHECK_THAT(invalid_message([&] { extract(TarText().add(entry).finish(), refused); }), Catch::Contains("cannot exist"));
  if (!is_root()) {
    WARN("skipped: chown needs root");
    return;
  }
  const Tree target;
  entry.uid = 4294967294, entry.gid = 70000, entry.mode = 06755;
  auto link = make_entry(EntryType::symbolic_link, "l", "f");
  link.uid = 5;
  auto directory = make_entry(EntryType::directory, "d/", {}, 02775);
  directory.gid = 7;
  extract(TarText().add(entry).add(link).add(directory).file("d/inner").finish(), target);
  CHECK(target.status("f").st_uid == 4294967294);
  CHECK(target.status("f").st_gid == 70000);
  CHECK((target.status("f").st_mode & 07777) == 06755);
  CHECK(target.status("l").st_uid == 5);
  CHECK((target.status("d").st_mode & 07777) == 02775);
  CHECK(target.status("d").st_gid == 7);
  CHECK(target.status("d/inner").st_gid == ::getegid());
}

TEST_CASE("owners that may not be set are recorded and come back when packed") {
  const Tree target;
  auto entry = make_entry(EntryType::file, "f", {}, 0);
  entry.uid = 33, entry.gid = 34;
  auto directory = make_entry(EntryType::directory, "d/");
  directory.uid = 100000, directory.gid = 0;
  auto device = make_entry(EntryType::character_device, "null", {}, 0666);
  device.device_major = 1, device.device_minor = 3, device.uid = 0, device.gid = 5;
  const std::string tar = TarText().add(directory).add(entry).add(device).finish();
  UnpackOptions options;
  options.ownership = Ownership::record;
  extract(tar, target, options);
  CHECK(target.status("f").st_uid == ::geteuid());
  CHECK((target.status("f").st_mode & 07777) == 0);
  CHECK(S_ISREG(target.status("null").st_mode));
  CHECK(xattr_of(target, "d", k_xattr_owner) == encode_owner({100000, 0}));
  if (!is_root()) return;  // a file of mode 0 cannot be opened
  std::string again;
  write_layer_tar(target.root, OverlayXattr::user, [&](std::string_view bytes) { again += bytes; });
  const auto entries = read_tar(again);
  CHECK(entries.at(0).first == directory);
  CHECK(entries.at(1).first == entry);
  CHECK(entries.at(2).first.gid == 5);
}

TEST_CASE("device nodes and FIFOs are made with their modes") {
  const Tree target;
  auto device = make_entry(EntryType::block_device, "disk", {}, 0660);
  device.device_major = 7, device.device_minor = 300;
  extract(TarText().add(make_entry(EntryType::fifo, "pipe", {}, 0622)).add(device).finish(), target);
  CHECK(S_ISFIFO(target.status("pipe").st_mode));
  CHECK((target.status("pipe").st_mode & 07777) == 0622);
  CHECK(target.status("pipe").st_mtim.tv_sec == 1'600'000'000);
  CHECK((target.status("disk").st_mode & 07777) == 0660);
  const auto status = target.status("disk");
  if (!is_root()) {
    CHECK(S_ISREG(status.st_mode));
    WARN("skipped: device nodes need root");
    return;
  }
  CHECK((S_ISBLK(status.st_mode) && status.st_rdev == makedev(7, 300)));
}

TEST_CASE("file capabilities survive, in the form that any kernel takes") {
  if (!is_root()) {
    WARN("skipped: setting a capability needs root");
    return;
  }
  const std::string v2 = std::string("\x01\0\0\x02\0\x20", 6) + std::string(14, '\0');
  std::string v3 = v2 + std::string("\xe8\x03\0\0", 4);
  v3[3] = 3;
  for (const auto& value : {v2, v3}) {
    const Tree target;
    auto entry = make_entry(EntryType::file, "f", {}, 0755);
    entry.uid = 12;
    entry.xattrs["security.capability"] = value;
    extract(TarText().add(entry, "x").finish(), target);
    CHECK(xattr_of(target, "f", "security.capability") == v2);
    if (has_tool("getcap")) CHECK_THAT(run_tool("getcap", {target.path("f")}), Catch::Contains("cap_net_raw"));
  }
  const Tree target;
  auto entry = make_entry(EntryType::file, "f");
  entry.xattrs["security.capability"] = "nonsense";
  CHECK_THAT(invalid_message([&] { extract(TarText().add(entry).finish(), target); }), Catch::Contains("capability"));
}

TEST_CASE("a full disk is a system error with its errno") {
  if (!is_root()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  const Tree mount_point;
  const auto mounted = jcb::util::run_captured({"/usr/bin/mount", {"-t", "tmpfs", "-o", "size=1m", "tmpfs", mount_point.path()}, {}, "/"});
  if (!mounted.status.success()) {
    WARN("skipped: no tmpfs can be mounted here");
    return;
  }
  try {
    const jcb::util::Root small = jcb::util::Root::open(mount_point.path());
    extract_tar(file_with(TarText().file("f", std::string(4 << 20, 'x')).finish()).get(), small, {}, "t.tar");
    FAIL_CHECK("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::system);
    CHECK(error.errno_value() == ENOSPC);
  }
  run_tool("umount", {"-l", mount_point.path()});
}
