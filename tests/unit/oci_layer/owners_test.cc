// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/owners.h"

#include "layer_support.h"
#include "oci/layer/xattr.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace jcb;
using namespace jcb::oci;
using namespace jcb::test;
using jcb::util::OwnerTable;

namespace {

// Unpacks a tar by records, or for real, and writes the tree as a tar again.
std::string pack_again(const std::string& tar, bool with_records, const UnpackOptions& given = {}) {
  const Tree top;
  top.root.write_file("tar", tar);
  top.root.make_dirs("tree");
  const util::Root tree = top.root.subroot("tree");
  util::OwnerRecords records(tree.duplicate());
  UnpackOptions options = given;
  if (with_records) options.records = &records;
  extract_tar(top.root.open_regular("tar").get(), tree, options, "the tar");
  CollectOptions collect;
  collect.inherit_groups = false;
  const OwnerTable owners = collect_owners(tree, records, collect);
  std::string again;
  write_layer_tar(
      tree, OverlayXattr::user, [&](std::string_view bytes) { again += bytes; }, with_records ? &owners : nullptr);
  return again;
}

TarEntry owned(TarEntry entry, std::uint32_t uid, std::uint32_t gid) {
  entry.uid = uid;
  entry.gid = gid;
  return entry;
}

// Everything that has an owner, sorted as our writer would.
std::string make_tar() {
  TarText tar;
  TarEntry device = owned(make_entry(EntryType::character_device, "b", {}, 0620), 0, 5);
  device.device_major = 4;
  device.device_minor = 300;
  TarEntry capable = owned(make_entry(EntryType::file, "capable", {}, 0755), 7, 0);
  if (::geteuid() == 0) capable.xattrs[k_xattr_capability] = std::string("\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  tar.add(owned(make_entry(EntryType::file, "a", {}, 04755), 1000, 1001), "content").add(device).add(capable, "x");
  tar.add(owned(make_entry(EntryType::directory, "d/", {}, 02770), 33, 50)).add(make_entry(EntryType::file, "d/root's"), "r");
  tar.add(owned(make_entry(EntryType::fifo, "e"), 2, 3)).add(owned(make_entry(EntryType::symbolic_link, "f", "a", 0777), 9, 9));
  tar.add(owned(make_entry(EntryType::hard_link, "g", "a", 04755), 1000, 1001));
  return tar.finish();
}

OwnerTable table_of(const std::vector<std::pair<std::string, std::uint32_t>>& entries) {
  OwnerTable table;
  for (const auto& [path, uid] : entries) table.set(path, {{uid, 0}, {}});
  return table;
}

void make_whiteout(const Tree& tree, const std::string& name) {
  REQUIRE(::mknodat(tree.root.fd(), name.c_str(), S_IFCHR, makedev(0, 0)) == 0);
}

}  // namespace

TEST_CASE("a layer unpacked by records is packed to the same bytes") {
  const std::string first = pack_again(make_tar(), true);
  CHECK(pack_again(first, true) == first);
  if (::geteuid() != 0) {
    WARN("skipped the comparison with real owners: not root");
    return;
  }
  CHECK(pack_again(make_tar(), false) == first);
}

TEST_CASE("an entry that replaces another has the owner of its own") {
  TarText tar;
  tar.add(owned(make_entry(EntryType::file, "a"), 5, 5), "1").add(make_entry(EntryType::file, "a"), "2");
  tar.add(owned(make_entry(EntryType::directory, "d/", {}, 0755), 5, 5)).dir("d/");
  tar.add(make_entry(EntryType::file, "x"), "1").add(owned(make_entry(EntryType::file, "x"), 6, 7), "2");
  TarText expected;
  expected.add(make_entry(EntryType::file, "a"), "2").dir("d/");
  expected.add(owned(make_entry(EntryType::file, "x"), 6, 7), "2");
  CHECK(pack_again(tar.finish(), true) == pack_again(expected.finish(), true));
}

TEST_CASE("a merged tree takes each owner from the tree that the file came from") {
  const Tree bottom, top, target;
  for (const char* path : {"both", "low", "gone"}) bottom.root.write_file(path, "");
  for (const char* path : {"both", "high"}) top.root.write_file(path, "");
  bottom.root.make_dirs("d/below");
  top.root.make_dirs("d");
  make_whiteout(top, "gone");
  const auto low = table_of({{"both", 1}, {"low", 2}, {"gone", 3}, {"d", 4}, {"d/below", 5}});
  const auto high = table_of({{"high", 6}});
  OwnerTable merged;
  merge_overlay_directories({&bottom.root, &top.root}, target.root, OverlayXattr::user, [](const std::string&) { return false; },
                            {{&low, &high}, &merged});
  CHECK(merged == table_of({{"low", 2}, {"d/below", 5}, {"high", 6}}));
  CHECK(merge_owners({{&top.root, &high}, {&bottom.root, &low}}, OverlayXattr::user) == merged);
}

TEST_CASE("an owner is found by what the union shows") {
  const Tree bottom, top;
  bottom.root.make_dirs("opaque");
  for (const char* path : {"opaque/old", "low", "gone"}) bottom.root.write_file(path, "");
  set_opaque(top.root.make_dirs("opaque").get(), OverlayXattr::user, "opaque");
  make_whiteout(top, "gone");
  const auto low = table_of({{"opaque", 1}, {"opaque/old", 2}, {"low", 3}, {"gone", 4}});
  const OwnerTable high;
  const std::vector<OwnedTree> trees{{&top.root, &high}, {&bottom.root, &low}};
  const auto uid = [&](const char* path) { return find_owner(trees, path, OverlayXattr::user).owner.uid; };
  CHECK(uid("low") == 3);
  CHECK(uid("opaque") == 0);
  CHECK(uid("opaque/old") == 0);
  CHECK(uid("gone") == 0);
  CHECK(uid("nowhere") == 0);
}

TEST_CASE("a record follows a renamed file and is not inherited by its successor") {
  const Tree tree;
  util::OwnerRecords records(tree.root.duplicate());
  for (int i = 0; i < 300; ++i) {
    tree.root.write_file("a", "");
    util::change_owner(tree.root.fd(), "a", {7, 8}, &records, "a");
    REQUIRE(::unlinkat(tree.root.fd(), "a", 0) == 0);
    tree.root.write_file("s" + std::to_string(i), "");
  }
  CHECK(collect_owners(tree.root, records).empty());
  tree.root.write_file("b", "");
  util::change_owner(tree.root.fd(), "b", {7, util::k_keep_owner}, &records, "b");
  REQUIRE(::renameat(tree.root.fd(), "b", tree.root.fd(), "c") == 0);
  CHECK(collect_owners(tree.root, records) == table_of({{"c", 7}}));
}
