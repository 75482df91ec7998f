// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/tar.h"

#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/pax.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace jcb::oci;
using namespace jcb::test;

namespace {

std::string file_block(const std::string& name, const std::string& content) {
  return RawHeader{name, '0', octal_size(content.size())}.block() + padded(content);
}

std::string refusal(const std::string& bytes, const TarLimits& limits = {}) {
  return invalid_message([&] { read_tar(bytes, limits); });
}

std::string refusal_of(const RawHeader& header) { return refusal(header.block() + k_tar_end); }

// A GNU long name (type L or K).
std::string long_name(const std::string& name, char type) {
  return RawHeader{"././@LongLink", type, octal_size(name.size() + 1), "", "ustar  "}.block() + padded(name + '\0');
}

std::string old_sparse_pair(std::uint64_t offset, std::uint64_t size) { return octal_size(offset) + '\0' + octal_size(size) + '\0'; }

}  // namespace

TEST_CASE("GNU tar's archives are read in all its formats") {
  if (!has_tool("tar")) return;
  const Tree tree;
  const std::string deep = "d/" + std::string(120, 'x') + "/" + std::string(120, 'y');
  tree.root.make_dirs(deep);
  tree.root.write_file("d/file", "content");
  tree.root.write_file(deep + "/" + std::string(110, 'z'), "deep");
  REQUIRE(::linkat(tree.root.fd(), "d/file", tree.root.fd(), "d/hard", 0) == 0);
  REQUIRE(::symlinkat(std::string(200, 't').c_str(), tree.root.fd(), "d/long") == 0);
  for (const std::string format : {"gnu", "pax", "oldgnu", "posix"}) {
    INFO(format);
    const auto entries = read_tar(run_tool("tar", {"--format=" + format, "--sort=name", "-C", tree.path(), "-cf", "-", "d"}));
    REQUIRE(entries.size() == 7);
    CHECK(entries[0].first.name == "d/");
    CHECK(entries[0].first.type == EntryType::directory);
    CHECK(entries[1].first.name == "d/file");
    CHECK(entries[1].second == "content");
    CHECK(entries[2].first.type == EntryType::hard_link);
    CHECK(entries[2].first.link_name == "d/file");
    CHECK(entries[3].first.link_name == std::string(200, 't'));
    CHECK(entries[6].first.name == deep + "/" + std::string(110, 'z'));
    CHECK(entries[6].second == "deep");
  }
}

TEST_CASE("v7 and ustar archives of GNU tar are read") {
  if (!has_tool("tar")) return;
  const Tree tree;
  tree.root.make_dirs("d");
  tree.root.write_file("d/file", "content");
  for (const std::string format : {"v7", "ustar"}) {
    const auto entries = read_tar(run_tool("tar", {"--format=" + format, "--sort=name", "-C", tree.path(), "-cf", "-", "d"}));
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].first.type == EntryType::directory);
    CHECK(entries[1].second == "content");
  }
}

TEST_CASE("sparse files are read in all of GNU tar's forms") {
  if (!has_tool("tar")) return;
  const Tree tree;
  const auto fd = tree.root.open_at("sparse", O_RDWR | O_CREAT, 0600);
  // Enough parts for old GNU's continuation blocks.
  for (int i = 1; i <= 60; ++i) REQUIRE(::pwrite(fd.get(), "data", 4, i * 262'144L) == 4);
  REQUIRE(::ftruncate(fd.get(), 61 * 262'144L + 77) == 0);
  const std::string expected = tree.read("sparse");
  for (const std::vector<std::string>& form : std::vector<std::vector<std::string>>{{"--format=gnu"},
                                                                                    {"--format=pax", "--sparse-version=0.0"},
                                                                                    {"--format=pax", "--sparse-version=0.1"},
                                                                                    {"--format=pax", "--sparse-version=1.0"}}) {
    INFO(form.back());
    std::vector<std::string> arguments = form;
    for (const char* argument : {"-S", "-C", tree.directory.path().c_str(), "-cf", "-", "sparse"}) arguments.emplace_back(argument);
    const std::string tar = run_tool("tar", arguments);
    REQUIRE(tar.size() < 2'000'000);
    const auto entries = read_tar(tar);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].first.name == "sparse");
    CHECK(entries[0].first.size_bytes == expected.size());
    CHECK((entries[0].second == expected));
  }
}

TEST_CASE("Python's archives with non-UTF-8 names and exact times are read") {
  if (!has_tool("python3")) return;
  const std::string script =
      "import sys,tarfile,io\n"
      "t=tarfile.open(fileobj=sys.stdout.buffer,mode='w|',format=tarfile.PAX_FORMAT,encoding='utf-8',errors='surrogateescape')\n"
      "i=tarfile.TarInfo('x'*99+'\\udcff\\udcfe'); i.size=3; i.mtime=1.25; i.uid=5000000; i.pax_headers={'SCHILY.xattr.user.k':'v'}\n"
      "t.addfile(i,io.BytesIO(b'abc'))\n"
      "t.close()\n";
  const auto entries = read_tar(run_tool("python3", {"-c", script}));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].first.name == std::string(99, 'x') + "\xff\xfe");
  CHECK(entries[0].first.mtime_s == 1);
  CHECK(entries[0].first.mtime_ns == 250'000'000);
  CHECK(entries[0].first.uid == 5'000'000);
  CHECK(entries[0].first.xattrs.at("user.k") == "v");
  CHECK(entries[0].second == "abc");
}

