// SPDX-License-Identifier: Apache-2.0
// One package for one target: what is left of a directory's header and configs once a variant has been chosen.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace jcb::packages {

/// A package (jetson-containers' header keys; docs/packages.md). Lists keep the order of the file.
struct Package {
  std::string name;                  ///< "ros:noetic-desktop"
  std::vector<std::string> aliases;  ///< "ros:noetic" is the default variant's
  std::string group;
  std::string notes;
  std::string docs;
  std::filesystem::path directory;        ///< absolute; also the build context
  std::string relative_path;              ///< of the directory below its tree, for messages and JSON
  std::optional<std::string> dockerfile;  ///< relative to the directory; nothing: a meta-package
  std::vector<std::string> depends;       ///< names or aliases
  std::vector<std::string> requires_;     ///< specifiers as written
  std::map<std::string, std::string> build_args;
  std::vector<std::string> tests;   ///< "test.py", "test.sh torch"
  std::vector<std::string> config;  ///< config files as written
  std::string prefix, postfix;
  bool operator==(const Package&) const = default;
};

}  // namespace jcb::packages
