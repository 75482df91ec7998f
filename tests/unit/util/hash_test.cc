// SPDX-License-Identifier: Apache-2.0
#include "util/hash.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;

namespace {

std::string hash(const char* algorithm, std::string_view text) {
  util::Hasher hasher(algorithm);
  for (const char c : text) hasher.update({&c, 1});
  return hasher.hex();
}

}  // namespace

TEST_CASE("hashes are those of FIPS 180-4") {
  CHECK(util::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("sha256", "abc") == util::sha256_hex("abc"));
  CHECK(hash("sha384", "abc") == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  CHECK(hash("sha512", "abc") ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  CHECK_THROWS_AS(util::Hasher("md5"), Error);
}

TEST_CASE("a hash goes on where another object was saved") {
  util::ResumableSha256 first;
  first.update("a hash that ");
  first.update(std::string(1000, 'x'));
  util::ResumableSha256 second;
  REQUIRE(second.load(first.save()));
  first.update(" goes on");
  second.update(" goes on");
  const std::string expected = util::sha256_hex("a hash that " + std::string(1000, 'x') + " goes on");
  CHECK(first.hex() == expected);
  CHECK(second.hex() == expected);
  CHECK(second.hex() == expected);
}

TEST_CASE("what cannot be the state of a hash is refused") {
  util::ResumableSha256 hash;
  const std::string state = hash.save();
  CHECK_FALSE(hash.load({}));
  CHECK_FALSE(hash.load(state.substr(1)));
  CHECK_FALSE(hash.load(std::string(state.size(), '\xff')));
  CHECK(hash.hex() == util::sha256_hex(""));
}