TEST_CASE("a pax size beats the header's, so no hidden entry appears") {
  // TARmageddon (CVE-2025-62518): the header says 0 bytes, pax says that an inner archive is content.
  const std::string inner = file_block("hidden", "evil") + k_tar_end;
  const std::string tar = pax_header(make_pax_record("size", std::to_string(inner.size()))) + RawHeader{"outer"}.block() + padded(inner) +
                          file_block("last", "x") + k_tar_end;
  const auto entries = read_tar(tar);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].first.name == "outer");
  CHECK(entries[0].second == inner);
  CHECK(entries[1].first.name == "last");
}

TEST_CASE("pax beats ustar and GNU numbers for every field, the last record wins") {
  const std::string records = make_pax_record("path", "first") + make_pax_record("path", "long/name") +
                              make_pax_record("linkpath", "target") + make_pax_record("uid", "12") + make_pax_record("gid", "4294967294") +
                              make_pax_record("mtime", "-1.75") + make_pax_record("comment", "nothing");
  const auto entries = read_tar(pax_header(records) + RawHeader{"short", '2', octal_size(0), "other"}.block() + k_tar_end);
  REQUIRE(entries.size() == 1);
  const auto& entry = entries[0].first;
  CHECK(entry.name == "long/name");
  CHECK(entry.link_name == "target");
  CHECK(entry.uid == 12);
  CHECK(entry.gid == 4294967294);
  CHECK(entry.mtime_s == -2);
  CHECK(entry.mtime_ns == 250'000'000);
}

TEST_CASE("global pax headers hold until they are ended") {
  const std::string tar = pax_header(make_pax_record("uid", "7") + make_pax_record("comment", "c"), 'g') + file_block("a", "") +
                          pax_header(make_pax_record("uid", "8")) + file_block("b", "") + pax_header(make_pax_record("uid", ""), 'g') +
                          file_block("c", "") + k_tar_end;
  const auto entries = read_tar(tar);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].first.uid == 7);
  CHECK(entries[1].first.uid == 8);
  CHECK(entries[2].first.uid == 0);
  CHECK_THAT(refusal(pax_header(make_pax_record("path", "x"), 'g') + file_block("a", "") + k_tar_end), Catch::Contains("global"));
}

TEST_CASE("base-256 numbers are read, signed ones refused where there is no sign") {
  RawHeader header{"big"};
  header.patches = {{108, std::string("\x80\0\0\0\x01\0\0\0", 8)}, {136, std::string(11, '\xff') + '\xfe'}};
  CHECK(read_tar(header.block() + k_tar_end)[0].first.uid == 1U << 24);
  CHECK(read_tar(header.block() + k_tar_end)[0].first.mtime_s == -2);
  header.patches = {{108, std::string(8, '\xff')}};
  CHECK_THAT(refusal_of(header), Catch::Contains("bad owner"));
  header.patches = {{124, std::string(12, '\xff')}};
  CHECK_THAT(refusal_of(header), Catch::Contains("bad size"));
  header.patches = {{124, std::string("\x80\x7f", 2) + std::string(10, '\xff')}};
  CHECK_THAT(refusal_of(header), Catch::Contains("bad size"));
}

TEST_CASE("malformed headers are refused and named") {
  RawHeader header{"victim\x1b[31m", '0', "0000000000x"};
  CHECK(refusal_of(header) == "t.tar: entry 'victim\\x1b[31m': bad size");
  CHECK_THAT(refusal_of(RawHeader{"odd", 'q'}), Catch::Contains("unknown type 'q'"));
  CHECK_THAT(refusal_of(RawHeader{"", '0'}), Catch::Contains("without a name"));
  CHECK_THAT(refusal_of(RawHeader{"l", '2'}), Catch::Contains("without a target"));
  std::string damaged = file_block("name", "content");
  damaged[3] = 'X';
  CHECK_THAT(refusal(damaged + k_tar_end), Catch::Contains("checksum"));
}

