// SPDX-License-Identifier: Apache-2.0
// Boards and a laptop as file trees: the files that detection reads, with the content that the machines have.
#pragma once

#include "util/file.h"
#include "util/root.h"

#include <string>
#include <string_view>

namespace jcb::platform::tests {

/// A root file system with a few files.
class Machine {
 public:
  Machine& file(const std::string& path, std::string_view content) {
    const auto root = m_directory.root();
    root.make_dirs(path.substr(0, path.rfind('/')));
    root.write_file(path, content);
    return *this;
  }
  Machine& link(const std::string& target, const std::string& path);
  util::Root root() const { return m_directory.root(); }

 private:
  util::TempDir m_directory{std::filesystem::temp_directory_path()};
};

/// Jetson AGX Xavier, JetPack 5.1.2.
Machine make_jetpack5();
/// Jetson Orin Nano, JetPack 6.2, without the CUDA toolkit.
Machine make_jetpack6();
/// Jetson AGX Thor, JetPack 7.0, where only the CUDA runtime library is installed.
Machine make_thor();
/// A Debian 12 laptop without a GPU.
Machine make_laptop();

}  // namespace jcb::platform::tests
