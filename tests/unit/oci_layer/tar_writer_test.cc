// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/tar.h"

#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/pax.h"

#include <catch2/catch.hpp>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::Error;

namespace {

TarEntry plain(EntryType type, std::string name, std::string link_name = {}) {
  TarEntry entry = make_entry(type, std::move(name), std::move(link_name), 0755);
  entry.uid = entry.gid = 0;
  return entry;
}

// One entry of every kind and every value that does not fit into ustar.
std::vector<TarEntry> difficult_entries() {
  std::vector<TarEntry> entries;
  const std::string part(90, 'p');
  entries.push_back(plain(EntryType::directory, "d/"));
  entries.push_back(plain(EntryType::file, part + "/" + part));      // splits into prefix and name
  entries.push_back(plain(EntryType::file, std::string(101, 'n')));  // does not split
  entries.push_back(plain(EntryType::file, part + "/" + part + "/" + part + "/" + part));
  entries.push_back(plain(EntryType::directory, std::string(150, 'D') + "/"));
  entries.push_back(plain(EntryType::symbolic_link, "s", std::string(3000, 't')));
  entries.push_back(plain(EntryType::hard_link, "h", part + "/" + part));
  entries.push_back(plain(EntryType::fifo, "f"));
  entries.push_back(plain(EntryType::character_device, "c"));
  entries.back().device_major = 1, entries.back().device_minor = 3;
  entries.push_back(plain(EntryType::block_device, "b"));
  entries.back().device_major = 259, entries.back().device_minor = 070000;
  entries.push_back(plain(EntryType::file, "owner"));
  entries.back().uid = 2097152, entries.back().gid = 4294967294;
  entries.push_back(plain(EntryType::file, "xattrs"));
  entries.back().xattrs = {{"user.a", "1"}, {"user.empty", ""}, {"security.capability", std::string("\x01\0\0\x02\n=", 6)}};
  entries.push_back(plain(EntryType::file, "before 1970"));
  entries.back().mtime_s = -2, entries.back().mtime_ns = 500'000'000;
  entries.push_back(plain(EntryType::file, "late"));
  entries.back().mtime_s = 077777777777 + std::int64_t{1};
  entries.push_back(plain(EntryType::file, "\xff\xfe not utf-8 \n"));
  entries.push_back(plain(EntryType::file, std::string(120, '\xe9')));
  return entries;
}

std::string write(const std::vector<TarEntry>& entries) {
  TarText tar;
  for (const auto& entry : entries) tar.add(entry);
  return tar.finish();
}

}  // namespace

TEST_CASE("what the writer writes the reader reads") {
  const auto entries = difficult_entries();
  const auto back = read_tar(write(entries));
  REQUIRE(back.size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    INFO(entries[i].name);
    CHECK(back[i].first == entries[i]);
  }
}

TEST_CASE("GNU tar lists the names, modes, owners and times that were written") {
  if (!has_tool("tar")) return;
  TarText tar;
  tar.add(plain(EntryType::directory, "d"));
  auto file = plain(EntryType::file, std::string(90, 'p') + "/" + std::string(150, 'n'));
  file.uid = 3'000'000, file.mode = 04711;
  tar.add(file, "12345");
  tar.add(plain(EntryType::hard_link, "h", "d/f"));
  tar.add(plain(EntryType::symbolic_link, "s", "../x"));
  const std::string list = run_tool("tar", {"--numeric-owner", "--full-time", "-tvf", "-"}, tar.finish());
  CHECK(list ==
        "drwxr-xr-x 0/0               0 2020-09-13 12:26:40 d/\n"
        "-rws--x--x 3000000/0         5 2020-09-13 12:26:40 " +
            file.name +
            "\n"
            "hrwxr-xr-x 0/0               0 2020-09-13 12:26:40 h link to d/f\n"
            "lrwxr-xr-x 0/0               0 2020-09-13 12:26:40 s -> ../x\n");
}

TEST_CASE("Python's tarfile reads every difficult entry as it was written") {
  if (!has_tool("python3")) return;
  const auto entries = difficult_entries();
  const std::string script =
      "import io,sys,tarfile\n"
      "t=tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()),mode='r:',encoding='utf-8',errors='surrogateescape')\n"
      "for m in t:\n"
      "  x=sorted(k for k in m.pax_headers if k.startswith('SCHILY'))\n"
      "  sys.stdout.buffer.write(repr((m.name.encode('utf-8','surrogateescape'),m.linkname.encode(),m.type,m.mode,m.uid,m.gid,"
      "float(m.mtime),m.devmajor,m.devminor,len(x))).encode()+b'\\0')\n";
  const std::string out = run_tool("python3", {"-c", script}, write(entries));
  for (const char* expected :
       {"b'before 1970', b'', b'0', 493, 0, 0, -1.5, 0, 0, 0)", "b'late', b'', b'0', 493, 0, 0, 8589934592.0",
        "b'owner', b'', b'0', 493, 2097152, 4294967294", "b'c', b'', b'3', 493, 0, 0, 1600000000.0, 1, 3",
        "b'b', b'', b'4', 493, 0, 0, 1600000000.0, 259, 28672", "b'xattrs', b'', b'0', 493, 0, 0, 1600000000.0, 0, 0, 3)",
        "b'\\xff\\xfe not utf-8 \\n'", "b'\\xe9\\xe9\\xe9"})
    CHECK_THAT(out, Catch::Contains(expected));
  CHECK(static_cast<std::size_t>(std::count(out.begin(), out.end(), '\0')) == entries.size());
}

TEST_CASE("an entry that fits into ustar has no pax header") {
  TarText tar;
  tar.add(plain(EntryType::file, std::string(90, 'p') + "/" + std::string(90, 'n')), "x");
  CHECK(tar.finish().size() == 512 + 512 + 1024);
}

TEST_CASE("what tar cannot hold is refused") {
  CHECK_THROWS_AS(write({plain(EntryType::file, "")}), Error);
  CHECK_THROWS_AS(write({plain(EntryType::file, std::string("a\0b", 3))}), Error);
  CHECK_THROWS_AS(write({plain(EntryType::symbolic_link, "s")}), Error);
  auto entry = plain(EntryType::file, "x");
  entry.xattrs["user.a=b"] = "1";
  CHECK_THROWS_AS(write({entry}), Error);
  entry = plain(EntryType::character_device, "x");
  entry.device_minor = 1U << 22;
  CHECK_THROWS_AS(write({entry}), Error);
}

TEST_CASE("content must add up to the size") {
  TarWriter writer([](std::string_view) {});
  TarEntry entry = plain(EntryType::file, "x");
  entry.size_bytes = 3;
  writer.entry(entry);
  writer.content("ab");
  CHECK_THROWS_AS(writer.finish(), std::logic_error);
  CHECK_THROWS_AS(writer.content("cd"), std::logic_error);
}

TEST_CASE("a pax record's length counts its own digits") {
  for (std::size_t size = 0; size < 2000; ++size) {
    const std::string record = make_pax_record("k", std::string(size, 'v'));
    REQUIRE(record.starts_with(std::to_string(record.size()) + " "));
    REQUIRE(parse_pax_records(record, "t").front().second.size() == size);
  }
}