TEST_CASE("archives that end too early or not at all are refused") {
  const std::string tar = TarText().file("a", "content").finish();
  for (const std::size_t keep :
       {std::size_t{0}, std::size_t{100}, std::size_t{512}, std::size_t{600}, std::size_t{1024}, std::size_t{1300}}) {
    INFO(keep);
    CHECK_THAT(refusal(tar.substr(0, keep)), Catch::Contains("truncated"));
  }
  CHECK(read_tar(tar.substr(0, 1536)).size() == 1);  // one zero block, then the end
  CHECK(read_tar(tar + std::string(9000, '\0')).size() == 1);
  CHECK_THAT(refusal(tar + file_block("b", "")), Catch::Contains("after the end"));
  CHECK_THAT(refusal(std::string(512, '\0') + tar), Catch::Contains("lone zero block"));
}

TEST_CASE("bombs in headers meet their limits") {
  CHECK_THAT(refusal(RawHeader{"x", 'x', octal_size(64U << 20)}.block()), Catch::Contains("pax header is larger"));
  CHECK_THAT(refusal(RawHeader{"x", 'L', octal_size(1U << 20)}.block()), Catch::Contains("GNU long name is larger"));
  CHECK_THAT(refusal(pax_header(make_pax_record("path", std::string(5000, 'p'))) + file_block("a", "") + k_tar_end),
             Catch::Contains("longer than 4096"));
  CHECK_THAT(refusal(RawHeader{"f", '0', "77777777777"}.block() + k_tar_end, {.file_bytes = 1000}), Catch::Contains("larger than 1000"));
  std::string records;
  for (int i = 0; i < 1001; ++i) records += make_pax_record("SCHILY.xattr.user." + std::to_string(i), "v");
  CHECK_THAT(refusal(pax_header(records) + file_block("a", "") + k_tar_end), Catch::Contains("too many xattrs"));
  CHECK_THAT(refusal(pax_header(make_pax_record("SCHILY.xattr.user.a", std::string(70'000, 'v'))) + file_block("a", "") + k_tar_end),
             Catch::Contains("too many xattrs"));
  std::string globals;
  for (int i = 0; i < 20; ++i) globals += pax_header(make_pax_record("k" + std::to_string(i), std::string(100'000, 'v')), 'g');
  CHECK_THAT(refusal(globals + k_tar_end), Catch::Contains("global pax headers are too large"));
}

TEST_CASE("malformed pax records are refused") {
  for (const char* records :
       {"5 a=b", "6 a=b\nx", "x a=b\n", "06a=b\n", "4 =\n", "5 ab\n", "999 a=b\n", "6 =ab\n", "-6 a=b\n", "0 a=b\n", " a=b\n"}) {
    INFO(records);
    CHECK_THAT(refusal(pax_header(records) + file_block("a", "") + k_tar_end), Catch::Contains("malformed pax record"));
  }
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"size", "-1"},
                                                                                   {"size", "1e3"},
                                                                                   {"size", "99999999999999999999"},
                                                                                   {"uid", "4294967296"},
                                                                                   {"gid", "0x10"},
                                                                                   {"mtime", "1.2.3"},
                                                                                   {"mtime", "now"}}) {
    INFO(key << "=" << value);
    CHECK_THAT(refusal(pax_header(make_pax_record(key, value)) + file_block("a", "") + k_tar_end), Catch::Contains("in a pax record"));
  }
  CHECK_THAT(refusal(pax_header(make_pax_record("path", std::string("a\0b", 3))) + file_block("a", "") + k_tar_end),
             Catch::Contains("NUL"));
}

TEST_CASE("an extension header belongs to exactly one entry") {
  const std::string pax = pax_header(make_pax_record("path", "p"));
  CHECK_THAT(refusal(pax + k_tar_end), Catch::Contains("without an entry"));
  CHECK_THAT(refusal(pax + pax + file_block("a", "") + k_tar_end), Catch::Contains("two pax headers"));
  CHECK_THAT(refusal(long_name("l", 'L') + long_name("m", 'L') + file_block("a", "") + k_tar_end), Catch::Contains("two GNU long names"));
  CHECK_THAT(refusal(pax + long_name("l", 'L') + file_block("a", "") + k_tar_end), Catch::Contains("and by a GNU long name"));
  CHECK_THAT(refusal(long_name("", 'L') + file_block("a", "") + k_tar_end), Catch::Contains("empty GNU long name"));
}

TEST_CASE("bad sparse maps are refused") {
  const auto pax_sparse = [](const std::string& map, const std::string& size, const std::string& content) {
    return pax_header(make_pax_record("GNU.sparse.map", map) + make_pax_record("GNU.sparse.size", size)) + file_block("s", content) +
           k_tar_end;
  };
  CHECK(read_tar(pax_sparse("2,3", "10", "abc"))[0].second == std::string("\0\0abc\0\0\0\0\0", 10));
  CHECK(read_tar(pax_sparse("", "4", ""))[0].second == std::string(4, '\0'));
  for (const char* map :
       {"2,9", "2,3,1", "5,1,2,2", "2,2,3,1", "11,3", "18446744073709551615,3", "2,18446744073709551615", "a,3", "2,4", "2,2"}) {
    INFO(map);
    CHECK_THAT(refusal(pax_sparse(map, "10", "abc")), Catch::Contains("sparse map"));
  }
  CHECK_THAT(refusal(pax_sparse("0,3", "99999999999999", "abc")), Catch::Contains("larger than"));
  CHECK_THAT(refusal(pax_header(make_pax_record("GNU.sparse.map", "0,3")) + file_block("s", "abc") + k_tar_end),
             Catch::Contains("real size"));
}

TEST_CASE("sparse map bombs meet their limit") {
  const std::string version = make_pax_record("GNU.sparse.major", "1") + make_pax_record("GNU.sparse.minor", "0");
  const std::string sparse = version + make_pax_record("GNU.sparse.realsize", "1000");
  CHECK_THAT(refusal(pax_header(sparse) + file_block("s", padded("999999999\n")) + k_tar_end), Catch::Contains("more than 65536 parts"));
  CHECK_THAT(refusal(pax_header(sparse) + file_block("s", std::string(600, '1')) + k_tar_end), Catch::Contains("sparse map"));
  CHECK_THAT(refusal(pax_header(sparse) + file_block("s", "1\n0\n3") + k_tar_end), Catch::Contains("sparse map"));
  std::string map;
  for (int i = 0; i < 70'000; ++i) map += std::to_string(i) + ",0,";
  const std::string records = make_pax_record("GNU.sparse.map", map) + make_pax_record("GNU.sparse.size", "100000");
  CHECK_THAT(refusal(pax_header(records) + file_block("s", "") + k_tar_end), Catch::Contains("more than 65536 parts"));
}

TEST_CASE("old GNU sparse headers are checked as well") {
  RawHeader header{"s", 'S', octal_size(3), "", "ustar  "};
  header.patches = {{386, old_sparse_pair(4, 3)}, {483, octal_size(10)}};
  CHECK(read_tar(header.block() + padded("abc") + k_tar_end)[0].second == std::string("\0\0\0\0abc\0\0\0", 10));
  header.patches = {{386, old_sparse_pair(4, 3)}, {483, octal_size(5)}};
  CHECK_THAT(refusal(header.block() + padded("abc") + k_tar_end), Catch::Contains("sparse map"));
  header.magic = std::string("ustar\00000", 8);
  CHECK_THAT(refusal(header.block() + padded("abc") + k_tar_end), Catch::Contains("malformed sparse header"));
}

TEST_CASE("sizes of entries without content mean nothing, a hard link's content is skipped") {
  RawHeader directory{"d/", '5', octal_size(4096)};
  RawHeader link{"h", '1', octal_size(4), "d/x"};
  const auto entries = read_tar(directory.block() + link.block() + padded("data") + file_block("f", "1") + k_tar_end);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].first.size_bytes == 0);
  CHECK(entries[1].second.empty());
  CHECK(entries[2].second == "1");
}

TEST_CASE("no damaged byte makes the reader do anything but read or refuse") {
  const std::string tar = pax_header(make_pax_record("SCHILY.xattr.user.a", "b") + make_pax_record("GNU.sparse.map", "1,2,5,1") +
                                     make_pax_record("GNU.sparse.size", "9")) +
                          file_block("s", "abc") + long_name(std::string(200, 'n'), 'L') + file_block("x", "y") + k_tar_end;
  for (std::size_t i = 0; i + 1024 < tar.size(); ++i) {
    for (const char flip : {'\x01', '\x10', '\x80', '\xff'}) {
      std::string damaged = tar;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      // The checksum is put right again, so that the damage gets as far as it can.
      const std::size_t start = i / 512 * 512;
      TarBlock block;
      std::copy_n(damaged.data() + start, 512, block.data());
      std::array<char, 8> sum{};
      std::snprintf(sum.data(), sum.size(), "%06o", tar_checksum(block));
      if (damaged.compare(start + 257, 5, "ustar") == 0) damaged.replace(start + 148, 7, sum.data(), 7);
      try {
        read_tar(damaged);
      } catch (const jcb::Error& error) {
        REQUIRE(error.kind() == jcb::ErrorKind::invalid);
      }
    }
  }
}
