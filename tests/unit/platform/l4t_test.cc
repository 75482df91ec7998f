// SPDX-License-Identifier: Apache-2.0
#include "platform/l4t.h"

#include <catch2/catch.hpp>

using namespace jcb::platform;

namespace {

std::string jetpack(const char* l4t) { return jetpack_of_l4t(Version::parse(l4t)).text(); }
std::string cuda(const char* l4t) { return cuda_of_l4t(Version::parse(l4t)).text(); }

}  // namespace

TEST_CASE("released L4Ts have the JetPack that NVIDIA gave them") {
  const std::pair<const char*, const char*> released[] = {
      {"39.1.0", "7.2"},   {"39.0.0", "7.2"},   {"38.4.0", "7.1"},   {"38.2.1", "7.0"},   {"38.1", "7.0"},     {"36.5.0", "6.2.1"},
      {"36.4.7", "6.2.1"}, {"36.4.4", "6.2.1"}, {"36.4.3", "6.2"},   {"36.4.2", "6.1.1"}, {"36.4.0", "6.1"},   {"36.3.0", "6.0"},
      {"36.2.0", "6.0"},   {"36.0.0", "6.0"},   {"35.6.4", "5.1.6"}, {"35.6.2", "5.1.5"}, {"35.6.1", "5.1.5"}, {"35.6.0", "5.1.4"},
      {"35.5.0", "5.1.3"}, {"35.4.1", "5.1.2"}, {"35.3.1", "5.1.1"}, {"35.2.1", "5.1"},   {"35.1.0", "5.0.2"}, {"34.1.1", "5.0.1"},
      {"34.1.0", "5.0"},   {"32.7.6", "4.6.6"}, {"32.7.1", "4.6.1"}, {"32.6.1", "4.6"},   {"32.5.2", "4.5.1"}, {"32.5.0", "4.5"},
      {"32.4.4", "4.4.1"}, {"32.4.3", "4.4"},   {"32.3.1", "4.3"},   {"32.2.1", "4.2.2"}, {"32.1.0", "4.2"},
  };
  for (const auto& [l4t, expected] : released) {
    INFO(l4t);
    CHECK(jetpack(l4t) == expected);
  }
}

TEST_CASE("a point release newer than the table is taken for its predecessor") {
  CHECK(jetpack("36.4.9") == "6.2.1");
  CHECK(cuda("36.4.9") == "12.6");
  CHECK(jetpack("35.9.9") == "5.1.6");
  CHECK(jetpack("38.9") == "7.1");
  CHECK(cuda("38.9") == "13.0");
  CHECK(jetpack("32.7.9") == "4.6.6");
  CHECK(jetpack("39.9") == "7.2");
}

TEST_CASE("an unknown major release has no JetPack") {
  CHECK(jetpack("37.1").empty());
  CHECK(jetpack("41.0").empty());
  CHECK(cuda("41.0") == "13.2");
  CHECK(cuda("21.5").empty());
}

TEST_CASE("CUDA follows L4T") {
  CHECK(cuda("39.1") == "13.2");
  CHECK(cuda("38.2") == "13.0");
  CHECK(cuda("36.5") == "12.6");
  CHECK(cuda("36.4.3") == "12.6");
  CHECK(cuda("36.3") == "12.4");
  CHECK(cuda("36.2") == "12.2");
  CHECK(cuda("35.4.1") == "11.4");
  CHECK(cuda("32.7.1") == "10.2");
}

TEST_CASE("architectures and distributions follow L4T") {
  CHECK(cuda_architectures_of_l4t(Version::parse("39.1")) == std::vector<int>{87, 110, 120, 121});
  CHECK(cuda_architectures_of_l4t(Version::parse("36.4")) == std::vector<int>{87});
  CHECK(cuda_architectures_of_l4t(Version::parse("32.7")) == std::vector<int>{53, 62, 72});
  CHECK(distribution_of_l4t(Version::parse("39.0")).version == "24.04");
  CHECK(distribution_of_l4t(Version::parse("34.1")).version == "20.04");
  CHECK(distribution_of_l4t(Version::parse("32.4")).version == "18.04");
}

TEST_CASE("base images follow upstream's rule") {
  const auto base = [](const char* l4t) { return base_of_l4t(Version::parse(l4t), distribution_of_l4t(Version::parse(l4t))); };
  CHECK(base("39.1") == "ubuntu:24.04");
  CHECK(base("36.0") == "ubuntu:22.04");
  CHECK(base("35.4.1") == "nvcr.io/nvidia/l4t-jetpack:r35.4.1");
  CHECK(base("35.6.1") == "nvcr.io/nvidia/l4t-jetpack:r35.4.1");
  CHECK(base("34.1.1") == "nvcr.io/nvidia/l4t-jetpack:r34.1.1");
  CHECK(base("32.7.6") == "nvcr.io/nvidia/l4t-base:r32.7.1");
  CHECK(base("32.6.1") == "nvcr.io/nvidia/l4t-base:r32.6.1");
}
