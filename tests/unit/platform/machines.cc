// SPDX-License-Identifier: Apache-2.0
#include "machines.h"

#include <unistd.h>

#include <stdexcept>

namespace jcb::platform::tests {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view k_jammy =
    "PRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\nID=ubuntu\n";

}  // namespace

Machine& Machine::link(const std::string& target, const std::string& path) {
  const auto root = m_directory.root();
  root.make_dirs(path.substr(0, path.rfind('/')));
  if (::symlinkat(target.c_str(), root.fd(), path.c_str()) != 0) throw std::runtime_error("symlinkat " + path);
  return *this;
}

Machine make_jetpack5() {
  Machine machine;
  machine
      .file("etc/nv_tegra_release",
            "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023\n")
      .file("sys/firmware/devicetree/base/model", "Jetson-AGX\0"sv)
      .file("sys/firmware/devicetree/base/compatible", "nvidia,p2972-0000\0nvidia,tegra194\0"sv)
      .file("usr/local/cuda-11.4/version.json",
            R"({"cuda": {"version": "11.4.19"}, "cuda_nvcc": {"name": "CUDA NVCC", "version": "11.4.315"}})")
      .link("/etc/alternatives/cuda", "usr/local/cuda")
      .link("/usr/local/cuda-11.4", "etc/alternatives/cuda")
      .file("etc/os-release", "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"20.04\"\nVERSION_CODENAME=focal\nUBUNTU_CODENAME=focal\n");
  return machine;
}

Machine make_jetpack6() {
  Machine machine;
  machine
      .file("etc/nv_tegra_release",
            "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025\n# "
            "KERNEL_VARIANT: oot\n")
      .file("proc/device-tree/model", "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0"sv)
      .file("proc/device-tree/compatible", "nvidia,p3768-0000+p3767-0005-super\0nvidia,tegra234\0"sv)
      .file("etc/os-release", k_jammy);
  return machine;
}

Machine make_thor() {
  Machine machine;
  machine
      .file("etc/nv_tegra_release",
            "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64, DATE: Fri Aug 22 00:55:42 UTC 2025\n")
      .file("proc/device-tree/model", "NVIDIA Jetson AGX Thor Developer Kit\0"sv)
      .file("proc/device-tree/compatible", "nvidia,p3971-0089+p3834-0008\0nvidia,tegra264\0"sv)
      .file("usr/local/cuda-13.0/targets/sbsa-linux/lib/libcudart.so.13.0.48", "")
      .file("usr/local/cuda-13.0/targets/sbsa-linux/lib/libcudart_static.a", "")
      .file("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n");
  return machine;
}

Machine make_laptop() {
  Machine machine;
  machine.file("etc/os-release",
               "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n");
  return machine;
}

}  // namespace jcb::platform::tests
