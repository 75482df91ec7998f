// SPDX-License-Identifier: Apache-2.0
// A tree of packages written from text, and the targets that the tests look at it for.
#pragma once

#include "packages/catalog.h"
#include "platform/target.h"
#include "util/file.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace jcb::packages::test {

inline platform::Target make_target(const std::string& arch, const std::string& distribution) {
  platform::Target target;
  target.arch = target.cuda_arch = arch;
  target.distribution = platform::find_distribution(distribution).value();
  return target;
}

/// x86_64 debian 12, without L4T and CUDA.
inline platform::Target debian() {
  auto target = make_target("x86_64", "debian:12");
  target.python = platform::Version::parse("3.11");
  return target;
}

/// A Jetson: L4T 36.4.3, JetPack 6.2, CUDA 12.6, Ubuntu 22.04.
inline platform::Target jetson() {
  auto target = make_target("aarch64", "ubuntu:22.04");
  target.cuda_arch = "tegra-aarch64";
  target.l4t = platform::Version::parse("36.4.3");
  target.jetpack = platform::Version::parse("6.2");
  target.cuda = platform::Version::parse("12.6");
  target.python = platform::Version::parse("3.10");
  return target;
}

class Tree {
 public:
  Tree() : m_directory(std::filesystem::temp_directory_path()) {}
  /// Writes `packages/PATH`, making its directories.
  Tree& add(const std::string& path, const std::string& content) {
    const auto root = m_directory.root();
    root.make_dirs("packages/" + path.substr(0, path.rfind('/')));
    root.write_file("packages/" + path, content);
    return *this;
  }
  /// A Dockerfile whose header is `yaml`.
  Tree& add_package(const std::string& directory, const std::string& yaml) {
    std::string text = "#---\n";
    for (std::size_t start = 0; start < yaml.size();) {
      const auto end = std::min(yaml.find('\n', start), yaml.size());
      text += "# " + yaml.substr(start, end - start) + "\n";
      start = end + 1;
    }
    return add(directory + "/Dockerfile", text + "#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n");
  }
  Catalog load(const platform::Target& target = debian()) const { return Catalog::load({path()}, target, std::nullopt); }
  const std::filesystem::path& path() const { return m_directory.path(); }

 private:
  util::TempDir m_directory;
};

inline std::vector<std::string> names_of(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& package : catalog.packages()) names.push_back(package.name);
  return names;
}

/// The one load error of a catalog, or what is wrong with that.
inline std::string only_error(const Catalog& catalog) {
  if (catalog.load_errors().size() != 1) return std::to_string(catalog.load_errors().size()) + " load errors";
  return catalog.load_errors().begin()->second;
}

}  // namespace jcb::packages::test
