// SPDX-License-Identifier: Apache-2.0
#include "compose/package_key.h"

#include <catch2/catch.hpp>

using namespace jcb;

TEST_CASE("a package key covers inputs, dependencies, what is below and the compression") {
  const compose::PackageKey key{"inputs", {"b", "a"}, {oci::Digest::of("x")}, "zstd"};
  auto other = key;
  other.dependencies = {"a", "b"};
  CHECK(other.hex() == key.hex());
  other = key, other.inputs = "changed";
  CHECK(other.hex() != key.hex());
  other = key, other.dependencies = {"a"};
  CHECK(other.hex() != key.hex());
  other = key, other.built_on.push_back(oci::Digest::of("y"));
  CHECK(other.hex() != key.hex());
  other = key, other.compression = "gzip";
  CHECK(other.hex() != key.hex());
}
