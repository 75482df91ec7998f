// SPDX-License-Identifier: Apache-2.0
#include "machines.h"

#include "jcbuild/error.h"
#include "platform/target.h"

#include <catch2/catch.hpp>

#include <map>

using jcb::Error;
using namespace jcb::platform;
using namespace jcb::platform::tests;

namespace {

Target on_laptop(const TargetOverrides& overrides) {
  const Machine machine = make_laptop();
  return detect_target(machine.root(), "x86_64", overrides);
}

Target on_orin(const TargetOverrides& overrides) {
  const Machine machine = make_jetpack6();
  return detect_target(machine.root(), "aarch64", overrides);
}

}  // namespace

TEST_CASE("another L4T brings its processor, JetPack, CUDA and distribution") {
  struct Case {
    const char *l4t, *text, *jetpack, *base;
  };
  for (const Case& expected :
       {Case{"36.4.3", "tegra-aarch64 L4T 36.4.3 CUDA 12.6 ubuntu 22.04", "6.2", "ubuntu:22.04"},
        Case{"r36.3.0", "tegra-aarch64 L4T 36.3.0 CUDA 12.4 ubuntu 22.04", "6.0", "ubuntu:22.04"},
        Case{"35.3.1", "tegra-aarch64 L4T 35.3.1 CUDA 11.4 ubuntu 20.04", "5.1.1", "nvcr.io/nvidia/l4t-jetpack:r35.3.1"},
        Case{"35.6.0", "tegra-aarch64 L4T 35.6.0 CUDA 11.4 ubuntu 20.04", "5.1.4", "nvcr.io/nvidia/l4t-jetpack:r35.4.1"},
        Case{"32.7.4", "tegra-aarch64 L4T 32.7.4 CUDA 10.2 ubuntu 18.04", "4.6.4", "nvcr.io/nvidia/l4t-base:r32.7.1"},
        Case{"32.5.1", "tegra-aarch64 L4T 32.5.1 CUDA 10.2 ubuntu 18.04", "4.5.1", "nvcr.io/nvidia/l4t-base:r32.5.1"},
        Case{"38.2", "tegra-aarch64 L4T 38.2 CUDA 13.0 ubuntu 24.04", "7.0", "ubuntu:24.04"}}) {
    INFO(expected.l4t);
    const Target target = on_laptop({.l4t = expected.l4t});
    CHECK(target.arch == "aarch64");
    CHECK(target.text() == expected.text);
    CHECK(target.jetpack.text() == expected.jetpack);
    CHECK(target.default_base() == expected.base);
    CHECK(target.board.empty());
  }
}

TEST_CASE("files of a board do not describe another L4T") {
  Machine machine = make_jetpack6();
  machine.file("usr/local/cuda/version.json", R"({"cuda": {"version": "12.9.1"}})");
  CHECK(detect_target(machine.root(), "aarch64", {}).cuda.text() == "12.9");
  CHECK(detect_target(machine.root(), "aarch64", {.l4t = "36.4.3"}).cuda.text() == "12.9");
  const Target other = detect_target(machine.root(), "aarch64", {.l4t = "35.4.1"});
  CHECK(other.text() == "tegra-aarch64 L4T 35.4.1 CUDA 11.4 ubuntu 20.04");
  CHECK(other.board.empty());
}

TEST_CASE("single overrides change what depends on them") {
  const Target distro = on_orin({.distro = "ubuntu:24.04"});
  CHECK(distro.python.text() == "3.12");
  CHECK(distro.default_base() == "ubuntu:24.04");
  CHECK(distro.l4t.text() == "36.4.3");
  CHECK(on_orin({.cuda = "12.8"}).cuda.text() == "12.8");
  CHECK(on_orin({.cuda = "12.8.1"}).cuda.text() == "12.8");
  CHECK(on_orin({.cuda = "none"}).cuda.empty());
  CHECK(on_orin({.python = "3.12.4"}).python.text() == "3.12");
  CHECK(on_laptop({.distro = "ubuntu:noble"}).default_base() == "bootstrap:ubuntu:noble");
  CHECK(on_laptop({.distro = "debian:13"}).python.text() == "3.13");
  CHECK(on_laptop({.cuda = "12.8"}).cuda_architectures == std::vector<int>{80, 90, 100, 120});
}

