// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "util/child.h"
#include "util/file.h"

namespace jcb::test {

/// A running docker-registry (Debian's) with a storage of its own on a free port of 127.0.0.1; ends with the object.
class DockerRegistry {
 public:
  struct Options {
    bool relative_urls = false;
    bool can_delete = true;
    std::string htpasswd;   ///< lines of an htpasswd file with bcrypt; empty: everybody may everything
    std::string proxy_for;  ///< URL of a registry that this one is a pull-through mirror of
  };

  /// Nothing, and a warning that says so, where the program is not installed.
  static std::unique_ptr<DockerRegistry> start(const Options& options);
  static std::unique_ptr<DockerRegistry> start() { return start(Options()); }

  /// "127.0.0.1:PORT".
  std::string host() const { return "127.0.0.1:" + std::to_string(m_port); }

 private:
  DockerRegistry(const std::string& program, const Options& options);
  std::string write_config(const Options& options) const;
  void wait_until_ready();

  util::TempDir m_directory;
  int m_port;
  util::Child m_child;
};

}  // namespace jcb::test
