// SPDX-License-Identifier: Apache-2.0
#include "util/owner_table.h"

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/hash.h"

#include <catch2/catch.hpp>

using namespace jcb;
using namespace jcb::util;

namespace {

OwnerTable make_table() {
  OwnerTable table;
  table.set("b", {{33, 34}, {}});
  table.set("a/with\nnewline", {{4294967294, 0}, {}});
  table.set("dev/null", {{0, 0}, DeviceNode{false, 1, 3}});
  table.set("dev/sda", {{0, 6}, DeviceNode{true, 8, 0}});
  return table;
}

// A table file with this body and a right check.
std::string file_of(const std::string& entries) {
  const std::string body = "jcbuild-owners 1\n" + entries;
  return body + "sha256 " + sha256_hex(body) + "\n";
}

}  // namespace

TEST_CASE("a table is read back as it was written, and written the same") {
  const auto table = make_table();
  const std::string text = table.serialize();
  CHECK(OwnerTable::parse(text, "t") == table);
  CHECK(OwnerTable::parse(text, "t").serialize() == text);
  CHECK(OwnerTable::parse(OwnerTable{}.serialize(), "t").empty());
  CHECK(text == file_of(std::string("4294967294 0 - a/with\nnewline\0", 30) + std::string("33 34 - b\0", 10) +
                        std::string("0 0 c1:3 dev/null\0", 18) + std::string("0 6 b8:0 dev/sda\0", 17)));
}

TEST_CASE("what the file system tells is not in the table") {
  auto table = make_table();
  table.set("root's", {});
  table.set("b", {});
  CHECK(table.entries().size() == 3);
  CHECK(table.find("b") == OwnerEntry{});
  CHECK(table.find("dev/sda").owner == FileOwner{0, 6});
}

TEST_CASE("entries of paths that are gone are dropped") {
  const TempDir top("/tmp");
  top.root().write_file("b", "");
  top.root().make_dirs("dev");
  auto table = make_table();
  table.keep_existing(top.root());
  CHECK(table.entries().size() == 1);
  CHECK(table.find("b").owner == FileOwner{33, 34});
}

TEST_CASE("a damaged table is refused") {
  const std::string good = make_table().serialize();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    CHECK_THROWS_AS(OwnerTable::parse(bad, "t"), Error);
    CHECK_THROWS_AS(OwnerTable::parse(good.substr(0, i), "t"), Error);
  }
}

TEST_CASE("a table that nobody would write is refused") {
  const auto entry = [](std::string text) { return text + '\0'; };
  for (const auto& body : {entry("1 1 - b") + entry("1 1 - a"), entry("1 1 - a") + entry("2 2 - a"), entry("0 0 - a"), entry("1 1 - "),
                           entry("1 1 - /a"), entry("01 1 - a"), entry("-1 1 - a"), entry("4294967295 1 - a"), entry("1 1 c1 a"),
                           entry("1 1 x1:2 a"), entry("1 1 c:2 a"), entry("1 1"), std::string("1 1 - a")})
    CHECK_THROWS_AS(OwnerTable::parse(file_of(body), "t"), Error);
}