TEST_CASE("combined overrides hold together") {
  const Target target = on_laptop({.l4t = "36.4.4", .cuda = "12.9", .python = "3.11", .distro = "24.04"});
  CHECK(target.text() == "tegra-aarch64 L4T 36.4.4 CUDA 12.9 ubuntu 24.04");
  CHECK(target.python.text() == "3.11");
  CHECK(target.jetpack.text() == "6.2.1");
  CHECK(on_laptop({.l4t = "35.4.1", .distro = "ubuntu:22.04"}).default_base() == "ubuntu:22.04");
  CHECK(on_laptop({.l4t = "39.1", .arch = "aarch64"}).cuda_arch == "aarch64");
  CHECK(on_laptop({.l4t = "36.4.3", .arch = "arm64"}).is_tegra());
}

TEST_CASE("the architecture may be another one") {
  const Target server = on_laptop({.arch = "aarch64"});
  CHECK(server.text() == "aarch64 ubuntu 24.04");
  CHECK(on_orin({.arch = "x86_64"}).text() == "x86_64 ubuntu 24.04");
  CHECK(on_orin({.arch = "arm64"}).is_tegra());
  CHECK_FALSE(on_orin({.arch = "aarch64"}).is_tegra());
  CHECK(on_laptop({.arch = "amd64"}).text() == "x86_64 debian 12");
}

TEST_CASE("malformed and contradictory overrides are refused as usage") {
  for (const TargetOverrides& overrides :
       {TargetOverrides{.l4t = "36.4.3b"}, TargetOverrides{.l4t = "36"}, TargetOverrides{.l4t = "6.2"}, TargetOverrides{.cuda = "twelve"},
        TargetOverrides{.cuda = "12"}, TargetOverrides{.python = "3"}, TargetOverrides{.python = "3.13t"},
        TargetOverrides{.python = "latest"}, TargetOverrides{.distro = "ubuntu:nobel"}, TargetOverrides{.distro = "debian:24.04"},
        TargetOverrides{.arch = "riscv64"}, TargetOverrides{.arch = "tegra-aarch64"}, TargetOverrides{.l4t = "36.4.3", .arch = "x86_64"}}) {
    INFO(overrides.l4t + overrides.cuda + overrides.python + overrides.distro + overrides.arch);
    try {
      on_laptop(overrides);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == jcb::ErrorKind::usage);
    }
  }
  CHECK_THROWS_AS(detect_target(make_laptop().root(), "riscv64", {}), Error);
}

TEST_CASE("overrides come from upstream's variables") {
  std::map<std::string, std::string> environment{{"L4T_VERSION", "r36.4.3"},
                                                 {"CUDA_VERSION", "12.8"},
                                                 {"PYTHON_VERSION", "3.12"},
                                                 {"LSB_RELEASE", "24.04"},
                                                 {"SYSTEM_ARCH", "aarch64"}};
  const auto get_env = [&](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  CHECK(on_laptop(overrides_from_environment(get_env)).text() == "tegra-aarch64 L4T 36.4.3 CUDA 12.8 ubuntu 24.04");
  environment["CUDA_ARCH"] = "tegra-aarch64";
  CHECK(overrides_from_environment(get_env).arch == "tegra-aarch64");
  environment = {{"SYSTEM_ARCH", "aarch64"}, {"CUDA_VERSION", ""}};
  CHECK(on_orin(overrides_from_environment(get_env)).text() == "tegra-aarch64 L4T 36.4.3 CUDA 12.6 ubuntu 22.04");
}
