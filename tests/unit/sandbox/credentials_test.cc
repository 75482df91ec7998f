// SPDX-License-Identifier: Apache-2.0
#include "sandbox/credentials.h"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace jcb::sandbox;

TEST_CASE("root becomes anybody, for good") {
  IdSet ids;
  REQUIRE(ids.set(1000, true) == 0);
  CHECK(ids == IdSet::all(1000));
  CHECK(ids.set(0, false) == EPERM);
  CHECK(ids.set_real_effective(k_keep_id, 0, false) == EPERM);
  CHECK(ids.set_all(0, k_keep_id, k_keep_id, false) == EPERM);
  CHECK(ids == IdSet::all(1000));
}

TEST_CASE("an effective id is changed and changed back while the saved one is kept") {
  IdSet ids;
  REQUIRE(ids.set_all(k_keep_id, 33, k_keep_id, true) == 0);
  CHECK(ids == IdSet{0, 33, 0, 33});
  REQUIRE(ids.set_all(k_keep_id, 0, k_keep_id, false) == 0);
  CHECK(ids == IdSet{});
  REQUIRE(ids.set_real_effective(k_keep_id, 33, true) == 0);
  CHECK(ids == IdSet{0, 33, 33, 33});  // setreuid(2): the saved id follows an effective one that is not the real one
}

TEST_CASE("the file system id is told by setting it to nothing") {
  IdSet ids;
  CHECK(ids.set_file_system(5, true) == 0);
  CHECK(ids.set_file_system(k_keep_id, true) == 5);
  IdSet other = IdSet::all(9);
  CHECK(other.set_file_system(0, false) == 9);
  CHECK(other.file_system == 9);
}

TEST_CASE("only root changes supplementary groups") {
  Credentials credentials;
  CHECK(credentials.set_supplementary({4, 27}) == 0);
  CHECK(credentials.is_member(27));
  CHECK(credentials.is_member(0));
  CHECK_FALSE(credentials.is_member(28));
  credentials.users = IdSet::all(1000);
  CHECK(credentials.set_supplementary({}) == EPERM);
}

TEST_CASE("who was root may change groups after the user, but not to root's") {
  Credentials credentials;
  credentials.was_root = true;
  credentials.users = IdSet::all(33);
  CHECK(credentials.may_change_groups(33));
  CHECK_FALSE(credentials.may_change_groups(0));
  CHECK(credentials.set_supplementary({33}) == 0);
}

TEST_CASE("a set-user-ID program runs as its owner") {
  Credentials credentials{IdSet::all(1000), IdSet::all(1000), {}, false};
  credentials.execute(true, 0, false, 0);
  CHECK(credentials.users == IdSet{1000, 0, 0, 0});
  CHECK(credentials.groups == IdSet::all(1000));
  CHECK(credentials.is_privileged());
}
