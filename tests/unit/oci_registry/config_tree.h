// SPDX-License-Identifier: Apache-2.0
// A file system with configuration in it, for what reads /etc and the user's home.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "jcbuild/error.h"
#include "oci/registry/hosts.h"
#include "util/file.h"

namespace jcb::test {

struct ConfigTree {
  util::TempDir directory{std::filesystem::temp_directory_path()};
  oci::HostOptions options{{{"HOME", (directory.path() / "home").native()}}, {}, {}, std::nullopt, directory.path()};

  /// Writes a file below the root and returns its path.
  std::filesystem::path write(const std::string& path, std::string_view content) const {
    const auto file = directory.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
    return file;
  }
  oci::Hosts hosts() const { return oci::Hosts::load(options); }
};

/// "host/repository" of each endpoint, with "http" where that may be tried and "insecure" where nothing is verified.
inline std::vector<std::string> describe(const std::vector<oci::Endpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const auto& endpoint : endpoints) {
    texts.push_back((endpoint.is_mirror ? "mirror " : "") + endpoint.host + "/" + endpoint.repository +
                    (endpoint.plain_http ? " http" : "") + (endpoint.tls.insecure ? " insecure" : ""));
  }
  return texts;
}

inline std::vector<std::string> places(const ConfigTree& tree, const std::string& name) {
  return describe(tree.hosts().pull_endpoints(oci::Reference::parse(name)));
}

/// The message of the Error of that kind; fails the test when there is none.
template <typename Body>
std::string error_of(ErrorKind kind, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(static_cast<int>(error.kind()) == static_cast<int>(kind));
    return error.message();
  }
  FAIL("no error");
  return {};
}

inline bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace jcb::test
