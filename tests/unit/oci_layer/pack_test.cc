// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/xattr.h"
#include "util/hash.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::Error;
using jcb::util::Root;

namespace {

void set_times(const Tree& tree, const std::string& name, long nanoseconds) {
  const timespec time{1'600'000'000, nanoseconds};
  const std::array<timespec, 2> times{time, time};
  REQUIRE(::utimensat(tree.root.fd(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0);
}

void set_user_xattr(const Tree& tree, const std::string& name, const std::string& key, const std::string& value) {
  set_xattr(tree.root.open_at(name, O_RDONLY).get(), key, value, name);
}

void make_whiteout(const Tree& tree, const std::string& name) {
  REQUIRE(::mknodat(tree.root.fd(), name.c_str(), S_IFCHR, makedev(0, 0)) == 0);
}

// A tree with one of everything that anybody may make; `nanoseconds` must not matter.
void fill(const Tree& tree, long nanoseconds) {
  tree.root.make_dirs("b/sub");
  tree.root.make_dirs("a.d");
  tree.root.write_file("b/z", "content");
  REQUIRE(::linkat(tree.root.fd(), "b/z", tree.root.fd(), "b/sub/link", 0) == 0);
  REQUIRE(::symlinkat("../outside", tree.root.fd(), "b/s") == 0);
  REQUIRE(::mkfifoat(tree.root.fd(), "a.d/pipe", 0640) == 0);
  tree.root.write_file("a", "");
  REQUIRE(::fchmodat(tree.root.fd(), "a", 04755, 0) == 0);
  make_whiteout(tree, "b/gone");
  set_user_xattr(tree, "b/sub", "user.overlay.opaque", "y");
  for (const char* name : {"a", "a.d/pipe", "a.d", "b/s", "b/z", "b/sub", "b"}) set_times(tree, name, nanoseconds);
}

std::string tar_of(const Root& root) {
  std::string tar;
  write_layer_tar(root, OverlayXattr::user, [&](std::string_view bytes) { tar += bytes; });
  return tar;
}

std::vector<std::string> names_of(const std::string& tar) {
  std::vector<std::string> names;
  for (const auto& entry : read_tar(tar)) names.push_back(entry.first.name);
  return names;
}

Layout make_layout(const Tree& tree) { return Layout::create(tree.root.duplicate(), "the test layout"); }

}  // namespace

TEST_CASE("entries are sorted, parents first, with whiteouts and opaque marks in their spec form") {
  const Tree tree;
  fill(tree, 0);
  const auto names = names_of(tar_of(tree.root));
  CHECK(names ==
        std::vector<std::string>{"a", "a.d/", "a.d/pipe", "b/", "b/.wh.gone", "b/s", "b/sub/", "b/sub/.wh..wh..opq", "b/sub/link", "b/z"});
}

TEST_CASE("an entry says what the file system says, whiteouts say nothing") {
  const Tree tree;
  fill(tree, 123'456'789);
  const auto entries = read_tar(tar_of(tree.root));
  const auto& suid = entries.at(0).first;
  CHECK(suid.mode == 04755);
  CHECK(suid.uid == ::geteuid());
  CHECK(suid.mtime_s == 1'600'000'000);
  CHECK(suid.mtime_ns == 0);
  CHECK(entries.at(2).first.type == EntryType::fifo);
  CHECK(entries.at(2).first.mode == 0640);
  TarEntry whiteout;
  whiteout.name = "b/.wh.gone";
  CHECK(entries.at(4).first == whiteout);
  CHECK(entries.at(5).first.link_name == "../outside");
  CHECK(entries.at(6).first.xattrs.empty());
  CHECK(entries.at(8).second == "content");
  CHECK(entries.at(9).first.type == EntryType::hard_link);
  CHECK(entries.at(9).first.link_name == "b/sub/link");
}

TEST_CASE("equal trees give equal bytes, whatever the order and fraction of time they were made in") {
  const Tree one, two, blobs;
  fill(one, 0);
  fill(two, 999'999'999);
  const auto layout = make_layout(blobs);
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    const auto first = pack_layer(one.root, layout, {{method, 0}}), second = pack_layer(two.root, layout, {{method, 0}});
    REQUIRE((first && second));
    CHECK(first->descriptor == second->descriptor);
    CHECK(first->diff_id == second->diff_id);
  }
}

TEST_CASE("both digests and all counts of a packed layer are true") {
  const Tree tree, blobs;
  fill(tree, 0);
  tree.root.write_file("large", std::string(3'000'000, 'x') + "end");
  const auto layout = make_layout(blobs);
  const std::string tar = tar_of(tree.root);
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    std::uint64_t last = 0;
    PackOptions options{{method, 0}};
    options.on_bytes = [&](std::uint64_t bytes) { last = bytes; };
    const auto packed = pack_layer(tree.root, layout, options);
    REQUIRE(packed);
    CHECK(packed->diff_id == Digest::of(tar));
    CHECK(packed->tar_bytes == tar.size());
    CHECK(last == tar.size());
    CHECK(packed->entries == 11);
    CHECK(packed->descriptor.media_type == layer_media_type(method));
    const std::string blob = layout.read_blob(packed->descriptor, 1 << 26);
    CHECK(Digest::of(blob) == packed->descriptor.digest);
    CHECK(blob.size() == packed->descriptor.size_bytes);
    const char* tool = method == Compression::gzip ? "gzip" : "zstd";
    if (method != Compression::none && has_tool(tool)) CHECK((run_tool(tool, {"-dc"}, blob) == tar));
  }
}

TEST_CASE("GNU tar unpacks what was packed to an equal tree") {
  if (!has_tool("tar")) return;
  const Tree tree, copy;
  tree.root.make_dirs("d");
  tree.root.write_file("d/" + std::string(200, 'n'), std::string(100'000, 'c'));
  tree.root.write_file("d/\xff raw", "");
  REQUIRE(::symlinkat(std::string(300, 't').c_str(), tree.root.fd(), "d/s") == 0);
  const std::string tar = tar_of(tree.root);
  run_tool("tar", {"-C", copy.path(), "-xf", "-"}, tar);
  CHECK((tar_of(copy.root) == tar));
}

TEST_CASE("an empty directory is no layer, nor is one that holds only sockets") {
  const Tree tree, blobs;
  const auto layout = make_layout(blobs);
  CHECK_FALSE(pack_layer(tree.root, layout, {}));
  REQUIRE(::mknodat(tree.root.fd(), "socket", S_IFSOCK | 0600, 0) == 0);
  CHECK_FALSE(pack_layer(tree.root, layout, {}));
  CHECK(layout.list_blobs().empty());
}

TEST_CASE("a file whose other names are elsewhere is a file") {
  const Tree tree, elsewhere;
  elsewhere.root.write_file("f", "x");
  REQUIRE(::linkat(elsewhere.root.fd(), "f", tree.root.fd(), "f", 0) == 0);
  const auto entries = read_tar(tar_of(tree.root));
  CHECK(entries.at(0).first.type == EntryType::file);
  CHECK(entries.at(0).second == "x");
}

TEST_CASE("xattrs go by the allow-list") {
  const Tree tree;
  tree.root.write_file("f", "");
  for (const char* name : {"user.mine", "user.overlay.origin", "user.rootlesscontainers"}) set_user_xattr(tree, "f", name, "v");
  const auto entry = read_tar(tar_of(tree.root)).at(0).first;
  CHECK(entry.xattrs == std::map<std::string, std::string>{{"user.mine", "v"}});
}

TEST_CASE("an owner that could only be recorded is the owner in the layer") {
  const Tree tree;
  tree.root.write_file("f", "");
  set_user_xattr(tree, "f", k_xattr_owner, encode_owner({33, 300}));
  const auto entry = read_tar(tar_of(tree.root)).at(0).first;
  CHECK(entry.uid == 33);
  CHECK(entry.gid == 300);
}

TEST_CASE("the record of an owner is what umoci writes") {
  CHECK(encode_owner({1, 0}) == std::string("\x08\x01", 2));
  CHECK(encode_owner({0, 300}) == std::string("\x10\xac\x02", 3));
  CHECK(decode_owner(encode_owner({4294967294, 127})) == Owner{4294967294, 127});
  for (const std::string bad :
       {"\x08", "\x08\xff", "\x1a\x01", "\x08\xff\xff\xff\xff\x0f", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"})
    CHECK_FALSE(decode_owner(bad));
}

TEST_CASE("file capabilities lose the user namespace that set them") {
  const std::string v3 = std::string("\x01\x00\x00\x03", 4) + std::string(16, '\x7f') + std::string("\xe8\x03\0\0", 4);
  CHECK(normalise_capability(v3) == std::string("\x01\x00\x00\x02", 4) + std::string(16, '\x7f'));
  CHECK(normalise_capability(normalise_capability(v3)) == normalise_capability(v3));
  if (!is_root() || !has_tool("setcap")) {
    WARN("skipped: setting a capability needs root and setcap");
    return;
  }
  const Tree tree;
  tree.root.write_file("f", "");
  run_tool("setcap", {"cap_net_raw+ep", tree.path("f")});
  const auto entry = read_tar(tar_of(tree.root)).at(0).first;
  CHECK(entry.xattrs.at("security.capability") == std::string("\x01\0\0\x02\0\x20", 6) + std::string(14, '\0'));
}

TEST_CASE("trees that do not hold their own content, or fake a deletion, are refused") {
  const Tree redirected;
  redirected.root.make_dirs("d");
  set_user_xattr(redirected, "d", "user.overlay.redirect", "/other");
  CHECK_THROWS_WITH(tar_of(redirected.root), Catch::Contains("redirect"));
  const Tree faked;
  faked.root.write_file(".wh.x", "");
  CHECK_THROWS_WITH(tar_of(faked.root), Catch::Contains(".wh.x"));
}

TEST_CASE("a file that changes while it is read is an error") {
  const Tree tree;
  tree.root.write_file("f", std::string(1 << 20, 'x'));
  const auto fd = tree.root.open_at("f", O_WRONLY);
  const auto pack_while = [&](auto change) {
    bool done = false;
    write_layer_tar(tree.root, OverlayXattr::user, [&](std::string_view) {
      if (!std::exchange(done, true)) change();
    });
  };
  CHECK_THROWS_WITH(pack_while([&] { REQUIRE(::ftruncate(fd.get(), 600'000) == 0); }), Catch::Contains("changed while it was read"));
  tree.root.write_file("f", std::string(1 << 20, 'x'));
  CHECK_THROWS_WITH(pack_while([&] { REQUIRE(::pwrite(fd.get(), "y", 1, 1 << 20) == 1); }), Catch::Contains("changed while it was read"));
}

TEST_CASE("a deep tree is packed with few descriptors") {
  // Without openat2 (old kernels, qemu's user emulation) the resolver walks and holds a descriptor for each component.
  if (::syscall(SYS_openat2, -1, "", nullptr, 0) < 0 && errno == ENOSYS) {
    WARN("skip: openat2 is missing here");
    return;
  }
  const Tree tree, copy;
  Root deep = tree.root.duplicate();
  for (int i = 0; i < 900; ++i) {
    REQUIRE(::mkdirat(deep.fd(), "d", 0755) == 0);
    deep = deep.subroot("d");
    deep.write_file("f", "");
  }
  rlimit before{}, few{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  few = before;
  few.rlim_cur = 100;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const std::string tar = tar_of(tree.root);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(names_of(tar).size() == 1800);
  extract(tar, copy);
  CHECK((names_of(tar_of(copy.root)) == names_of(tar)));
}
