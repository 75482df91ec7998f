// SPDX-License-Identifier: Apache-2.0
#include "build/source_file.h"

#include "jcbuild/error.h"
#include "util/file.h"

namespace jcb::build {
SourceFile read_source_file(const util::Root& root, const std::string& path, std::string name) {
  const auto text = root.find_file(path, k_max_dockerfile_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no " + name);
  auto parsed = dockerfile::parse_dockerfile(*text, name);
  return {std::move(name), std::move(parsed)};
}

SourceFile read_source_file(const std::filesystem::path& path) {
  const auto text = util::find_file(path, k_max_dockerfile_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no Dockerfile " + path.native(), "name the Dockerfile with -f FILE");
  return {path.native(), dockerfile::parse_dockerfile(*text, path.native())};
}

SourceFile parse_source_file(std::string_view text, std::string name) {
  auto parsed = dockerfile::parse_dockerfile(text, name);
  return {std::move(name), std::move(parsed)};
}

std::string place_name(const SourceFile& file, const dockerfile::Position& position) {
  return file.name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

}  // namespace jcb::build
