// SPDX-License-Identifier: Apache-2.0
#include "machines.h"

#include "platform/target.h"
#include "platform/target_json.h"
#include "util/json.h"

#include <catch2/catch.hpp>

using namespace jcb::platform;
using namespace jcb::platform::tests;

TEST_CASE("a JetPack 5 board is known by its files") {
  const Machine machine = make_jetpack5();
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.text() == "tegra-aarch64 L4T 35.4.1 CUDA 11.4 ubuntu 20.04");
  CHECK(target.arch == "aarch64");
  CHECK(target.jetpack.text() == "5.1.2");
  CHECK(target.python.text() == "3.8");
  CHECK(target.distribution.codename == "focal");
  CHECK(target.cuda_architectures == std::vector<int>{72, 87});
  CHECK(target.board == "Jetson-AGX");
  CHECK(target.default_base() == "nvcr.io/nvidia/l4t-jetpack:r35.4.1");
}

TEST_CASE("a JetPack 6 board without a toolkit gets the CUDA of its release") {
  const Machine machine = make_jetpack6();
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.text() == "tegra-aarch64 L4T 36.4.3 CUDA 12.6 ubuntu 22.04");
  CHECK(target.jetpack.text() == "6.2");
  CHECK(target.python.text() == "3.10");
  CHECK(target.cuda_architectures == std::vector<int>{87});
  CHECK(target.board == "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super");
  CHECK(target.default_base() == "ubuntu:22.04");
}

TEST_CASE("Thor is a Jetson, and its CUDA is told by the runtime library") {
  const Machine machine = make_thor();
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.is_tegra());
  CHECK(target.text() == "tegra-aarch64 L4T 38.2.0 CUDA 13.0 ubuntu 24.04");
  CHECK(target.jetpack.text() == "7.0");
  CHECK(target.cuda_architectures == std::vector<int>{110});
  CHECK(target.default_base() == "ubuntu:24.04");
}

TEST_CASE("a laptop has no L4T, no CUDA and its own distribution") {
  const Machine machine = make_laptop();
  const Target target = detect_target(machine.root(), "x86_64", {});
  CHECK(target.text() == "x86_64 debian 12");
  CHECK(target.l4t.empty());
  CHECK(target.jetpack.empty());
  CHECK(target.cuda.empty());
  CHECK(target.cuda_architectures.empty());
  CHECK(target.python.text() == "3.11");
  CHECK(target.default_base() == "bootstrap:debian:bookworm");
}

TEST_CASE("a laptop's toolkit counts, cuda_nvcc before cuda") {
  Machine machine = make_laptop();
  machine.file("usr/local/cuda/version.json", R"({"cuda": {"version": "13.1.0"}, "cuda_nvcc": {"version": "13.0.88"}})");
  const Target target = detect_target(machine.root(), "x86_64", {});
  CHECK(target.cuda.text() == "13.0");
  CHECK(target.cuda_architectures == std::vector<int>{80, 90, 100, 120, 103, 110, 121});
}

TEST_CASE("an Arm server is no Jetson") {
  const Machine machine = make_laptop();
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.cuda_arch == "aarch64");
  CHECK_FALSE(target.is_tegra());
}

TEST_CASE("a Jetson without the release file is known by its device tree") {
  Machine machine = make_laptop();
  machine.file("sys/firmware/devicetree/base/compatible", std::string_view("nvidia,p3737\0nvidia,tegra234\0", 29));
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.is_tegra());
  CHECK(target.l4t.empty());
}

TEST_CASE("malformed files say nothing") {
  Machine machine;
  machine.file("etc/nv_tegra_release", "# R (release), REVISION: x\n")
      .file("usr/local/cuda/version.json", "{not json")
      .file("usr/local/cuda/targets/aarch64-linux/lib/libcudart.so.x.y.z", "")
      .file("etc/os-release", "ID=fedora\nVERSION_ID=40\n");
  const Target target = detect_target(machine.root(), "aarch64", {});
  CHECK(target.l4t.empty());
  CHECK(target.cuda.empty());
  CHECK(target.default_base() == "bootstrap:ubuntu:noble");
}

TEST_CASE("files that lie about their size or kind do not stop detection") {
  Machine machine = make_jetpack6();
  machine.file("usr/local/cuda/version.json", std::string(1 << 20, ' ')).link("/etc/os-release", "usr/lib/os-release");
  machine.root().make_dirs("etc/nv_tegra_release.d");
  CHECK(detect_target(machine.root(), "aarch64", {}).cuda.text() == "12.6");
  Machine odd;
  odd.root().make_dirs("etc/nv_tegra_release");
  CHECK(detect_target(odd.root(), "aarch64", {}).l4t.empty());
}

TEST_CASE("a derivative of Ubuntu is taken for its Ubuntu") {
  Machine machine;
  machine.file("usr/lib/os-release", "ID=linuxmint\nVERSION_ID=\"22\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n");
  CHECK(detect_target(machine.root(), "x86_64", {}).default_base() == "bootstrap:ubuntu:noble");
}

TEST_CASE("the target is printed with null for nothing") {
  const Machine laptop = make_laptop();
  CHECK(jcb::util::to_text(to_json(detect_target(laptop.root(), "x86_64", {}))) ==
        R"({"arch":"x86_64","cuda_arch":"x86_64","l4t":null,"jetpack":null,"cuda":null,"python":"3.11",)"
        R"("distribution":{"id":"debian","version":"12","codename":"bookworm"},"cuda_architectures":[],"board":null})");
  const Machine thor = make_thor();
  CHECK(jcb::util::to_text(to_json(detect_target(thor.root(), "aarch64", {}))) ==
        R"({"arch":"aarch64","cuda_arch":"tegra-aarch64","l4t":"38.2.0","jetpack":"7.0","cuda":"13.0","python":"3.12",)"
        R"("distribution":{"id":"ubuntu","version":"24.04","codename":"noble"},"cuda_architectures":[110],)"
        R"("board":"NVIDIA Jetson AGX Thor Developer Kit"})");
}
